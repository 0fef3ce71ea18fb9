"""What we use of aiokafka that it does not promise to keep: in one place, pinned, and looked at before a process runs.

With another release of it a process ends at once and says what to read; else the first outage of a broker would tell.
"""

import asyncio
import importlib
from operator import attrgetter
from typing import Any

import aiokafka
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerClosed

READ_IN = "0.14."  #: releases whose source was read for what is used here; pyproject.toml pins the same

#: of a producer: see `fail_unsent`
_PRODUCER = (
    "_sender.sender_task",
    "_message_accumulator._batches",
    "_message_accumulator._pending_batches",
    "_message_accumulator.fail_all",
    "client.close",
)
#: of a consumer: see `ingest.rollup.log.lenient`
_MODULES = (
    ("aiokafka.consumer.fetcher", "MemoryRecords"),
    ("aiokafka.record.default_records", "_DefaultRecordBatchPy._read_msg"),
    ("aiokafka.record.default_records", "_DefaultRecordPy"),
    ("aiokafka.record.memory_records", "_MemoryRecordsPy._cache_next"),
    ("aiokafka.record.util", "decode_varint"),
)


def verify(version: str = aiokafka.__version__) -> None:
    """Nothing, if the aiokafka that is installed is one that we know. To be called when a process starts.

    Raises:
        SystemExit: it is not; the text says what to do.
    """
    if not version.startswith(READ_IN):
        raise SystemExit(_told(version, f"only {READ_IN}* was read"))
    missing = [f"{module}.{name}" for module, name in _MODULES if not _has(importlib.import_module(module), name)]
    if missing := missing + asyncio.run(_missing_of_a_producer()):
        raise SystemExit(_told(version, f"it has no {', '.join(missing)}"))


async def fail_unsent(producer: AIOKafkaProducer) -> None:
    """Fails all that a producer has not sent, and ends it. Left to itself it would write after its successor did."""
    sender = producer._sender.sender_task
    for _ in range(2):  # the first makes it wait for what is in flight
        if sender is not None and not sender.done():
            sender.cancel()
            await asyncio.wait([sender], timeout=0.5)
    held = producer._message_accumulator
    for queued in held._batches.values():  # where its own callbacks look for those that wait for another try
        held._pending_batches.update(queued)
    held.fail_all(ProducerClosed())


async def _missing_of_a_producer() -> list[str]:
    producer = AIOKafkaProducer(enable_idempotence=True)
    try:
        return [f"AIOKafkaProducer.{name}" for name in _PRODUCER if not _has(producer, name)]
    finally:
        await producer.stop()


def _has(of: Any, name: str) -> bool:
    try:
        attrgetter(name)(of)
    except AttributeError:
        return False
    return True


def _told(version: str, why: str) -> str:
    return (
        f"aiokafka {version} is installed, and we use parts of it that it does not promise to keep: {why}. "
        "Install what requirements/ingest.txt names; to use another one, read ingest/aiokafka_internals.py and "
        "ingest/rollup/log/lenient.py beside its source, and raise READ_IN there and the pin in pyproject.toml"
    )
