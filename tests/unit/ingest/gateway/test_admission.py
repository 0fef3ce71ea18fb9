"""Credentials against an inventory in memory, without Postgres."""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any, cast

import pytest

from ingest.gateway.handshake.admission import Admission, Refusal
from ingest.gateway.handshake.inbox import Inbox
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.registry import Registry
from shared.credentials import passwords
from shared.stores.postgres import Pool

CHOSEN = "correct:horse"
KEY = "4142434445464748494a4b4c4d4e4f5051525354"

NO_POOL = cast(Pool, None)  #: a charge point that is in memory touches no Postgres


def row(**changes: Any) -> dict[str, Any]:
    """An inventory row as Postgres gives it."""
    fields = {"key": 1, "id": "CP 1", "epoch": 5, "registration": "ACCEPTED", "password_hash": None}
    return fields | {"deleted": False, "intents": None, "agreed": None, "trace_s": None} | changes


@pytest.fixture
def checks() -> Counter[str]:
    """How passwords were checked."""
    return Counter()


@pytest.fixture
def admission(checks: Counter[str]) -> Callable[..., Admission]:
    """Examines handshakes of one charge point, ``CP 1``."""

    def made(
        password: str | None = None, *, required: bool = False, refusals: int = 0, refusals_per_id: int = 0
    ) -> Admission:
        registry = Registry(NO_POOL, listen_dsn="", open_registration=False)
        registry._take(row(password_hash=passwords.hashed(password) if password else None))
        return Admission(
            registry,
            Inbox(NO_POOL),
            require_password=required,
            refusals_per_minute=refusals,
            refusals_per_id=refusals_per_id,
            trusted_proxies=[ip_network("10.0.0.0/8")],
            checked=lambda how: checks.update([how]),
        )

    return made


def basic(user: str, password: bytes) -> str:
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


@pytest.mark.parametrize(
    ("stored", "authorization"),
    [
        (None, None),
        (None, "nonsense"),
        (CHOSEN, basic("CP 1", CHOSEN.encode())),
        (CHOSEN, basic("cp 1", CHOSEN.encode()).replace("Basic", "bAsIc")),
        (KEY, basic("CP 1", KEY.encode())),
        (KEY, basic("CP 1", bytes.fromhex(KEY))),
        (KEY, basic("CP 1", KEY.upper().encode())),
        (CHOSEN, basic("CP 1", CHOSEN.encode()).rstrip("=")),
        (CHOSEN, basic("CP 1", CHOSEN.encode()).replace(" ", "  ")),
    ],
)
async def test_the_right_credentials_open(
    admission: Callable[..., Admission], stored: str | None, authorization: str | None
) -> None:
    examined = admission(stored)
    for _ in range(2):
        entry = await examined.examine("/ocpp/cp%201", authorization, "address")
        assert isinstance(entry, Entry)
        assert entry.id == "CP 1"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic *",
        "Basic é",
        "Basic =",
        "Basic " + "A" * 60_000,
        "Basic " + base64.b64encode(b"CP 1:" + b"x" * 40_000).decode(),
        basic("CP 1", CHOSEN.encode()) + ", " + basic("CP 1", CHOSEN.encode()),
        basic("CP%201", CHOSEN.encode()),
        basic("CP 1 ", CHOSEN.encode()),
        "Bearer abc",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        basic("CP 1", b""),
        basic("CP 1", b"wrong"),
        basic("CP 2", CHOSEN.encode()),
        basic("", CHOSEN.encode()),
    ],
)
async def test_other_credentials_get_a_challenge(
    admission: Callable[..., Admission], authorization: str | None
) -> None:
    refusal = await admission(CHOSEN).examine("/CP%201", authorization, "address")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 401
    assert dict(refusal.headers)["WWW-Authenticate"].startswith("Basic ")


async def test_a_wrong_password_is_wrong_after_the_right_one_was_cached(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN)
    assert isinstance(await examined.examine("/CP%201", basic("CP 1", CHOSEN.encode()), "address"), Entry)
    refusal = await examined.examine("/CP%201", basic("CP 1", b"wrong"), "address")
    assert isinstance(refusal, Refusal)


async def test_who_has_no_password_is_refused_where_one_is_required(admission: Callable[..., Admission]) -> None:
    refusal = await admission(None, required=True).examine("/CP%201", basic("CP 1", b"x"), "address")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 401


def status_of(verdict: Entry | Refusal) -> int:
    return verdict.status if isinstance(verdict, Refusal) else 101


RIGHT, WRONG = basic("CP 1", CHOSEN.encode()), basic("CP 1", b"wrong")


async def test_an_empty_password_is_not_worth_a_check(
    admission: Callable[..., Admission], checks: Counter[str]
) -> None:
    assert status_of(await admission(CHOSEN).examine("/CP%201", basic("CP 1", b""), "address")) == 401
    assert not checks


