"""Credentials against an inventory in memory, without Postgres."""

import base64
from collections.abc import Callable
from typing import Any, cast

import pytest

from ingest.gateway.admission import Admission, Refusal
from ingest.gateway.inbox import Inbox
from ingest.gateway.registry import Entry, Registry
from shared import passwords
from shared.postgres import Pool

CHOSEN = "correct:horse"
KEY = "4142434445464748494a4b4c4d4e4f5051525354"

NO_POOL = cast(Pool, None)  #: a charge point that is in memory touches no Postgres


def row(**changes: Any) -> dict[str, Any]:
    """An inventory row as Postgres gives it."""
    fields = {"key": 1, "id": "CP 1", "epoch": 5, "registration": "ACCEPTED", "password_hash": None}
    return fields | {"deleted": False, "wishes": None, "trace_s": None} | changes


@pytest.fixture
def admission() -> Callable[..., Admission]:
    """Examines handshakes of one charge point, ``CP 1``."""

    def made(password: str | None = None, *, required: bool = False, refusals: int = 0) -> Admission:
        registry = Registry(NO_POOL, listen_dsn="", open_registration=False)
        registry._take(row(password_hash=passwords.hashed(password) if password else None))
        return Admission(registry, Inbox(NO_POOL), require_password=required, refusals_per_minute=refusals)

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


async def test_refusals_shut_the_turnstile_for_their_address(admission: Callable[..., Admission]) -> None:
    examined = admission(CHOSEN, refusals=2)
    statuses = []
    for _ in range(6):  # two minutes may meet in here
        refusal = await examined.examine("/ocpp/a:b", None, "bad")
        assert isinstance(refusal, Refusal)
        statuses.append(refusal.status)
    assert set(statuses) == {404, 429}
    assert isinstance(await examined.examine("/CP%201", basic("CP 1", CHOSEN.encode()), "good"), Entry)
