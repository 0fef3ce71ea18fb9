"""A gateway as a real process, the inventory it reads, the topic it writes, and a charger that talks to it."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import asyncpg
import httpx
from aiokafka import AIOKafkaConsumer
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from local.ports import free_port
from local.service import Service
from local.stack import Stack
from shared.credentials import passwords
from shared.stores import fleet
from shared.words import codec
from shared.words.event import Event
from tests.waiting import eventually as eventually

METRICS_TOKEN = "metrics-token-of-tests"
WITHIN_S = 20.0
ROOT = Path(__file__).parents[3]


class Gateway(Service):
    """``python -m ingest.gateway`` on ports of its own."""

    def __init__(self, name: str, directory: Path, environment: Mapping[str, str]) -> None:
        self.port, self.admin_port = free_port(), free_port()
        ours = {
            "GATEWAY_ID": name,
            "HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_ADMIN_PORT": str(self.admin_port),
            "METRICS_TOKEN": METRICS_TOKEN,
            "FAILED_HANDSHAKES_PER_MINUTE": "0",
            "DRAIN_S": "0.2",
        }
        super().__init__(
            name,
            "ingest.gateway",
            directory,
            {f"PLUGWATCH_{key}": value for key, value in ours.items()} | dict(environment),
            self.admin_port,
        )
        self.directory = ROOT

    @property
    def id(self) -> str:
        """The name of this incarnation, as it says when chargers may connect."""
        lines = self.log.read_text(errors="replace").splitlines()
        said = [json.loads(line) for line in lines if '"gateway_id"' in line and "chargers may connect" in line]
        return str(said[-1]["gateway_id"])

    def url(self, charge_point_id: str) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp/{quote(charge_point_id, safe='')}"

    def admin(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.admin_port}{path}", headers=headers, timeout=10, trust_env=False)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name with these labels."""
        text = self.admin("/metrics", Authorization=f"Bearer {METRICS_TOKEN}").text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def complaints(self) -> list[str]:
        """What it logged as an error; a client library that finds no broker does not count."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line]
        parsed = [json.loads(line) if line.startswith("{") else {"level": "ERROR", "message": line} for line in lines]
        return [
            json.dumps(line)
            for line in parsed
            if line["level"] in ("ERROR", "CRITICAL") and not str(line.get("logger")).startswith("aiokafka")
        ]


class Inventory:
    """What the API writes: rows of charge points, announced to the gateways."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection

    async def add(self, charge_point_id: str, *, password: str | None = None, registration: str = "ACCEPTED") -> int:
        async with self.connection.transaction():
            key = int(
                await self.connection.fetchval(
                    "INSERT INTO charge_points (id, password_hash, registration) VALUES ($1, $2, $3) RETURNING key",
                    charge_point_id,
                    passwords.hashed(password) if password else None,
                    registration,
                )
            )
            await fleet.announce(self.connection, [key])
        return key

    async def delete(self, key: int) -> None:
        async with self.connection.transaction():
            await self.connection.execute("UPDATE charge_points SET deleted_at = now() WHERE key = $1", key)
            await fleet.announce(self.connection, [key])

    async def register(self, key: int, registration: str) -> None:
        async with self.connection.transaction():
            await self.connection.execute(
                "UPDATE charge_points SET registration = $2 WHERE key = $1", key, registration
            )
            await fleet.announce(self.connection, [key])

    async def set_password(self, key: int, password: str) -> None:
        async with self.connection.transaction():
            await self.connection.execute(
                "UPDATE charge_points SET password_hash = $2 WHERE key = $1", key, passwords.hashed(password)
            )
            await fleet.announce(self.connection, [key])


class Record(NamedTuple):
    """An event as it lies on the topic."""

    partition: int
    offset: int
    key: bytes
    event: Event


