"""Basic auth, and the limit on those who guess."""

import base64
import time

import pytest

from tests.integration.gateway.charger import charging, refusal
from tests.integration.gateway.parts import Gateway, Ids, Inventory
from tests.integration.gateway.wire import OCPP16, wired

CHOSEN = "correct:horse:battery"
KEY = "00fF41424344454647485051525354555657ABcd"


async def status(gateway: Gateway, charge_point_id: str, *authorizations: bytes) -> int:
    """The answer to a handshake with these ``user:password``."""
    async with wired(gateway) as wire:
        headers = [f"Authorization: Basic {base64.b64encode(one).decode()}" for one in authorizations]
        return (await wire.ask(f"/ocpp/{charge_point_id}", [*OCPP16, *headers]))[0]


@pytest.mark.parametrize(
    ("stored", "user", "presented", "expected"),
    [
        (CHOSEN, None, CHOSEN.encode(), 101),
        (CHOSEN, None, b"wrong", 401),
        (CHOSEN, None, b"", 401),
        (CHOSEN, "somebody-else", CHOSEN.encode(), 401),
        (CHOSEN, "", CHOSEN.encode(), 401),
        (KEY, None, KEY.encode(), 101),
        (KEY, None, bytes.fromhex(KEY), 101),
        (KEY, None, bytes.fromhex(KEY)[:-1] + b"\x00", 401),
        (KEY, None, CHOSEN.encode(), 401),
        (None, None, b"anything", 101),
        (None, "somebody-else", b"anything", 101),
    ],
)
async def test_a_password_opens_only_its_own_charge_point(
    gateway: Gateway,
    inventory: Inventory,
    ids: Ids,
    stored: str | None,
    user: str | None,
    presented: bytes,
    expected: int,
) -> None:
    charge_point_id = next(ids)
    await inventory.add(charge_point_id, password=stored)
    name = charge_point_id if user is None else user
    for _ in range(2):  # the second time from the cache
        assert await status(gateway, charge_point_id, name.encode() + b":" + presented) == expected


async def test_the_user_name_is_the_decoded_id_in_any_case(gateway: Gateway, inventory: Inventory) -> None:
    await inventory.add("Mixed Case|1", password=CHOSEN)
    assert await status(gateway, "mixed%20case%7C1", b"MIXED CASE|1:" + CHOSEN.encode()) == 101
    assert await status(gateway, "mixed%20case%7C1", b"mixed%20case%7C1:" + CHOSEN.encode()) == 401


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !!!", "Bearer abc", "Basic \xe9", "Basic bm9jb2xvbg=="])
async def test_credentials_that_cannot_be_read_are_refused_with_a_challenge(
    gateway: Gateway, inventory: Inventory, ids: Ids, authorization: str
) -> None:
    charge_point_id = next(ids)
    await inventory.add(charge_point_id, password=CHOSEN)
    async with wired(gateway) as wire:
        answer, head = await wire.ask(f"/ocpp/{charge_point_id}", [*OCPP16, f"Authorization: {authorization}"])
        assert answer == 401
        assert "www-authenticate: basic" in head.lower()


@pytest.mark.parametrize("key", ["4142434445464748494a4b4c4d4e4f50", "00fF4142434445464748494a4b4c4d4e4f50Aa"])
async def test_a_key_of_16_to_20_bytes_in_every_form(
    gateway: Gateway, inventory: Inventory, ids: Ids, key: str
) -> None:
    charge_point_id = next(ids)
    await inventory.add(charge_point_id, password=key)
    for presented in (bytes.fromhex(key), key.upper().encode(), key.lower().encode()):
        assert await status(gateway, charge_point_id, charge_point_id.encode() + b":" + presented) == 101


