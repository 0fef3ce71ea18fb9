"""Dead letters sent again: state comes right, and what dies in between harms nothing."""

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator, Mapping

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import CollectorRegistry

from ingest.rollup.log import dead_letters
from ingest.rollup.log.dead_letters import Letter
from ingest.rollup.log.quarantine import Quarantine, quarantining
from ingest.rollup.log.senders import Senders
from ingest.rollup.metrics import Metrics
from ingest.rollup.redrive.dead_letter_topic import DeadLetterTopic, opened
from ingest.rollup.redrive.redrive import TIMES, Choice, Outcome, send, show
from local.ports import free_port
from local.stack import Stack
from shared.process.progress import Progress
from shared.words import codec
from shared.words.errors import Poison
from shared.words.event import Event
from tests.events import Record
from tests.integration.rollup.parts import Fleet, clock, eventually, publish, rollup, running

pytestmark = pytest.mark.usefixtures("redis")

PARTITIONS = range(4)


async def set_aside(stack: Stack, fleet: Fleet, topic: str, *given: Event | bytes, reason: str = "invalid") -> None:
    """Makes them dead letters, as a rollup does that does not know better."""
    quarantine = Quarantine(
        servers=stack.kafka_bootstrap_servers,
        topic=f"{topic}.dlq",
        senders=Senders(fleet.pool, topic=topic, limit=10_000),
        metrics=Metrics(CollectorRegistry()),
    )
    async with quarantining(quarantine):
        for offset, one in enumerate(given):
            value, key = (one, b"any") if isinstance(one, bytes) else (codec.encode(one), one.charge_point_id.encode())
            record = Record(value, offset, key=key, topic=topic, headers=[("trace", b"1")])
            await quarantine.isolate([(record, Poison(reason, "an older rollup knew no better"))])


@contextlib.asynccontextmanager
async def opened_topic(stack: Stack, topic: str) -> AsyncIterator[DeadLetterTopic]:
    async with opened(
        servers=stack.kafka_bootstrap_servers, topic=topic, dead_letter_topic=f"{topic}.dlq", group=f"{topic}-redrive"
    ) as box:
        yield box


async def sent(stack: Stack, topic: str, choice: Choice | None = None) -> Outcome:
    """A run of --send."""
    async with opened_topic(stack, topic) as box:
        return await send(box, choice or Choice(), Progress(box.unsent, io.StringIO()))


async def shown(stack: Stack, topic: str, choice: Choice | None = None) -> list[str]:
    """The lines of a run without it."""
    lines: list[str] = []
    async with opened_topic(stack, topic) as box:
        await show(box, choice or Choice(), lines.append)
    return lines


async def records(stack: Stack, topic: str) -> int:
    """How many a topic has."""
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap_servers) as consumer:
        ends = await consumer.end_offsets([TopicPartition(topic, number) for number in PARTITIONS])
    return sum(ends.values())


async def test_what_was_set_aside_is_sent_again_and_state_and_history_come_right(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    began, aside, overtaken = (
        session.began(clock()),
        session.reported(clock(), "Faulted", (1, 1)),
        session.reported(clock(), "Charging", (2, 1)),
    )
    await publish(stack, topic, began, session.reported(clock(), "Reserved", (2, 1)))
    await set_aside(stack, fleet, topic, aside, overtaken)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("RESERVED", session.key))
        assert await sent(stack, topic) == Outcome(2)
        await eventually(lambda: one.counted("events_total", {"kind": "StatusReported"}) == 3)
        statuses = {evse.id: evse.status for evse in (await fleet.document(session.key)).evses}
        assert statuses == {1: "FAULTED", 2: "RESERVED"}
        assert await fleet.history(session.key) == ["ONLINE", "Faulted", "Charging", "Reserved"]
        late = "SELECT reported FROM history WHERE charge_point_key = $1 AND flags @> '{late}'"
        assert [row["reported"] for row in await fleet.pool.fetch(late, session.key)] == ["Charging"]


async def test_what_was_sent_is_remembered_and_looking_sends_nothing(stack: Stack, topic: str, fleet: Fleet) -> None:
    session = await fleet.session()
    await set_aside(stack, fleet, topic, *(session.reported(clock()) for _ in range(3)))
    lines = await shown(stack, topic)
    assert len(lines) == 3
    assert all(f"from {topic}/0/" in line and "an older rollup knew no better" in line for line in lines)
    assert await shown(stack, topic) == lines
    assert await records(stack, topic) == 0
    assert (await sent(stack, topic)).status == 0
    assert await records(stack, topic) == 3
    again = await sent(stack, topic)
    assert (again.done, again.status) == (0, 1)
    assert (await records(stack, topic), await shown(stack, topic)) == (3, [])
    await set_aside(stack, fleet, topic, session.reported(clock()))
    assert await sent(stack, topic) == Outcome(1), "those that come later are sent"


