"""``python -m tests.faults``: a system under faults, and the reckoning. The exit code is the verdict."""

import argparse
import asyncio
import contextlib
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx

from tests.faults import reckoning, storm
from tests.faults.charger import DIALECTS, Charger, Chargers
from tests.faults.hostile import FLEET, PASSWORDED
from tests.faults.kinds import KINDS
from tests.faults.report import Summary, findings, page
from tests.faults.site import Site, running
from tests.faults.verdict import Verdict
from tests.faults.watch import Witness

FAULT_WITHIN_S = 120
PAUSE_S = (1.0, 4.0)
QUIET_S = 15.0  #: before the first fault and after the last
A_STATION = 5


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=30, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--kinds", default="", metavar="WORDS", help="only faults with one of these words, by comma")
    parser.add_argument("--chargers", type=int, default=80, metavar="N", help="that keep a book (%(default)s)")
    parser.add_argument("--rate", type=float, default=45, metavar="N", help="statuses a second, of all (%(default)s)")
    parser.add_argument("--seed", type=int, default=int(time.time()), metavar="N", help="repeats a run's choices")
    parser.add_argument("--changes", type=int, default=0, metavar="N", help="go on until so many are acknowledged")
    parser.add_argument("--seconds", type=float, default=0, metavar="S", help="begin no fault after so long (0: all)")
    parser.add_argument("--storm", type=int, default=0, metavar="N", help="then cut off so many chargers at once")
    parser.add_argument(
        "--stale", type=float, default=5, metavar="S", help="what shows so late is a finding (%(default)s)"
    )
    parser.add_argument("--broker", choices=("kafka", "mock"), default="kafka", help="(%(default)s)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the page of the documentation there")
    parser.add_argument("--home", type=Path, metavar="DIR", help="logs and data, kept (default: thrown away)")
    given = parser.parse_args()
    logging.disable(logging.WARNING)  # of the client libraries: their servers are under fire
    with contextlib.ExitStack() as rooms:
        home = given.home or Path(rooms.enter_context(tempfile.TemporaryDirectory(prefix="plugwatch-faults-")))
        summary = asyncio.run(Run(given, home).run())
    say(findings(summary.verdict))
    faults = sum(summary.faults.values())
    say(f"{summary.acked:,} of {summary.sent:,} acknowledged, {summary.amid_fault:,} of them amid {faults} faults")
    if given.report:
        given.report.write_text(page(summary))
    return 0 if summary.verdict.is_good else 1


