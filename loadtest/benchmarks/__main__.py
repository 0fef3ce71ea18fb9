"""Benchmarks that anyone can repeat: ``python -m loadtest.benchmarks NAME`` (see ``--help``).

Everything runs on this machine, against processes started here, and speed is given as a ratio to a
baseline measured in the same run, in alternating rounds. CPU is the server process's own, from
/proc, so the clients' cost is not in it.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import platform
import secrets
import signal
import statistics
import string
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest.benchmarks.crowd import ONLY_16, Crowd, deflated_frame
from local.ports import free_port
from local.stack import Stack

TOPIC = "plugwatch.charger-events"
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
async def crowd(port: int, n: int, headers: Sequence[str] = ONLY_16) -> AsyncIterator[Crowd]:
    """``n`` connected chargers."""
    chargers = Crowd("127.0.0.1", port, lambda identity: headers)
    await chargers.connect(n)
    try:
        yield chargers
    finally:
        chargers.close()


async def answered(connections: int, frames: int, rounds: int) -> dict[str, object]:
    """CPU a StatusNotification answered after the broker's ack, beside a bare echo of the same frames."""
    echo_port = free_port()
    with gateway() as (ours, port, _), process("loadtest.servers.echo", str(echo_port)) as echo:
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


async def idle(connections: int, deflate: str) -> dict[str, object]:
    """Resident memory of the gateway per idle connection; ``deflate`` is off, offered, or used for one message."""
    protocol = "ocpp1.6" if deflate == "off" else "ocpp2.0.1"
    lines = [
        f"Sec-WebSocket-Protocol: {protocol}",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ]
    with gateway() as (ours, port, _):
        async with crowd(port, 200):
            pass
        await asyncio.sleep(1)
        before = resident_bytes(ours.pid)
        async with crowd(port, connections, lines[: 1 if deflate == "off" else 2]) as chargers:
            if deflate == "used":
                for charger in chargers.chargers:
                    charger.frames = [deflated_frame(b'[2,"1","Heartbeat",{}]')]
                await chargers.run(connections)
            await asyncio.sleep(1)
            each = (resident_bytes(ours.pid) - before) / connections
    return {"benchmark": "idle", "connections": connections, "deflate": deflate, "bytes_per_connection": round(each)}


async def handshakes(chargers: int) -> dict[str, object]:
    """CPU (ms) of the gateway a handshake, from TCP to the session on the log, and seconds until all are in.

    By what the password is: none, a key such as the API generates, 26 random letters and digits, a phrase
    that a person chose; first by a gateway that has not seen it, then ``again``.
    """
    alphabet = string.ascii_letters + string.digits
    kinds: dict[str, Callable[[], str | None]] = {
        "none": lambda: None,
        "generated": lambda: secrets.token_hex(20),
        "random": lambda: "".join(secrets.choice(alphabet) for _ in range(26)),
        "chosen": lambda: f"correct horse {secrets.randbelow(10_000)}",
    }
    given = {f"{kind}-{i:05d}": make() for kind, make in kinds.items() for i in range(chargers)}

    def headers(identity: str) -> Sequence[str]:
        credentials = base64.b64encode(f"{identity}:{given[identity]}".encode()).decode()
        return (*ONLY_16, f"Authorization: Basic {credentials}")

    figures: dict[str, object] = {}
    with gateway() as (ours, port, stack):
        imported(stack, given)
        await asyncio.sleep(2)  # the gateway reads them
        for kind in kinds:
            for name in (kind, f"{kind}, again"):
                before, started = cpu_s(ours.pid), time.monotonic()
                crowd = Crowd("127.0.0.1", port, headers)
                await crowd.connect(chargers, at_once=50, prefix=kind)
                figures[name] = {
                    "cpu_ms": round((cpu_s(ours.pid) - before) / chargers * 1e3, 2),
                    "all_in_s": round(time.monotonic() - started, 2),
                }
                crowd.close()
                await asyncio.sleep(1)
    return {"benchmark": "handshakes", "chargers_of_each": chargers, **figures}


def imported(stack: Stack, passwords: Mapping[str, str | None]) -> None:
    """Charge points with their passwords, through an API that is started for it."""
    port, token = free_port(), secrets.token_hex(20)
    environment = {"PLUGWATCH_API_PORT": str(port), "PLUGWATCH_HOST": "127.0.0.1", "PLUGWATCH_ADMIN_TOKEN": token}
    rows = [{"charge_point_id": id_} | ({"password": one} if one else {}) for id_, one in passwords.items()]
    with process("api", environment={**stack.environment, **environment}):
        wait_ready(port)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/import",
            "\n".join(map(json.dumps, rows)).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            assert json.load(answer)["totals"]["created"] == len(rows)


