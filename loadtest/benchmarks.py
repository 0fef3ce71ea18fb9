"""Benchmarks that anyone can repeat: ``python -m loadtest.benchmarks NAME`` (see ``--help``).

Everything runs on this machine, against processes started here, and speed is given as a ratio to a
baseline measured in the same run, in alternating rounds. CPU is the server process's own, from
/proc, so the clients' cost is not in it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import uvloop

from loadtest.crowd import Crowd
from local.ports import free_port
from local.stack import Stack

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def resident_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def process(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A Python child, stopped at the end of the block."""
    child = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("VERBOSE") else subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def gateway() -> Iterator[tuple[subprocess.Popen[bytes], int, Stack]]:
    """A gateway over its own stack that lets any charger in; gives it, its port, and the stack."""
    with (
        tempfile.TemporaryDirectory(prefix="plugwatch-bench-") as directory,
        Stack.start(data_dir=Path(directory), given={}) as stack,
    ):
        ports = {"PLUGWATCH_GATEWAY_PORT": free_port(), "PLUGWATCH_GATEWAY_ADMIN_PORT": free_port()}
        environment = {
            **stack.environment,
            **{name: str(port) for name, port in ports.items()},
            "PLUGWATCH_REGISTRATION": "open",
            "PLUGWATCH_HOST": "127.0.0.1",
            "PLUGWATCH_DRAIN_S": "0",
            "PLUGWATCH_LOG_LEVEL": "WARNING",
        }
        subprocess.run([sys.executable, "-m", "shared.migrate"], env={**os.environ, **environment}, check=True)
        with process("ingest.gateway", environment=environment) as child:
            wait_ready(ports["PLUGWATCH_GATEWAY_ADMIN_PORT"])
            yield child, ports["PLUGWATCH_GATEWAY_PORT"], stack


def wait_ready(port: int) -> None:
    """Waits until ``/readyz`` says 200."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError):
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing is ready on port {port}")


@contextlib.asynccontextmanager
async def crowd(port: int, n: int) -> AsyncIterator[Crowd]:
    """``n`` connected chargers."""
    chargers = Crowd("127.0.0.1", port)
    await chargers.connect(n)
    try:
        yield chargers
    finally:
        chargers.close()


async def answered(connections: int, frames: int, rounds: int) -> dict[str, object]:
    """CPU a StatusNotification answered after the broker's ack, beside a bare echo of the same frames."""
    echo_port = free_port()
    with gateway() as (ours, port, _), process("loadtest.echo", str(echo_port)) as echo:
        await listening(echo_port)
        async with crowd(port, connections) as chargers, crowd(echo_port, connections) as echoed:
            figures: dict[str, list[float]] = {"gateway": [], "echo": [], "ratio": [], "answered_per_s": []}
            for number in range(rounds + 1):
                cost = {}
                for name, clients, pid in (("gateway", chargers, ours.pid), ("echo", echoed, echo.pid)):
                    before = cpu_s(pid)
                    took_s = await clients.run(frames)
                    cost[name] = (cpu_s(pid) - before) / frames * 1e6
                    if name == "gateway":
                        rate = frames / took_s
                if number:  # the first round warms up
                    figures["gateway"].append(cost["gateway"])
                    figures["echo"].append(cost["echo"])
                    figures["ratio"].append(cost["gateway"] / cost["echo"])
                    figures["answered_per_s"].append(rate)
    return {"benchmark": "answered", "connections": connections, "frames_a_round": frames, **summary(figures)}


async def idle(connections: int) -> dict[str, object]:
    """Resident memory of the gateway per idle connection."""
    with gateway() as (ours, port, _):
        async with crowd(port, 200):
            pass
        await asyncio.sleep(1)
        before = resident_bytes(ours.pid)
        async with crowd(port, connections):
            await asyncio.sleep(1)
            each = (resident_bytes(ours.pid) - before) / connections
    return {"benchmark": "idle", "connections": connections, "bytes_per_connection": round(each)}


async def listening(port: int) -> None:
    """Waits until something listens."""
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


def summary(figures: dict[str, list[float]]) -> dict[str, object]:
    """Minimum, median and maximum of each figure."""
    return {
        name: {
            "min": round(min(values), 3),
            "median": round(statistics.median(values), 3),
            "max": round(max(values), 3),
        }
        for name, values in figures.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one benchmark and prints its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    one = commands.add_parser("answered", help="CPU (µs) per StatusNotification answered, beside a bare echo")
    one.add_argument("--connections", type=int, default=500)
    one.add_argument("--frames", type=int, default=20_000, help="statuses a round (default: 20000)")
    one.add_argument("--rounds", type=int, default=5)
    one = commands.add_parser("idle", help="memory per idle connection")
    one.add_argument("--connections", type=int, default=5_000)
    given = parser.parse_args(arguments)
    measured = (
        answered(given.connections, given.frames, given.rounds) if given.name == "answered" else idle(given.connections)
    )
    result = uvloop.run(measured)
    print(json.dumps({**result, "python": platform.python_version(), "cores": os.cpu_count()}, indent=1))


if __name__ == "__main__":
    main()
