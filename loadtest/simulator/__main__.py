"""Simulated chargers against a running gateway: `python -m loadtest.simulator --help`.

They connect, boot, report believable statuses at a rate over all of them, fault and heal, vanish and
come back, and answer commands. The same seed makes the same chargers with the same stories.
"""

import argparse
import asyncio
import json
import math
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvloop

from loadtest.chargers.dialects import DIALECTS
from loadtest.locality import is_local
from loadtest.simulator.charger import Charger
from loadtest.simulator.tally import Tally
from local import demo

ARRIVALS_PER_S = 500
PROGRESS_EVERY_S = 2.0
GIVE_UP_AFTER_S = 30.0
HANG_UP_WITHIN_S = 5.0


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtest.simulator", description=__doc__)
    parser.add_argument("--url", default="ws://127.0.0.1:9000/ocpp", help="the gateway; the charger's id is appended")
    parser.add_argument("--chargers", type=int, default=100, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=10.0, metavar="PER_S", help="statuses a second over all")
    parser.add_argument("--dialects", default=",".join(DIALECTS), help="by comma, taken in turn (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed makes the same chargers")
    ids = parser.add_mutually_exclusive_group()
    ids.add_argument("--ids-file", type=Path, metavar="FILE", help="ids, one a line, for SIM-0001, …")
    ids.add_argument("--demo", action="store_true", help="the ids of the demo (python -m local.demo), for SIM-0001, …")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="lines of id,password for HTTP Basic")
    parser.add_argument("--duration", type=float, default=math.inf, metavar="S", help="default: for ever")
    parser.add_argument(
        "--vanish-every", type=float, default=300.0, metavar="S",
        help="every tenth charger loses its socket so often, and comes back later; 0: never (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--expect-file", type=Path, metavar="FILE",
        help='on exit, the status each connector had acknowledged: {"SIM-0001": {"0:0": "Available", "1:1": …}}; '
        "a connector whose last report was never answered is not in it",
    )  # fmt: skip
    parser.add_argument("--quiet", action="store_true", help="no progress lines")
    parser.add_argument(
        "--allow-remote", action="store_true",
        help="talk to a server that is not on this machine. Only to one that is yours: this is a load generator",
    )  # fmt: skip
    given = parser.parse_args(argv)
    given.dialects = given.dialects.split(",")
    if unknown := set(given.dialects) - set(DIALECTS):
        parser.error(f"no such dialect: {', '.join(unknown)}; there are {', '.join(DIALECTS)}")
    if not given.allow_remote and not is_local(given.url):
        parser.error(f"{given.url} is not on this machine; if it is yours, say --allow-remote")
    return given


def make_fleet(given: argparse.Namespace, tally: Tally) -> list[Charger]:
    if given.demo:
        ids = [identity for _, identity in demo.charge_points(given.chargers)]
    elif given.ids_file:
        ids = given.ids_file.read_text().splitlines()
    else:
        ids = [f"SIM-{n + 1:04}" for n in range(given.chargers)]
    lines = given.password_file.read_text().splitlines() if given.password_file else []
    passwords = dict(line.split(",", maxsplit=1) for line in lines if line)
    kinds = [DIALECTS[name] for name in given.dialects]
    stations = [
        kinds[n % len(kinds)](identity, given.seed)
        for n, identity in enumerate(identity for identity in ids if identity)
    ]
    return [
        Charger(given.url, station, passwords.get(station.identity), given.seed, given.vanish_every, tally)
        for station in stations
    ]


def pace_for(rate: float, fleet: Sequence[Charger]) -> float:
    """How much faster than life the stories must run to give `rate` statuses a second."""
    natural = sum(charger.station.changes_per_s for charger in fleet)
    return rate / natural if natural else 0.0


async def simulate(given: argparse.Namespace) -> int:
    """Run the fleet until the duration is over or a signal comes; returns the exit code."""
    tally = Tally()
    fleet = make_fleet(given, tally)
    pace = pace_for(given.rate, fleet)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        runs = [tasks.create_task(charger.run(pace, n / ARRIVALS_PER_S)) for n, charger in enumerate(fleet)]
        await watch(tally, len(fleet), given, stop)
        for charger in fleet:
            charger.stop()
        _, hanging = await asyncio.wait(runs, timeout=HANG_UP_WITHIN_S) if runs else ((), ())
        for run in hanging:
            run.cancel()
    if given.expect_file:
        expected = {charger.station.identity: charger.expected for charger in fleet}
        given.expect_file.write_text(json.dumps(expected, indent=1))
    print(summary(tally, len(fleet)), flush=True)
    return 0 if tally.ever_connected else 1


async def watch(tally: Tally, chargers: int, given: argparse.Namespace, stop: asyncio.Event) -> None:
    """Return when it is time to stop; print progress until then."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    sent = 0
    while not stop.is_set() and (passed := loop.time() - begun) < given.duration:
        if passed > GIVE_UP_AFTER_S and not tally.ever_connected:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(min(PROGRESS_EVERY_S, given.duration - passed)):
                await stop.wait()
        if not given.quiet:
            rate = (tally.sent - sent) / (loop.time() - begun - passed)
            print(
                f"{loop.time() - begun:5.0f} s: {tally.connected}/{chargers} connected, {rate:.1f} statuses/s, "
                f"{tally.answered} answered, {tally.errors} CALLERRORs, {tally.answer_times()}",
                flush=True,
            )
        sent = tally.sent


def summary(tally: Tally, chargers: int) -> str:
    line = f"{chargers} chargers: {tally.sent} statuses sent, {tally.answered} answered, {tally.errors} CALLERRORs"
    line += f", {tally.answer_times()}"
    if tally.last_error:
        line += f"; last error: {tally.last_error}"
    if not tally.ever_connected:
        line += f"; never connected: {tally.last_failure}"
    return line


def main() -> None:
    given = arguments()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket a charger
    sys.exit(uvloop.run(simulate(given)))


if __name__ == "__main__":
    main()
