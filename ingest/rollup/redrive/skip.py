"""One record passed by hand: ``python -m ingest.rollup.redrive.skip PARTITION OFFSET``.

For a record that holds its partition and that a person has looked at: a rollup says which, with partition and
offset. Nothing is changed without --yes: it shows the record, and what would be. Only the record that is next may be
passed, so that none is passed unseen; what it said is lost to state and history unless it was kept (--save FILE),
and stays in the topic until its retention is over. Rollups may run: they notice and go on behind it.

Exit status: 0 when it was shown or passed, 1 when that record is not the next one, 2 when it could not be done.
"""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from ingest import aiokafka_internals
from ingest.rollup.fold.batch import Record, digest
from ingest.rollup.log import lenient
from ingest.rollup.log.administrator import administrator
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.store import Fenced, Move, Store
from shared.process import logs, settings
from shared.process.settings import Settings
from shared.stores import postgres

ANSWER_S = 20
SHOWN = 2_000  #: characters of the value


class NotNext(Exception):
    """The record is not the one that its partition stands before; the message says which is."""


class NotPossible(Exception):
    """It cannot be done so; the message says what to do."""


async def found(servers: str, topic: str, partition: int, offset: int) -> Record:
    """The record there.

    Raises:
        NotPossible: there is no such partition, or no such record any more.
        KafkaError, OSError, TimeoutError: the broker does not answer.
    """
    where = TopicPartition(topic, partition)
    consumer = lenient.consumer(bootstrap_servers=servers, group_id=None, enable_auto_commit=False)
    async with asyncio.timeout(ANSWER_S), administrator(servers) as admin, _running(consumer):
        (described,) = await admin.describe_topics([topic])
        partitions = {one["partition"] for one in described["partitions"]}
        if not partitions:
            raise NotPossible(
                f"the broker has no topic {topic}: see PLUGWATCH_TOPIC, PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS"
            )
        if partition not in partitions:
            raise NotPossible(f"{topic} has no partition {partition}; it has {_listed(partitions)}")
        consumer.assign([where])
        begin, end = (await consumer.beginning_offsets([where]))[where], (await consumer.end_offsets([where]))[where]
        if not begin <= offset < end:
            held = f"offsets {begin} to {end - 1}" if begin < end else "nothing"
            raise NotPossible(f"{topic}/{partition} holds {held}; {offset} is not there")
        consumer.seek(where, offset)
        record: Record = await consumer.getone(where)
        return record


async def passed(store: Store, record: Record, *, is_meant: bool) -> None:
    """Moves the position of the record's partition behind it; without ``is_meant`` it only looks whether that may be.

    Raises:
        NotNext: the partition stands elsewhere, or moved just now.
        one of ``postgres.AWAY``: nothing was changed.
    """
    known = await store.known_position(record.partition)
    if known is None:
        raise NotNext(f"no rollup has read partition {record.partition} of {record.topic} yet")
    if known.next != record.offset:
        way = "passed it already" if known.next > record.offset else "are not there yet; what is before it comes first"
        raise NotNext(f"{record.topic}/{record.partition} stands before offset {known.next}: rollups {way}")
    if is_meant:
        try:
            move = Move(record.partition, record.offset, record.offset + 1, digest(record))
            await store.apply((), [move], lambda *_: (), 0)
        except Fenced:
            raise NotNext("a rollup moved on just now, so the record did not hold it: look again") from None


def text(record: Record) -> str:
    """A record for people."""
    value = (record.value or b"").decode(errors="backslashreplace")
    key = (record.key or b"").decode(errors="backslashreplace")
    more = f"… ({len(value)} characters; --save FILE keeps all)" if len(value) > SHOWN else ""
    return f"{record.topic}/{record.partition}/{record.offset}, key {key or '-'}:\n{value[:SHOWN]}{more}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what is asked and returns the exit status."""
    given = _parser().parse_args(arguments)
    aiokafka_internals.verify()
    logs.configure("skip", "CRITICAL", "text")  # what is wrong is said once, below
    try:
        asyncio.run(_run(settings.load(), given.partition, given.offset, save=given.save, is_meant=given.yes))
    except NotNext as error:
        sys.stderr.write(f"{error}. Nothing was changed\n")
        return 1
    except (NotPossible, SystemExit) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KafkaError as error:
        sys.stderr.write(f"the broker does not answer: {error!r}. Nothing was changed\n")
        return 2
    except postgres.AWAY as error:
        sys.stderr.write(f"the broker or Postgres does not answer: {error!r}. Run it again: it shows what came of it\n")
        return 2
    return 0


async def _run(given: Settings, partition: int, offset: int, *, save: Path | None, is_meant: bool) -> None:
    record = await found(given.kafka_bootstrap_servers, given.topic, partition, offset)
    async with postgres.pool(given.database_url.get_secret_value(), size=1, name="plugwatch-skip") as pool:
        store = Store(pool, topic=given.topic, metrics=Metrics(CollectorRegistry()))
        await passed(store, record, is_meant=False)
        if save is not None:
            try:
                await asyncio.to_thread(save.write_bytes, record.value or b"")
            except OSError as error:
                raise NotPossible(f"{save}: {error}. Nothing was changed") from error
        sys.stdout.write(f"{text(record)}\n")
        if is_meant:
            await passed(store, record, is_meant=True)
    sys.stdout.write(f"{'passed' if is_meant else 'not passed; that is what --yes does'}\n")


@contextlib.asynccontextmanager
async def _running(consumer: AIOKafkaConsumer) -> AsyncIterator[None]:
    try:
        await consumer.start()
        yield
    finally:
        await consumer.stop()


def _listed(partitions: set[int]) -> str:
    return ", ".join(map(str, sorted(partitions)))


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m ingest.rollup.redrive.skip",
        description=summary,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("partition", type=_number, metavar="PARTITION")
    parser.add_argument("offset", type=_number, metavar="OFFSET")
    parser.add_argument("--yes", action="store_true", help="pass it (without: only show it)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write its value into this file")
    return parser


def _number(given: str) -> int:
    if not (given.isdecimal() and given.isascii()) or int(given) >= 2**63:
        raise argparse.ArgumentTypeError(f"{given}: a number from 0, as the rollup's log has it")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
