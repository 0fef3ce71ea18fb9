"""One record passed by hand: only the next one, only when it is meant, with rollups running."""

from pathlib import Path

import pytest

from ingest.rollup.fold.fold import Policy
from ingest.rollup.redrive import skip
from local.stack import Stack
from tests.events import Record, Session
from tests.integration.rollup.parts import Fleet, clock, eventually, publish, rollup, running
from tests.integration.rollup.redrive.test_redrive import run

pytestmark = pytest.mark.usefixtures("redis")


async def ran(stack: Stack, database_url: str, topic: str, *arguments: str) -> tuple[int | None, str]:
    """Its exit status and what it says."""
    status, out, err = await run(
        stack, topic, *arguments, module="ingest.rollup.redrive.skip", PLUGWATCH_DATABASE_URL=database_url
    )
    return status, out + err


async def test_a_record_that_holds_its_partition_is_shown_and_passed_while_the_rollup_runs(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    session = await fleet.session()
    again = Session(2, key=session.key, charge_point_id=session.charge_point_id)
    await publish(stack, topic, session.began(clock()), session.ended(clock()), again.began(clock()), partition=1)
    bug = Policy(close_grace_ms="a minute")  # type: ignore[arg-type]
    async with rollup(stack, database_url, topic, policy=bug) as one, running(one.consumer.run()):
        await eventually(lambda: "its partition waits" in caplog.text)
        status, said = await ran(stack, database_url, topic, "1", "2", "--save", str(tmp_path / "it"))
        assert (status, "session_began" in said, "--yes" in said) == (0, True, True)
        assert b'"epoch":2' in (tmp_path / "it").read_bytes()
        assert (await one.store.positions([1]))[1].next == 2, "looking passes nothing"
        assert await ran(stack, database_url, topic, "1", "2", "--yes") == (
            0,
            said.replace("not passed; that is what --yes does", "passed"),
        )
        assert (await one.store.positions([1]))[1].next == 3
        await publish(stack, topic, again.ended(clock()), partition=1)
        await eventually(lambda: one.counted("held_partitions") == 0)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("1", "1", "--yes"), 1, "stands before offset 2: rollups passed it already"),
        (("1", "3", "--yes"), 1, "stands before offset 2: rollups are not there yet"),
        (("1", "9", "--yes"), 2, "holds offsets 0 to 3"),
        (("7", "0", "--yes"), 2, "has no partition 7; it has 0, 1, 2, 3"),
        (("0", "0", "--yes"), 2, "holds nothing"),
        (("1", "-1"), 2, "a number from 0"),
    ],
)
async def test_what_is_not_next_or_not_there_is_not_passed(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, arguments: tuple[str, ...], status: int, says: str
) -> None:
    session = await fleet.session()
    await publish(stack, topic, *(session.reported(clock()) for _ in range(4)), partition=1)
    await fleet.pool.execute("INSERT INTO log_positions (topic, partition, next) VALUES ($1, 1, 2)", topic)
    assert (code := await ran(stack, database_url, topic, *arguments))[0] == status, code
    assert says in code[1]
    assert await fleet.pool.fetchval("SELECT next FROM log_positions WHERE topic = $1 AND partition = 1", topic) == 2


def test_what_it_shows_of_a_record_that_is_no_text() -> None:
    assert skip.text(Record(b"\xff" + b"x" * 3000, key=None)).endswith("… (3004 characters; --save FILE keeps all)")
    assert skip.text(Record(None, 4, 2, key=b"\xff")) == "events/2/4, key \\xff:\n"
