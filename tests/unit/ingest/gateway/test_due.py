"""A charger that is only looked at when it says that something is due is asked the same, at the same time."""

import asyncio
import contextlib
from random import Random

import pytest

from ingest.gateway.commands.missing_statuses import MissingStatuses
from ingest.gateway.commands.pace import Pace
from ingest.gateway.commands.queue import CommandQueue
from ingest.gateway.session.liveness import MISSED_PONGS, Liveness
from ingest.ocpp.calls import Busy
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, TriggerMessage
from ingest.ocpp.session import Answer
from shared.words.event import StatusReported

SETTLE_S, ANSWER_S, STEP_S, LASTS_S = 45.0, 30.0, 0.5, 300
OUT = ChangeAvailability(False, 0, 0, 7)
COMMANDS: tuple[Command, ...] = (Reset("graceful"), TriggerMessage("BootNotification"))


def status(connector_id: int) -> StatusReported:
    return StatusReported(
        charge_point_id="CP1", charge_point_key=7, epoch=1, sequence=0, received_at=1, gateway_id="g",
        protocol="ocpp1.6", evse_id=1, connector_id=connector_id, reported="Available",
    )  # fmt: skip


class Session:
    """Of one charger; the pulse comes every `STEP_S`, to who rests only when something is due."""

    def __init__(self, *, rests: bool, is_2x: bool) -> None:
        self._rests = rests
        self._due_at = 0.0
        self.pace = Pace(1, 0)
        self._queue = CommandQueue(0, SETTLE_S, ANSWER_S, is_2x=is_2x)
        self._under_way: Command | None = None
        self._intents: tuple[ChangeAvailability, ...] = ()
        self._looking = False
        self._orders: list[asyncio.Future[Answer]] = []
        self.sent: list[tuple[float, Command]] = []
        self.looks = 0

    async def happens(self, what: int, now: float) -> None:
        queue, self._due_at = self._queue, 0.0
        match what:
            case 0:
                queue.heard()
            case 1:
                queue.booted(now)
            case 2:
                queue.boot_refused(now)
            case 3:
                queue.reported([status(1)], self._intents, ())
            case 4:
                queue.statuses.refused([status(2)], now)
            case 5 | 6 if self._under_way is not None:
                queue.answered(Answer(self._under_way, "Accepted" if what == 5 else "Rejected", None, False), now)
                self._under_way = None
            case 8:
                with contextlib.suppress(Busy):
                    self._orders.append(queue.add(COMMANDS[int(now) % 2], now + 20))
            case 9:
                self._intents = () if self._intents else (OUT,)
            case 10:
                queue.registered(now)

    @property
    def told(self) -> list[str]:
        """What became of each order so far."""
        return [repr(order.exception() or order.result()) if order.done() else "" for order in self._orders]

    def pulse(self, now: float) -> None:
        if self._looking and now % 7 == 0:  # it is told places outside its pulse
            self._looking, self._due_at = False, 0.0
            self._queue.statuses.known([(1, 1), (1, 2)])
        if self._rests and now < self._due_at:
            return
        self.looks += 1
        if self._queue.overdue(now) is not None:
            self._under_way = None
        if self._queue.statuses.wants_places(now):
            self._looking = self._queue.statuses.is_looking = True
        if (command := self._queue.take(self._intents, (), now, self.pace)) is not None:
            self._under_way = command
            self.sent.append((now, command))
        self._due_at = self._queue.due_at(now)


@pytest.mark.parametrize("is_2x", [False, True])
@pytest.mark.parametrize("seed", range(16))
async def test_it_is_asked_the_same_as_one_that_is_looked_at_all_the_time(seed: int, is_2x: bool) -> None:
    rng = Random(seed)
    watched, rested = Session(rests=False, is_2x=is_2x), Session(rests=True, is_2x=is_2x)
    for step in range(int(LASTS_S / STEP_S)):
        now = step * STEP_S
        if rng.random() < (0.03, 0.2)[seed % 2]:
            what = rng.choice((0, 0, 0, 0, 0, 1, 2, 3, 4, 4, 5, 5, 5, 5, 6, 8, 8, 8, 9, 10))
            for session in (watched, rested):
                await session.happens(what, now)
        for session in (watched, rested):
            session.pulse(now)
        assert (rested.sent, rested.told) == (watched.sent, watched.told)


def test_places_are_looked_up_in_time_though_something_else_was_asked_for() -> None:
    statuses = MissingStatuses(0, SETTLE_S, is_2x=True)
    statuses.refused([status(1)], 20)
    assert statuses.take(20, Pace(1, 0)) == Resync()
    assert statuses.due_at(20) == SETTLE_S
    assert statuses.wants_places(SETTLE_S)


async def test_who_has_been_asked_for_everything_is_not_looked_at_again() -> None:
    session = Session(rests=True, is_2x=False)
    await session.happens(0, 0)
    for now in range(1000):
        session.pulse(float(now))
    looks = session.looks
    for now in range(1000, 2000):
        session.pulse(float(now))
    assert (session.looks - looks, bool(session.sent)) == (0, True)


async def test_who_waits_for_its_turn_is_not_looked_at_until_it_comes() -> None:
    session = Session(rests=True, is_2x=False)
    await session.happens(0, 0)
    for _ in range(500):
        session.pace.turn(0)
    for now in range(60):
        session.pulse(float(now))
    looks = session.looks
    for now in range(60, 490):
        session.pulse(float(now))
    assert (session.looks - looks, session.sent) == (0, [])
    for now in range(490, 510):
        session.pulse(float(now))
    assert session.sent


@pytest.mark.parametrize("pongs", [0, 3])
def test_pings_and_silence_come_when_they_are_due(pongs: int) -> None:
    liveness = Liveness(900, 45, 0)
    pings = 0
    while not liveness.is_silent(now := liveness.due_at):
        if liveness.wants_ping(now):
            pings += 1
            if pings <= pongs:
                liveness.heard(now)
                liveness.answers_pings = True
    if pongs:
        assert pings == pongs + MISSED_PONGS
    else:
        assert now == 900