async def test_the_same_wrong_password_is_checked_once(
    admission: Callable[..., Admission], checks: Counter[str]
) -> None:
    examined = admission(CHOSEN)
    for _ in range(20):
        assert status_of(await examined.examine("/CP%201", WRONG, "address")) == 401
    assert checks == {"slow": 1, "remembered": 19}


async def test_refusals_shut_the_limit_for_their_address(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN, refusals=2)
    statuses = [status_of(await examined.examine("/ocpp/a:b", None, "bad")) for _ in range(6)]
    assert set(statuses) == {404, 429}  # two minutes may meet in here
    assert status_of(await examined.examine("/CP%201", WRONG, "bad")) == 429
    assert status_of(await examined.examine("/CP%201", RIGHT, "good")) == 101


@pytest.mark.parametrize("stored", [CHOSEN, KEY, None])
async def test_beyond_the_limit_who_is_known_still_gets_in(
    admission: Callable[..., Admission], stored: str | None
) -> None:
    examined = admission(stored, refusals=2)
    right = basic("CP 1", (stored or "x").encode())
    assert status_of(await examined.examine("/CP%201", right, "bad")) == 101
    for _ in range(6):
        await examined.examine("/ocpp/a:b", None, "bad")
    assert status_of(await examined.examine("/CP%201", right, "bad")) == 101


async def test_guessing_under_an_id_does_not_lock_it_out(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN, refusals=50, refusals_per_id=3)
    for n in range(12):
        guess = basic("CP 1", b"guess %d" % n)
        verdict = await examined.examine("/cp%201", guess, f"198.51.100.{n % 2}")
    assert status_of(verdict) == 429
    assert status_of(await examined.examine("/CP%201", RIGHT, "203.0.113.7")) == 101, "from an address of its own"
    assert status_of(await examined.examine("/CP%201", RIGHT, "198.51.100.1")) == 101, "and remembered from any"


async def test_a_network_of_ipv6_is_one_guesser(admission: Callable[..., Admission], checks: Counter[str]) -> None:
    examined = admission(CHOSEN, refusals=3)
    for n in range(20):
        await examined.examine("/CP%201", basic("CP 1", b"guess %d" % n), f"2001:db8::{n:x}")
    assert checks["slow"] <= 6  # two minutes may meet in here
    assert status_of(await examined.examine("/CP%201", RIGHT, "2001:db8:0:1::1")) == 101


async def test_a_check_is_counted_when_it_starts(admission: Callable[..., Admission], checks: Counter[str]) -> None:
    examined = admission(CHOSEN, refusals=5)
    guesses = [examined.examine("/CP%201", basic("CP 1", b"guess %d" % n), "bad") for n in range(40)]
    statuses = Counter(status_of(verdict) for verdict in await asyncio.gather(*guesses))
    assert statuses[401] == checks["slow"] <= 10  # two minutes may meet in here
    assert statuses[429] == checks["limited"] >= 30


async def test_who_was_right_is_not_counted(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN, refusals=2)
    entry = examined._registry.here("CP 1")
    assert entry is not None
    for _ in range(6):
        entry.right = None
        assert status_of(await examined.examine("/CP%201", RIGHT, "good")) == 101


async def test_a_password_that_changes_while_it_is_checked_opens_nothing(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN)
    checking = asyncio.create_task(examined.examine("/CP%201", RIGHT, "address"))
    await asyncio.sleep(0)
    examined._registry._take(row(password_hash=passwords.hashed("another password")))
    assert status_of(await checking) == 503
    assert status_of(await examined.examine("/CP%201", RIGHT, "address")) == 401
    assert status_of(await examined.examine("/CP%201", basic("CP 1", b"another password"), "address")) == 101


async def test_stopping_it_checks_no_more_that_takes_long(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN)
    guesses = [
        asyncio.create_task(examined.examine("/CP%201", basic("CP 1", b"guess %d" % n), "bad")) for n in range(60)
    ]
    await asyncio.sleep(0)
    examined.close()
    async with asyncio.timeout(2):
        statuses = Counter(status_of(verdict) for verdict in await asyncio.gather(*guesses))
    assert statuses[503] >= 58
    assert status_of(await examined.examine("/CP%201", RIGHT, "good")) == 503


@pytest.mark.parametrize("headers", [(["203.0.113.7:1234"], []), ([], ['for="203.0.113.7:1234"'])])
async def test_behind_a_proxy_its_client_is_counted(
    admission: Callable[..., Admission], headers: tuple[list[str], list[str]]
) -> None:
    examined = admission(CHOSEN, refusals=2)
    for _ in range(6):
        await examined.examine("/ocpp/a:b", None, "10.0.0.1", *headers)
    assert status_of(await examined.examine("/CP%201", WRONG, "203.0.113.7")) == 429
    assert status_of(await examined.examine("/CP%201", WRONG, "10.0.0.1")) == 401
