"""Ten thousand known chargers with passwords that are cut off at once, and come back by their own back-off.

Online is one whose BootNotification was answered, which is after the broker's ack. Two hundred others stay connected,
beat all the while, and are to notice nothing.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from random import Random

from loadtest.benchmarks.clients.charger import BOOT, HEARTBEAT, Charger
from loadtest.benchmarks.clients.crowd import Crowd, bearable, named
from loadtest.benchmarks.row import Goal, Rounds, Row, percentile
from loadtest.benchmarks.rows.handshakes import headers
from loadtest.chargers.backoff import backoff_s
from loadtest.servers.cpu import Meter
from loadtest.servers.inventory import imported, in_stations
from loadtest.servers.statements import watched
from loadtest.servers.system import broker, system

TITLE = "A storm of reconnects"
BASELINE = "None: the figures are absolute."
CHARGERS, HEALTHY = 10_000, 200
BEATS_PER_S = 100
QUIET_S = 5
DIAL_S = 30  #: a charger gives up on a handshake
STORM_S = 180
#: How statements begin or end that are sent now and then, whatever happens: proofs of life, and the comparison.
_USUAL_BEGIN = ("SELECT pg_notify(", "SELECT 1")
_USUAL_END = "FROM charge_points c WHERE key > $1 AND deleted_at IS NULL ORDER BY key LIMIT 250"
GOALS = (
    Goal("all online, beyond their own back-off", "beyond_backoff_s", 15, "s"),
    Goal("healthy sockets lost", "healthy_lost", 0, "sockets"),
    Goal("statements of the gateway to Postgres that the storm caused", "statements", 0, "statements"),
)


class _Returning:
    """Chargers that dial until they are online."""

    def __init__(self, port: int, told: Callable[[str], Sequence[str]]) -> None:
        self._port, self._headers = port, told
        self._waiting: dict[Charger, asyncio.Future[None]] = {}
        self.refused = 0
        self.chargers: list[Charger] = []

    async def back(self, identity: str, seed: int) -> float:
        """Dials until it is online; returns the seconds that it waited by itself."""
        rng, waited_s, failures = Random(seed), 0.0, 0
        while True:
            pause_s = backoff_s(failures, rng)
            await asyncio.sleep(pause_s)
            waited_s += pause_s
            loop = asyncio.get_running_loop()
            charger = Charger(self, identity, tuple(self._headers(identity)))
            online = self._waiting[charger] = loop.create_future()
            try:
                async with asyncio.timeout(DIAL_S):
                    await loop.create_connection(lambda charger=charger: charger, "127.0.0.1", self._port)  # type: ignore[misc]
                    await online
                self.chargers.append(charger)
                return waited_s
            except (OSError, TimeoutError):
                failures += 1
                self.refused += 1
                charger.cut()
            finally:
                self._waiting.pop(charger, None)

    def upgraded(self, charger: Charger) -> None:
        """It boots."""
        charger.say(BOOT)

    def answered(self, charger: Charger) -> None:
        """It is online."""
        if (online := self._waiting.get(charger)) and not online.done():
            online.set_result(None)

    def lost(self, charger: Charger) -> None:
        """It tries again."""
        if (online := self._waiting.get(charger)) and not online.done():
            online.set_exception(ConnectionError("lost"))


async def storm(*, quick: bool) -> Row:
    """The row."""
    wanted, rounds = (500, 1) if quick else (CHARGERS, 2)
    n, short = bearable(wanted, beside=HEALTHY)
    figures, chargers, healthy = Rounds(), named(n), named(HEALTHY, "HEALTHY")
    passwords: dict[str, str | None] = {id_: secrets.token_hex(20) for id_ in (*chargers, *healthy)}
    rows = [row | {"password": str(passwords[row["charge_point_id"]])} for row in in_stations([*chargers, *healthy])]
    async with system() as ours:
        imported(ours.api_port, ours.token, rows)
        statements = await watched(ours, "gateway")
        told = headers(passwords)
        stay = Crowd(ours.gateway_port, told)
        await stay.connect(healthy)
        returning = _Returning(ours.gateway_port, told)
        await asyncio.gather(*(returning.back(id_, seed) for seed, id_ in enumerate(chargers)))
        for _ in range(rounds):
            await asyncio.sleep(QUIET_S)
            statements.since_last()
            await asyncio.sleep(QUIET_S)
            usual = statements.since_last()
            beating = asyncio.create_task(stay.pace(BEATS_PER_S, STORM_S, say=_beat))
            meter = Meter(ours.pids)
            await _storm(figures, returning, chargers)
            figures.add("gateway_ms_each", meter.used_s()["gateway"] / n * 1e3)
            figures.add("generator_ms_each", meter.used_s()["generator"] / n * 1e3)
            beating.cancel()
            await asyncio.wait([beating])
            took_ms = [took * 1000 for _, took in stay.paced.answers]
            figures.add("healthy_heartbeat_p99_ms", percentile(took_ms, 0.99))
            figures.add("healthy_lost", stay.losses)
            extra = _extra(statements.since_last(), usual)
            figures.add("statements", extra.total())
            short += [
                f"statement in the storm alone, {count} times: {text[:200]}" for text, count in extra.most_common(5)
            ]
        for charger in returning.chargers:
            charger.cut()
        stay.close()
    return Row({"chargers": n, "healthy": HEALTHY, "rounds": rounds, "broker": broker()}, figures.spread, GOALS, short)


async def _storm(figures: Rounds, returning: _Returning, chargers: Sequence[str]) -> None:
    returning.refused, online = 0, returning.chargers
    returning.chargers = []
    began = time.monotonic()
    for charger in online:
        charger.cut()

    async def back(id_: str, seed: int) -> tuple[float, float]:
        waited_s = await returning.back(id_, seed)
        return waited_s, time.monotonic() - began

    async with asyncio.timeout(STORM_S):
        found = await asyncio.gather(*(back(id_, seed) for seed, id_ in enumerate(chargers)))
    figures.add("all_online_s", max(took_s for _, took_s in found))
    figures.add("beyond_backoff_s", max(took_s - waited_s for waited_s, took_s in found))
    figures.add("beyond_backoff_p50_s", percentile([took_s - waited_s for waited_s, took_s in found], 0.5))
    figures.add("dialled_in_vain", returning.refused)


def _extra(found: Counter[str], usual: Collection[str]) -> Counter[str]:
    """What was not sent before the storm."""
    usual = {*usual, *(text for text in found if text.startswith(_USUAL_BEGIN) or text.endswith(_USUAL_END))}
    return Counter({text: n for text, n in found.items() if text not in usual})


def _beat(charger: Charger, _: float) -> None:
    charger.say(HEARTBEAT)