async def test_a_run_that_dies_before_it_remembers_is_done_over_and_changes_nothing(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    session = await fleet.session()
    await publish(stack, topic, session.began(clock()))
    await set_aside(stack, fleet, topic, session.reported(clock(), "Charging"), session.reported(clock(), "Faulted"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        async with opened_topic(stack, topic) as dying:
            await dying.send([letter async for letter in dying.letters()])
        await eventually(lambda: fleet.is_("FAULTED", session.key))
        before = await state(fleet, session.key)
        assert (await sent(stack, topic)).done == 2
        await eventually(lambda: one.counted("duplicates_total") + one.counted("late_total") == 2)
        assert await state(fleet, session.key) == before
        assert await fleet.history(session.key) == ["ONLINE", "Charging", "Faulted"]
    assert (await sent(stack, topic)).done == 0


async def state(fleet: Fleet, key: int) -> list[Mapping[str, object]]:
    """All rows of a charge point but the log's own marks."""
    rows: list[Mapping[str, object]] = []
    for query in (
        "SELECT epoch, sequence, connectivity, status, last_seen_at FROM charge_points WHERE key = $1",
        "SELECT * FROM reports WHERE charge_point_key = $1",
        "SELECT * FROM history WHERE charge_point_key = $1 ORDER BY id",
    ):
        rows += [dict(row) for row in await fleet.pool.fetch(query, key)]
    return rows


async def test_a_record_that_is_poison_still_comes_back_counted_and_is_left_in_the_end(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    await publish(stack, topic, b"no event")

    async def waiting() -> list[Letter]:
        async with opened_topic(stack, topic) as box:
            return [letter async for letter in box.letters()]

    async def is_back(times: int) -> bool:
        return [letter.redriven for letter in await waiting()] == [times]

    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        for times in range(TIMES):
            await eventually(lambda times=times: is_back(times))  # type: ignore[misc]
            assert await sent(stack, topic) == Outcome(1)
        await eventually(lambda: is_back(TIMES))
        assert await sent(stack, topic) == Outcome(0, refused=1)
        assert f"sent again {TIMES}×" in (await shown(stack, topic))[0]
        assert one.counted("dead_letters_total", {"reason": "malformed"}) == TIMES + 1
        assert await sent(stack, topic, Choice(force=True)) == Outcome(1)
        await eventually(lambda: is_back(TIMES + 1))
    (letter,) = await waiting()
    assert (letter.value, letter.key, letter.reason) == (b"no event", b"any", "malformed")


async def test_what_is_left_out_is_sent_by_a_later_run_and_once_more_what_lies_behind_it(
    stack: Stack, topic: str, fleet: Fleet
) -> None:
    await set_aside(stack, fleet, topic, b"1", b"2", reason="malformed")
    await set_aside(stack, fleet, topic, b"3", reason="invalid")
    await set_aside(stack, fleet, topic, b"4", reason="malformed")
    assert (await sent(stack, topic, Choice(since=clock() + 60_000))).done == 0
    assert (await sent(stack, topic, Choice(reasons=frozenset({"invalid"})))).done == 1
    assert (await sent(stack, topic, Choice(limit=1))).done == 1
    left = await shown(stack, topic)
    assert (len(left), await records(stack, topic)) == (3, 2)
    assert (await sent(stack, topic)).done == 3
    assert (await shown(stack, topic), await records(stack, topic)) == ([], 5)


async def run(
    stack: Stack, topic: str, *arguments: str, module: str = "ingest.rollup.redrive", **changed: str
) -> tuple[int | None, str, str]:
    """The command itself: its exit status, and what it says."""
    environment = stack.environment | {
        "PLUGWATCH_TOPIC": topic,
        "PLUGWATCH_DEAD_LETTER_TOPIC": f"{topic}.dlq",
        "PLUGWATCH_CONSUMER_GROUP": topic,
        **changed,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_says_by_its_status_what_it_did(stack: Stack, topic: str, fleet: Fleet) -> None:
    await set_aside(stack, fleet, topic, b"poison")
    status, out, err = await run(stack, topic)
    assert (status, out.splitlines()[-1], err) == (0, "1 to be sent again by --send", "")
    assert f"from {topic}/0/0, 6 bytes: an older rollup knew no better" in out
    assert await run(stack, topic, "--send") == (0, "1 sent again\n", "")
    assert await run(stack, topic, "--send") == (1, "0 sent again\n", "")


async def test_a_letter_that_was_cut_is_never_sent_and_said_to_be(stack: Stack, topic: str, fleet: Fleet) -> None:
    await set_aside(stack, fleet, topic, b"whole")
    key, value, headers = dead_letters.cut(Record(b"x" * 99_999, 7, 3, topic=topic), Poison("malformed", "no JSON"))
    await publish(stack, f"{topic}.dlq", (key, value, headers))
    status, out, _ = await run(stack, topic, "--send", "--force")
    assert status == 1
    assert out.startswith("1 sent again\n1 left: cut, since the whole had no room here. It is in the main topic")
    assert await records(stack, topic) == 1


async def test_the_command_says_what_is_wrong_when_it_cannot_be_done(stack: Stack, topic: str) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    status, _, err = await run(stack, topic, "--send", PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS=nowhere)
    assert (status, err.count("\n")) == (2, 1)
    assert "the broker does not answer" in err
    status, _, err = await run(stack, topic, PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS="")
    assert status == 2
    assert "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS" in err
    for wrong in (("--since", "soon"), ("--limit", "0"), ("--list", "--send")):
        assert (await run(stack, topic, *wrong))[0] == 2


@pytest.mark.kafka
async def test_a_dead_letter_topic_that_is_not_there_is_named(stack: Stack, topic: str) -> None:
    status, _, err = await run(stack, topic, PLUGWATCH_DEAD_LETTER_TOPIC="elsewhere")
    assert (status, "the broker has no topic elsewhere" in err) == (2, True)