async def whole(connections: int, frames: int, rounds: int) -> dict[str, object]:
    """CPU a status over all processes, and how fast a backlog is caught up beside a bare COPY + upsert loop.

    The rollup stands still (SIGSTOP) while the backlog grows, then has it all to itself.
    """
    figures: dict[str, list[float]] = {}
    async with contextlib.AsyncExitStack() as cleanup:
        ours, port, stack = cleanup.enter_context(gateway())
        chargers = await cleanup.enter_async_context(crowd(port, connections))
        database = await asyncpg.connect(stack.database_url)
        cleanup.push_async_callback(database.close)
        await into_stations(database)
        rollup = cleanup.enter_context(process("ingest.rollup", environment=rollup_environment(stack)))
        await chargers.run(1_000)
        await caught_up(database, await log_end(stack.kafka_bootstrap_servers))
        parts = {name: part.pid for name, part in stack.processes.items()}
        pids = {"gateway": ours.pid, "rollup": rollup.pid, **parts}
        for number in range(rounds + 1):
            before = {name: tree_cpu_s(pid) for name, pid in pids.items()}
            rollup.send_signal(signal.SIGSTOP)
            await chargers.run(frames)
            wanted = await log_end(stack.kafka_bootstrap_servers)
            rollup.send_signal(signal.SIGCONT)
            took_s = await caught_up(database, wanted)
            cost = {name: (tree_cpu_s(pid) - before[name]) / frames * 1e6 for name, pid in pids.items()}
            bare = await bare_loop(database, frames, connections)
            found = {f"{name}_us": used for name, used in cost.items()} | {
                "all_us": sum(cost.values()),
                "caught_up_per_s": frames / took_s,
                "bare_per_s": bare,
                "ratio": frames / took_s / bare,
            }
            for name, value in found.items():
                if number:  # the first round warms up
                    figures.setdefault(name, []).append(value)
    return {"benchmark": "whole", "connections": connections, "frames_a_round": frames, **summary(figures)}


async def into_stations(database: "asyncpg.Connection[asyncpg.Record]", each: int = 4) -> None:
    """Puts the charge points into stations of ``each``, by SQL."""
    n = await database.fetchval("SELECT count(*) FROM charge_points")
    await database.execute(
        "INSERT INTO stations (id, name) SELECT 'S' || n, 'Station ' || n FROM generate_series(1, $1) n", n // each + 1
    )
    await database.execute(
        "UPDATE charge_points SET station_key = (key / $1) % (SELECT count(*) FROM stations) + 1", each
    )


async def log_end(servers: str) -> int:
    """Records on the topic, over its partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    try:
        partitions = await consumer._client._wait_on_metadata(TOPIC)
        ends = await consumer.end_offsets([TopicPartition(TOPIC, partition) for partition in partitions])
        return sum(ends.values())
    finally:
        await consumer.stop()


async def applied(database: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Records that the rollup has applied, by its positions."""
    return int(await database.fetchval("SELECT coalesce(sum(next), 0) FROM log_positions"))


async def caught_up(database: "asyncpg.Connection[asyncpg.Record]", wanted: int) -> float:
    """Seconds until ``wanted`` records are applied."""
    started = time.monotonic()
    async with asyncio.timeout(120):
        while await applied(database) < wanted:
            await asyncio.sleep(0.01)
    return time.monotonic() - started


async def bare_loop(database: "asyncpg.Connection[asyncpg.Record]", events: int, things: int) -> float:
    """Events a second of the least that could be done: COPY into a history, upsert of the newest, 2,000 at once."""
    await database.execute("CREATE TABLE IF NOT EXISTS bare_history (thing int, at timestamptz, status text)")
    await database.execute("CREATE TABLE IF NOT EXISTS bare_state (thing int PRIMARY KEY, at timestamptz, status text)")
    now = datetime.fromtimestamp(time.time(), UTC)
    rows = [(i % things, now, "Available" if i % 2 else "Charging") for i in range(events)]
    started = time.monotonic()
    for start in range(0, events, 2000):
        part = rows[start : start + 2000]
        async with database.transaction():
            await database.copy_records_to_table("bare_history", records=part)
            newest = list({row[0]: row for row in part}.values())
            await database.execute(
                "INSERT INTO bare_state SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::text[]) "
                "ON CONFLICT (thing) DO UPDATE SET at = excluded.at, status = excluded.status",
                *(list(column) for column in zip(*newest, strict=True)),
            )
    return events / (time.monotonic() - started)


def rollup_environment(stack: Stack) -> dict[str, str]:
    """What a rollup needs."""
    return {
        **stack.environment,
        "PLUGWATCH_ROLLUP_ADMIN_PORT": str(free_port()),
        "PLUGWATCH_HOST": "127.0.0.1",
        "PLUGWATCH_LOG_LEVEL": "WARNING",
    }


def tree_cpu_s(pid: int) -> float:
    """CPU seconds of a process and its children, those that ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) * TICK_S
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return cpu_s(pid) + ended + sum(tree_cpu_s(int(child)) for child in children)


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
    one.add_argument(
        "--deflate", choices=("off", "offered", "used"), default="off", help="permessage-deflate, in 2.0.1"
    )
    one = commands.add_parser("handshakes", help="CPU (ms) a handshake, by what the password is")
    one.add_argument("--chargers", type=int, default=200, help="of each kind (default: 200)")
    one = commands.add_parser("whole", help="CPU (µs) per status over all processes; catching up beside a bare loop")
    one.add_argument("--connections", type=int, default=1_000)
    one.add_argument("--frames", type=int, default=40_000, help="statuses a round (default: 40000)")
    one.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    match given.name:
        case "answered":
            measured = answered(given.connections, given.frames, given.rounds)
        case "idle":
            measured = idle(given.connections, given.deflate)
        case "handshakes":
            measured = handshakes(given.chargers)
        case _:
            measured = whole(given.connections, given.frames, given.rounds)
    result = uvloop.run(measured)
    print(json.dumps({**result, "python": platform.python_version(), "cores": os.cpu_count()}, indent=1))


if __name__ == "__main__":
    main()
