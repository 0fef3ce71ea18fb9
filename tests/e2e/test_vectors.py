"""Every case of `tests/vectors` against the running system: handshakes, replies, and what the API shows.

A case is over when a BootNotification that follows its frames shows in the API: events of one charger
keep their order, so everything before it has been applied, and what did not happen is known too.
"""

import asyncio
import json
import re
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import asyncpg
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.e2e.history import History
from tests.e2e.inventory import Inventory
from tests.e2e.system import System
from tests.e2e.vectors import (
    TIME_SCALE,
    Case,
    Connect,
    differences,
    filled_in,
    fits,
    id_in,
    misfits,
    read_cases,
    unique,
)

CASES = read_cases()
ANSWER_WITHIN_S = 5.0

by_name = pytest.mark.parametrize("name", [case.name for case in CASES if not case.takes_time])
by_name_with_time = pytest.mark.parametrize("name", [case.name for case in CASES if case.takes_time])
by_name_with_ocpi = pytest.mark.parametrize("name", [case.name for case in CASES if "ocpi" in case.state])


@pytest.fixture
def token() -> str:
    return token_hex(4)


@by_name
async def test_vector(name: str, token: str, system: System, inventory: Inventory) -> None:
    await plays_out(unique(name, token), token, system, inventory, seconds_per_second=0)


@by_name_with_time
async def test_vector_in_which_time_passes_and_nobody_goes_offline(
    name: str, token: str, hasty_system: System, hasty_database: asyncpg.Connection
) -> None:
    async with Inventory.of(hasty_system.api, hasty_system.admin_token) as inventory:
        await plays_out(unique(name, token), token, hasty_system, inventory, seconds_per_second=1 / TIME_SCALE)
    assert await History(hasty_database, [f"CP1-{token}"]).connectivity() == ["ONLINE"]


@by_name_with_ocpi
def test_ocpi_status_of_vector(name: str) -> None:
    pytest.skip(f"{name}: there is no OCPI route yet; the rest of the case is checked above")


async def plays_out(case: Case, token: str, system: System, inventory: Inventory, seconds_per_second: float) -> None:
    """Do all that the case says and compare."""
    charge_point_id, station_id = f"CP1-{token}", f"S1-{token}"
    credentials = {"password": case.config["password"]} if "password" in case.config else {}
    registration = case.config.get("boot_status", "Accepted").upper()
    await inventory.add_station(station_id)
    await inventory.add_charge_point(station_id, charge_point_id, registration=registration, **credentials)
    async with AsyncExitStack() as stack:
        if case.expect_handshake:
            await shakes_hands(case, charge_point_id, system, inventory, stack)
        if case.frames:
            stage = Stage(case, system, stack, seconds_per_second)
            refused = await stage.play()
            await stage.fence(inventory, charge_point_id, token)
            state = case.state if case.state_if_error is None or not refused else case.state_if_error
            charge_point, station = await inventory.charge_point(charge_point_id), await inventory.station(station_id)
            assert differences(state, case.state_ignores, charge_point, station) == []
    await inventory.remove_station(station_id)


