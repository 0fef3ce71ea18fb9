"""Records that the client library cannot read cost themselves alone, also through the commands for people."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.util import calc_crc32c

from ingest.rollup.log.dead_letters import letter
from local.servers.broker import Broker
from local.stack import Stack
from shared.words import codec
from tests.integration.rollup.parts import Fleet, Raw, clock, consumed, eventually, publish, rollup, running
from tests.integration.rollup.redrive.test_redrive import run
from tests.integration.rollup.redrive.test_skip import ran

pytestmark = pytest.mark.usefixtures("redis")

HEADER_BYTES = _DefaultRecordBatchBuilderPy.HEADER_STRUCT.size
GZIP = 1


class Name(str):
    """A header's name in Latin-1."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("latin-1")


class Bad(_DefaultRecordBatchBuilderPy):  # type: ignore[misc]
    """A batch that is spoiled after it was made, its checksum right."""

    spoiled: Callable[[bytearray], bytes] = staticmethod(bytes)

    def build(self) -> bytearray:
        made = bytearray(type(self).spoiled(super().build()))
        struct.pack_into(">i", made, 8, len(made) - self.AFTER_LEN_OFFSET)
        struct.pack_into(">I", made, self.CRC_OFFSET, calc_crc32c(made[self.ATTRIBUTES_OFFSET :]))
        return made


async def put(
    stack: Stack, topic: str, *records: Raw, builder: type = _DefaultRecordBatchBuilderPy, compression: int = 0
) -> None:
    """Puts one batch on partition 0, whatever its headers are."""
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka_bootstrap_servers, acks="all") as producer:
        batch = producer.create_batch()
        batch._builder = builder(2, compression, False, -1, -1, 0, 2**20)
        for key, value, headers in records:
            batch.append(key=key, value=value, timestamp=None, headers=headers)
        await (await producer.send_batch(batch, topic, partition=0))


ODD: list[tuple[str, Any]] = [(Name("größe"), b"1"), (Name("\xff"), b"\xff"), ("x", None), (Name("\xff\xfe\xff"), b"2")]


@pytest.mark.parametrize("compression", [0, GZIP], ids=["plain", "gzip"])
async def test_a_header_name_that_is_no_utf8_stops_nothing_and_an_event_under_it_counts(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, compression: int
) -> None:
    session, behind = await fleet.session("A"), await fleet.session("B")
    events = [session.began(clock()), session.reported(clock()), session.reported(clock(), "Faulted")]
    given: list[Raw] = [(b"k", codec.encode(event), ODD) for event in events]
    await put(stack, topic, given[0], given[1], (b"EVIL", b"poison", ODD), given[2], compression=compression)
    await publish(stack, topic, behind.began(clock()), behind.reported(clock()), partition=0)
    for _ in range(2):  # the second begins one record early, in the middle of them
        async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
            await eventually(lambda: fleet.is_("AVAILABLE", behind.key))
            assert await fleet.is_("FAULTED", session.key)
            assert (await one.store.positions([0]))[0].next == 6
    (found,) = [letter(record, 0) for record in await consumed(stack, f"{topic}.dlq", 1)]
    assert (found.key, found.value, found.source) == (b"EVIL", b"poison", f"{topic}/0/2")
    assert [name for name, _ in found.headers] == ["gr\\xf6\\xdfe", "\\xff", "x", "\\xff\\xfe\\xff"]


async def test_the_commands_read_what_the_rollup_reads(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    await put(stack, topic, (b"EVIL", b"poison", ODD), (b"EVIL", b"more", ODD))
    await put(stack, f"{topic}.dlq", (b"EVIL", b"poison", ODD))
    await fleet.pool.execute("INSERT INTO log_positions (topic, partition, next) VALUES ($1, 0, 1)", topic)
    assert (await ran(stack, database_url, topic, "0", "1", "--yes"))[0] == 0
    status, out, err = await run(stack, topic, "--list")
    assert (status, "1" in out) == (0, True), (out, err)


def cut_short(made: bytearray) -> bytes:
    return bytes(made[:-3])


def garbage(made: bytearray) -> bytes:
    return bytes(made[:HEADER_BYTES]) + b"\xff" * 200


def half_of_gzip(made: bytearray) -> bytes:
    return bytes(made[: -len(made) // 4])


def other_gzip(made: bytearray) -> bytes:
    return bytes(made[:HEADER_BYTES]) + zlib.compress(b"x", wbits=31)


@pytest.mark.parametrize(
    ("spoiled", "compression", "read"),
    [(cut_short, 0, 1), (garbage, 0, 0), (garbage, GZIP, 0), (half_of_gzip, GZIP, 0), (other_gzip, GZIP, 0)],
)
async def test_a_damaged_batch_becomes_one_dead_letter_as_it_lies_in_the_log(
    stack: Stack,
    database_url: str,
    topic: str,
    fleet: Fleet,
    spoiled: Callable[[bytearray], bytes],
    compression: int,
    read: int,
) -> None:
    behind = await fleet.session("B")
    builder = type("Spoiled", (Bad,), {"spoiled": staticmethod(spoiled)})
    records: list[Raw] = [(b"k", b"one", []), (b"k", b"two", [])]
    if not isinstance(stack.broker, Broker):  # Apache Kafka looks into what it is given
        with pytest.raises(KafkaError):
            await put(stack, topic, *records, builder=builder, compression=compression)
        return
    await put(stack, topic, *records, builder=builder, compression=compression)
    await publish(stack, topic, behind.began(clock()), behind.reported(clock()), partition=0)
    for _ in range(2):
        async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
            await eventually(lambda: fleet.is_("AVAILABLE", behind.key))
            assert (await one.store.positions([0]))[0].next == 4
    letters = [letter(record, 0) for record in await consumed(stack, f"{topic}.dlq", read + 1)]
    (damaged,) = (one for one in letters if one.key is None)
    assert (damaged.source, damaged.reason) == (f"{topic}/0/1", "malformed")
    assert len(damaged.value) > HEADER_BYTES