class Topic:
    """Reads a topic from its beginning."""

    def __init__(self, servers: str, name: str) -> None:
        self._servers = servers
        self.name = name

    async def records(self, charge_point_id: str | None = None) -> list[Record]:
        """All that is on the topic now, in order, of one charge point or of all."""
        consumer = AIOKafkaConsumer(
            self.name,
            bootstrap_servers=self._servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        try:
            partitions = list(consumer.assignment())
            ends = await consumer.end_offsets(partitions)
            found: list[Record] = []
            while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
                for of, records in (await consumer.getmany(timeout_ms=200)).items():
                    found += [Record(of.partition, one.offset, one.key, codec.decode(one.value)) for one in records]
        finally:
            await consumer.stop()
        found.sort(key=lambda one: (one.partition, one.offset))
        return [one for one in found if charge_point_id in (None, one.event.charge_point_id)]

    async def events(self, charge_point_id: str, kind: type[Event] | None = None) -> list[Any]:
        """The events of a charge point, of one kind or of all."""
        events = [one.event for one in await self.records(charge_point_id)]
        return [event for event in events if kind is None or isinstance(event, kind)]


class Charger:
    """A charger on an open websocket."""

    _ids = itertools.count(1)

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, action: str, payload: object) -> str:
        """Sends a CALL; returns its id."""
        message_id = f"m{next(self._ids)}"
        await self.socket.send(json.dumps([2, message_id, action, payload]))
        return message_id

    async def receive(self, within_s: float = WITHIN_S) -> list[Any]:
        """The next frame."""
        async with asyncio.timeout(within_s):
            frame: list[Any] = json.loads(await self.socket.recv())
        return frame

    async def call(self, action: str, payload: object, within_s: float = WITHIN_S) -> list[Any]:
        """A CALL and its answer; the CALLs of the gateway that come before it are left unanswered."""
        message_id = await self.send(action, payload)
        while (frame := await self.receive(within_s))[0] == 2:
            pass
        assert frame[1] == message_id, frame
        return frame

    async def report(self, status: str, connector: int = 1) -> list[Any]:
        """A 1.6 StatusNotification and its answer."""
        return await self.call("StatusNotification", status_of(status, connector))

    async def hears_nothing(self, for_s: float = 1.0) -> None:
        """Fails when a frame comes in that time."""
        try:
            frame = await self.receive(for_s)
        except TimeoutError:
            return
        raise AssertionError(f"a frame came: {frame}")

    async def closed(self, within_s: float = WITHIN_S) -> int:
        """Waits until the gateway closes; the close code. Frames that still come are dropped."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def status_of(status: str, connector: int = 1, **more: object) -> dict[str, object]:
    """A 1.6 StatusNotification's payload."""
    return {"connectorId": connector, "errorCode": "NoError", "status": status, **more}


def _socket(gateway: Gateway, charge_point_id: str, protocols: Sequence[str], options: Mapping[str, Any]) -> connect:
    offered = [Subprotocol(one) for one in protocols or ("ocpp1.6",)]
    given = {"ping_interval": None, "proxy": None, "compression": None, "close_timeout": 1, **options}
    return connect(gateway.url(charge_point_id), subprotocols=offered, **given)


@asynccontextmanager
async def charging(gateway: Gateway, charge_point_id: str, *protocols: str, **options: Any) -> AsyncIterator[Charger]:
    """A charger that is connected while the block runs; it speaks 1.6 unless told, and sends no pings.

    To 503 it comes again, as chargers do: what the test before left may still be on its way to the broker.
    """
    until = time.monotonic() + WITHIN_S
    while True:
        try:
            socket = await _socket(gateway, charge_point_id, protocols, options)
            break
        except InvalidStatus as refused:
            if refused.response.status_code != 503 or time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)
    async with socket:
        yield Charger(socket)


async def refusal(gateway: Gateway, charge_point_id: str, *protocols: str, **options: Any) -> int:
    """The HTTP status of one handshake; 101 when the charger was let in."""
    try:
        async with _socket(gateway, charge_point_id, protocols, options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


class Wire:
    """A TCP connection to a gateway, for what no websocket client would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, target: str, headers: Sequence[str], *, then: bytes = b"") -> tuple[int, str]:
        """Sends a request, and ``then`` in the same packet; the status and the rest of the response's head."""
        head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: gateway", *headers, "", ""])
        self.writer.write(head.encode("latin-1") + then)
        async with asyncio.timeout(WITHIN_S):
            answer = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        return int(answer.split()[1]), answer

    def send(self, *frames: tuple[Opcode, bytes], fin: bool = True) -> None:
        """Sends frames in one packet."""
        self.writer.write(b"".join(Frame(opcode, data, fin).serialize(mask=True) for opcode, data in frames))

    async def frame(self, within_s: float = WITHIN_S) -> tuple[int, bytes]:
        """The next frame from the gateway: opcode and data."""
        async with asyncio.timeout(within_s):
            first, length = await self.reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self.reader.readexactly(2), "big")
            return first & 0x0F, await self.reader.readexactly(length)

    async def close_code(self, within_s: float = WITHIN_S) -> int:
        """The code of the close frame; other frames before it are dropped."""
        while (found := await self.frame(within_s))[0] != Opcode.CLOSE:
            pass
        return int.from_bytes(found[1][:2], "big")

    async def end(self, within_s: float = WITHIN_S) -> bytes:
        """What comes until the gateway closes the connection."""
        async with asyncio.timeout(within_s):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
OCPP16 = (*UPGRADE, "Sec-WebSocket-Protocol: ocpp1.6")


@asynccontextmanager
async def wired(gateway: Gateway) -> AsyncIterator[Wire]:
    """A TCP connection while the block runs."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def _stopped(pid: int) -> bool:
    """Whether every thread of the process has stopped: a signal takes its time to reach them."""
    stats = (stat.read_text() for stat in Path(f"/proc/{pid}/task").glob("*/stat"))
    return all(stat.rpartition(") ")[2].startswith("T") for stat in stats)


@contextmanager
def no_broker(stack: Stack) -> Iterator[None]:
    """The broker answers nothing; its connections stay open."""
    stack.broker.pause()
    try:
        while not _stopped(stack.broker.pid):
            time.sleep(0.001)
        yield
    finally:
        stack.broker.resume()


class Ids:
    """Names nobody else uses."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        return f"{self._prefix}{next(self._numbers)}"