class Run:
    """One run, with the choices that its seed makes."""

    def __init__(self, given: argparse.Namespace, home: Path) -> None:
        self._given = given
        self._home = home
        self._rng = Random(given.seed)
        self._verdict = Verdict()
        self._faults: Counter[str] = Counter()
        self._lasting = False
        self._stopping = asyncio.Event()
        self._storm: str | None = None

    async def run(self) -> Summary:
        """Everything, in order."""
        given, began = self._given, time.monotonic()
        async with running(self._home, given.broker, self._verdict) as site:
            say(f"seed {given.seed}; logs in {self._home}")
            shared = Chargers(site.gateways, lambda: self._lasting, given.rate / given.chargers, self._stopping)
            chargers = [
                Charger(f"LEDGER-{number}", DIALECTS[number % len(DIALECTS)], shared, given.seed)
                for number in range(given.chargers)
            ]
            await inventory(site, [one.book.charge_point_id for one in chargers])
            witness = Witness(site, chargers, self._verdict, given.seed, given.stale)
            async with asyncio.TaskGroup() as group:
                watching = [group.create_task(site.tend()), group.create_task(witness.run())]
                talking = [group.create_task(one.run()) for one in chargers]
                await self._harm(site, witness, chargers)
                reckoning.judge_memory(site, self._verdict)
                if given.storm:
                    witness.excused_until = float("inf")  # Postgres is frozen in it
                    self._storm = await storm.storm(site, given.storm, self._verdict)
                self._stopping.set()
                await asyncio.wait(talking)
                absences = await reckoning.reckon(site, chargers, self._verdict)
                for task in watching:
                    task.cancel()
            sent, acked, amid = reckoning.amid_faults([one.book for one in chargers])
        return Summary(
            command=f"make test-faults ARGS='{' '.join(choices(given))}'",
            broker="Apache Kafka" if given.broker == "kafka" else "librdkafka's built-in broker",
            lasted_s=time.monotonic() - began,
            chargers=given.chargers, sent=sent, acked=acked, amid_fault=amid,
            reads=witness.reads, judged=witness.judged, unanswered=witness.unanswered, absences=absences,
            faults=dict(self._faults), storm=self._storm, verdict=self._verdict,
        )  # fmt: skip

    async def _harm(self, site: Site, witness: Witness, chargers: "list[Charger]") -> None:
        given, began = self._given, time.monotonic()
        await asyncio.sleep(QUIET_S)
        for number, name in enumerate(self._order(), 1):
            if given.seconds and time.monotonic() - began > given.seconds:
                break
            await self._one(site, witness, name)
            acked = sum(1 for one in chargers for _ in one.book.acked())
            wrong = sum(self._verdict.counts.values())
            say(f"{time.monotonic() - began:6.0f} s  {number:4d}  {name:45s} {acked:7,} acknowledged, {wrong} findings")
            await asyncio.sleep(self._rng.uniform(*PAUSE_S))
        while sum(1 for one in chargers for _ in one.book.acked()) < given.changes:  # noqa: ASYNC110
            await asyncio.sleep(1)
        await asyncio.sleep(QUIET_S)

    def _order(self) -> "list[str]":
        """Every kind as often as the others, in an order that the seed makes."""
        words = [word for word in self._given.kinds.split(",") if word]
        names = [name for name in KINDS if not words or any(word in name for word in words)]
        order: list[str] = []
        while len(order) < self._given.faults:
            order += self._rng.sample(names, len(names))
        return order[: self._given.faults]

    async def _one(self, site: Site, witness: Witness, name: str) -> None:
        harm, excuses_s = KINDS[name]
        self._lasting = True
        if excuses_s is not None:
            witness.excused_until = float("inf")
        try:
            async with asyncio.timeout(FAULT_WITHIN_S):
                await harm(site, self._rng)
        except Exception as error:  # noqa: BLE001  whatever it is, it is a finding, and the run goes on
            self._verdict.add("a fault failed", f"{name}: {error!r}"[:600])
        self._faults[name] += 1
        self._lasting = False
        if excuses_s is not None:
            witness.excused_until = time.monotonic() + excuses_s


def choices(given: argparse.Namespace) -> Iterator[str]:
    """The arguments that make the same run again, wherever its files lie."""
    for name, value in vars(given).items():
        if value and name not in ("home", "report"):
            yield f"--{name} {value}"


async def inventory(site: Site, ids: "list[str]") -> None:
    """Stations of a few charge points each, and the second fleet."""
    headers = {"Authorization": f"Bearer {site.admin_token}"}
    async with httpx.AsyncClient(base_url=site.api, headers=headers, timeout=30) as client:
        for number, one in enumerate(ids):
            station = f"LEDGER-S{number // A_STATION}"
            if number % A_STATION == 0:
                (await client.post("/v1/stations", json={"id": station, "name": station})).raise_for_status()
            (await client.post(f"/v1/stations/{station}/charge-points", json={"id": one})).raise_for_status()
        (await client.post("/v1/stations", json={"id": "HOSTILE", "name": "Hostile"})).raise_for_status()
        for one in FLEET:
            (await client.post("/v1/stations/HOSTILE/charge-points", json={"id": one})).raise_for_status()
        body = {"id": PASSWORDED, "password": "a password that people chose"}
        (await client.post("/v1/stations/HOSTILE/charge-points", json=body)).raise_for_status()


def say(text: str) -> None:
    """A line now."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