async def test_base64_needs_no_padding(gateway: Gateway, inventory: Inventory, ids: Ids) -> None:
    for password in (CHOSEN, CHOSEN + "1", CHOSEN + "12"):
        charge_point_id = next(ids)
        await inventory.add(charge_point_id, password=password)
        bare = base64.b64encode(f"{charge_point_id}:{password}".encode()).decode().rstrip("=")
        async with wired(gateway) as wire:
            headers = [*OCPP16, f"Authorization: Basic {bare}"]
            assert (await wire.ask(f"/ocpp/{charge_point_id}", headers))[0] == 101


async def test_two_authorizations_are_none(gateway: Gateway, inventory: Inventory, ids: Ids) -> None:
    charge_point_id = next(ids)
    await inventory.add(charge_point_id, password=CHOSEN)
    right = f"{charge_point_id}:{CHOSEN}".encode()
    assert await status(gateway, charge_point_id, right, right) == 401


async def test_a_new_password_is_needed_at_once(gateway: Gateway, inventory: Inventory, ids: Ids) -> None:
    charge_point_id = next(ids)
    key = await inventory.add(charge_point_id, password=CHOSEN)
    assert await status(gateway, charge_point_id, f"{charge_point_id}:{CHOSEN}".encode()) == 101
    await inventory.set_password(key, "another password")
    deadline = time.monotonic() + 10
    while await status(gateway, charge_point_id, f"{charge_point_id}:{CHOSEN}".encode()) != 401:
        assert time.monotonic() < deadline
    assert await status(gateway, charge_point_id, f"{charge_point_id}:another password".encode()) == 101


@pytest.mark.parametrize("old", [CHOSEN, KEY, None])
async def test_a_new_password_ends_the_session_of_the_old_one_at_every_gateway(
    gateway: Gateway, impatient: Gateway, inventory: Inventory, ids: Ids, old: str | None
) -> None:
    new = "another password"

    def credentials(charge_point_id: str, password: str | None) -> dict[str, object]:
        basic = base64.b64encode(f"{charge_point_id}:{password}".encode()).decode()
        return {"additional_headers": {"Authorization": f"Basic {basic}"}}

    one, other = next(ids), next(ids)
    keys = {name: await inventory.add(name, password=old) for name in (one, other)}
    async with (
        charging(gateway, one, **credentials(one, old)) as here,
        charging(impatient, other, **credentials(other, old)) as there,
    ):
        started = time.monotonic()
        for key in keys.values():
            await inventory.set_password(key, new)
        assert await here.closed() == await there.closed() == 1008
        assert time.monotonic() - started < 5  # on a busy machine; whoever is not notified compares every minute
        async with charging(gateway, one, **credentials(one, new)) as charger:
            await inventory.register(keys[one], "PENDING")
            await charger.hears_nothing(0.5)
            assert (await charger.report("Available"))[0] == 4


async def test_require_password_refuses_who_has_none(suspicious: Gateway, inventory: Inventory, ids: Ids) -> None:
    with_one, without = next(ids), next(ids)
    await inventory.add(with_one, password=CHOSEN)
    await inventory.add(without)
    assert await status(suspicious, without, f"{without}:".encode()) == 401
    assert await status(suspicious, with_one, f"{with_one}:{CHOSEN}".encode()) == 101


async def test_an_address_with_too_many_refusals_is_told_to_wait(suspicious: Gateway) -> None:
    answers = [await refusal(suspicious, "nobody") for _ in range(8)]  # two minutes may meet in here
    assert set(answers) <= {404, 429}
    assert answers[-1] == 429 or answers[3] == 429
    async with wired(suspicious) as wire:
        answer, head = await wire.ask("/ocpp/nobody", OCPP16)
        assert answer == 429
        assert "retry-after:" in head.lower()


async def test_behind_a_trusted_proxy_each_address_has_its_own_refusals(suspicious: Gateway) -> None:
    async def answers(address: str, n: int) -> list[int]:
        forwarded = {"additional_headers": {"X-Forwarded-For": f"10.0.0.1, {address}"}}
        return [await refusal(suspicious, "nobody", **forwarded) for _ in range(n)]

    assert (await answers("198.51.100.1", 8))[-1] == 429
    assert await answers("198.51.100.2", 1) == [404]