class Stage:
    """The sockets of a case and what is said on them."""

    def __init__(self, case: Case, system: System, stack: AsyncExitStack, seconds_per_second: float) -> None:
        self.case = case
        self.system = system
        self.stack = stack
        self.seconds_per_second = seconds_per_second
        self.sockets: dict[int, ClientConnection] = {}
        self.fences = 0

    async def play(self) -> bool:
        """Ops and frames in their order; returns whether a frame with alternatives was answered by CALLERROR."""
        case = self.case
        connected_later = {op.socket for op in case.ops if op.op == "connect"}
        for number in set(range(len(case.sockets))) - connected_later:
            await self.connect(number)
        refused = False
        for number, frame in enumerate(case.frames):
            await self.do_ops(number)
            reply = await self.exchange(number, filled_in(frame, datetime.fromtimestamp(time.time(), UTC)))
            self.compare(number, frame, reply)
            refused |= isinstance(case.expect[number], list) and reply is not None and reply[0] == 4
        await self.do_ops(len(case.frames))
        return refused

    async def do_ops(self, before_frame: int) -> None:
        for op in self.case.ops:
            if op.before_frame != before_frame:
                continue
            match op.op:
                case "connect":
                    await self.connect(op.socket)
                case "close":
                    await self.sockets[op.socket].close()
                case "advance":  # the charger is silent for so long: time must pass, there is nothing to poll for
                    await asyncio.sleep(op.seconds * self.seconds_per_second)

    async def connect(self, number: int) -> None:
        self.sockets[number] = await self.stack.enter_async_context(opened(self.system, self.case.opening(number)))

    async def exchange(self, number: int, frame: str) -> list[Any] | None:
        """Send the frame; its reply, or None if none comes before the reply to a Heartbeat sent behind it."""
        socket = self.sockets[self.case.frame_socket[number] if self.case.frame_socket else 0]
        await socket.send(frame)
        alternatives = self.case.expect[number]
        if "ignored" not in ([alternatives] if isinstance(alternatives, str) else alternatives):
            return await received(socket)
        self.fences += 1
        fence = f"fence-{self.fences}"
        await socket.send(json.dumps([2, fence, "Heartbeat", {}]))
        replies = [await received(socket)]
        while replies[-1][1] != fence:
            replies.append(await received(socket))
        assert len(replies) <= 2, f"frame {number} was answered more than once: {replies}"
        return replies[0] if len(replies) == 2 else None

    def compare(self, number: int, frame: str, reply: list[Any] | None) -> None:
        case = self.case
        assert fits(reply, case.expect[number]), f"frame {number} got {reply}, expected {case.expect[number]}"
        if reply is None:
            return
        expected_id = (case.reply_id[number] if case.reply_id else None) or id_in(frame)
        assert expected_id in (None, reply[1]), f"frame {number} was answered with id {reply[1]}"
        if case.reply and reply[0] == 3:
            assert misfits(reply[2], case.reply[number]) == []

    async def fence(self, inventory: Inventory, charge_point_id: str, token: str) -> None:
        """Boot with a firmware version made for this, and wait until the API shows it."""
        firmware = f"fence {token}"
        socket = self.sockets[self.case.frame_socket[-1] if self.case.frame_socket else 0]
        await socket.send(json.dumps([2, "fence-boot", "BootNotification", boot(self.case.version, firmware)]))
        assert (await received(socket))[:2] == [3, "fence-boot"]
        await inventory.shows(charge_point_id, lambda document: document["firmware"] == firmware)


def boot(version: str, firmware: str) -> dict[str, Any]:
    if version == "1.6":
        return {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": firmware}
    station = {"vendorName": "V", "model": "M", "firmwareVersion": firmware}
    return {"reason": "PowerUp", "chargingStation": station}


def opened(system: System, opening: Connect) -> connect:
    """A websocket opened as the case says."""
    headers = {}
    if opening.basic:
        headers["Authorization"] = "Basic " + b64encode(":".join(opening.basic).encode()).decode()
    return connect(
        re.sub(r"/ocpp$", "", system.gateway) + opening.path,
        subprotocols=[Subprotocol(name) for name in opening.subprotocols],
        additional_headers=headers,
        max_size=None,
        proxy=None,
    )


async def received(socket: ClientConnection) -> list[Any]:
    async with asyncio.timeout(ANSWER_WITHIN_S):
        message: list[Any] = json.loads(await socket.recv())
    return message


async def shakes_hands(
    case: Case, charge_point_id: str, system: System, inventory: Inventory, stack: AsyncExitStack
) -> None:
    """Connect, and see that what happens is one of the outcomes the case allows."""
    alternatives: Sequence[dict[str, Any]] = case.expect_handshake.get("any_of", [case.expect_handshake])
    answer, socket = await handshake(system, case.opening(0), stack)
    allowed = [one for one in alternatives if answer in one["http"]]
    assert allowed, f"HTTP {answer}"
    if socket is None:
        return
    chosen = [one for one in allowed if one.get("subprotocol", socket.subprotocol) == socket.subprotocol]
    assert chosen, f"sub-protocol {socket.subprotocol}"
    match chosen[0].get("then"):
        case None:
            await inventory.shows(charge_point_id, lambda document: document["connectivity"] == "ONLINE")
        case "CLOSE within 2s":
            with pytest.raises(ConnectionClosed):
                async with asyncio.timeout(2):
                    await socket.recv()
        case other:
            raise ValueError(other)


async def handshake(system: System, opening: Connect, stack: AsyncExitStack) -> tuple[int, ClientConnection | None]:
    """The HTTP status, and the socket if there is one."""
    try:
        return 101, await stack.enter_async_context(opened(system, opening))
    except InvalidStatus as refusal:
        return refusal.response.status_code, None
