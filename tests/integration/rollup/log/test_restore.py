"""Backing up Postgres and replaying the log, by the very commands of docs/backup-and-replay.md."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from local.servers import postgres as embedded
from local.stack import Stack
from shared.words.event import Event
from tests.events import Session
from tests.integration.rollup.copy.copied import is_copied
from tests.integration.rollup.parts import Fleet, clock, eventually, publish, rollup, running

PAGE = Path(__file__).parents[4] / "docs" / "backup-and-replay.md"


class Shell:
    """Runs the page's commands where the database is."""

    def __init__(self, database_url: str, directory: Path) -> None:
        url = urlsplit(database_url)
        self._database = url.path.removeprefix("/")
        self._directory = directory
        self._environment = {
            "PATH": f"{Path(embedded.binary('psql')).parent}:/usr/bin:/bin",
            "PGHOST": str(url.hostname),
            "PGPORT": str(url.port),
            "PGPASSWORD": str(url.password),
        }

    async def run(self, heading: str) -> None:
        """The shell block under a heading of the page."""
        section = re.search(rf"^## {heading}$(.*?)(?=^## )", PAGE.read_text(encoding="utf-8"), re.M | re.S)
        assert section is not None
        block = re.search(r"^ *```sh\n(.*?)```", section[1], re.M | re.S)
        assert block is not None
        script = (
            block[1].replace("docker compose exec -T postgres ", "").replace("-d plugwatch", f"-d {self._database}")
        )
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-euc",
            script,
            cwd=self._directory,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


async def everything(fleet: Fleet) -> Mapping[str, list[dict[str, object]]]:
    """What Postgres says, but for the marks of when and how often it was written."""
    queries = {
        "charge points": "SELECT to_jsonb(c) - 'revision' - 'updated_at' || jsonb_build_object('document', "
        "document::jsonb - 'revision') AS row FROM charge_points c ORDER BY key",
        "stations": "SELECT to_jsonb(s) - 'revision' - 'updated_at' AS row FROM stations s ORDER BY key",
        "reports": "SELECT to_jsonb(r) AS row FROM reports r ORDER BY charge_point_key, evse_id, connector_id",
        "history": "SELECT to_jsonb(h) - 'id' AS row FROM history h ORDER BY charge_point_key, epoch, sequence, kind",
        "positions": "SELECT to_jsonb(p) AS row FROM log_positions p ORDER BY topic, partition",
    }
    return {name: [row["row"] for row in await fleet.pool.fetch(query)] for name, query in queries.items()}


async def is_at_the_end(fleet: Fleet, topic: str, published: int) -> bool:
    return bool(await fleet.pool.fetchval("SELECT sum(next) FROM log_positions WHERE topic = $1", topic) == published)


async def test_a_restored_backup_comes_to_the_same_state_and_history_by_itself(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, redis: Redis, tmp_path: Path
) -> None:
    sessions = [await fleet.session(f"CP{number}") for number in range(6)]
    shell = Shell(database_url, tmp_path)
    before = [
        event for session in sessions for event in (session.began(clock()), session.reported(clock(), "Charging"))
    ]
    await publish(stack, topic, *before)
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: is_at_the_end(fleet, topic, len(before)))
        await shell.run("Back up")
        since = later(sessions)
        await publish(stack, topic, *since)
        await eventually(lambda: is_at_the_end(fleet, topic, len(before) + len(since)))
    expected = await everything(fleet)
    assert {row["connectivity"] for row in expected["charge points"]} == {"ONLINE", "OFFLINE"}

    await shell.run("Restore")
    await redis.flushall()
    assert (await everything(fleet)) != expected
    assert await is_at_the_end(fleet, topic, len(before))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run(), one.publication.run()):
        await eventually(lambda: is_at_the_end(fleet, topic, len(before) + len(since)))
        assert await everything(fleet) == expected
        assert (
            one.counted("other_logs_total") == one.counted("lost_records_total") == one.counted("duplicates_total") == 0
        )
        for session in sessions:
            await eventually(lambda session=session: is_copied(fleet.pool, one.hot_copy, session))  # type: ignore[misc]


def later(sessions: list[Session]) -> list[Event]:
    """What chargers say after the backup: changes, an outage, a session anew, one that overlaps."""
    events: list[Event] = []
    for session in sessions:
        events += [session.reported(clock(), "Available"), session.reported(clock(), "Faulted", (2, 1))]
    events.append(sessions[0].ended(clock(), "silent"))
    again = Session(epoch=9, key=sessions[1].key, charge_point_id=sessions[1].charge_point_id)
    events += [again.began(clock()), again.reported(clock(), "Reserved"), sessions[1].reported(clock(), "Unavailable")]
    return events


@pytest.mark.usefixtures("redis")
async def test_what_was_created_since_the_backup_is_skipped_and_its_key_is_never_given_again(
    stack: Stack, database_url: str, topic: str, fleet: Fleet, tmp_path: Path
) -> None:
    kept = await fleet.session("KEPT")
    shell = Shell(database_url, tmp_path)
    await shell.run("Back up")
    revision = await fleet.pool.fetchval("SELECT last_value FROM revisions")
    lost = await fleet.session("LOST")
    await publish(stack, topic, lost.began(clock()), lost.reported(clock(), "Faulted"))
    await shell.run("Restore")
    new = await fleet.session("NEW")
    assert new.key > lost.key
    assert await fleet.pool.fetchval("SELECT last_value FROM revisions") > revision + 1_000_000
    await publish(stack, topic, kept.began(clock()), kept.reported(clock(), "Charging"))
    async with rollup(stack, database_url, topic) as one, running(one.consumer.run()):
        await eventually(lambda: fleet.is_("OCCUPIED", kept.key))
        await eventually(lambda: one.counted("unknown_total") == 2)
    assert await fleet.is_("NEVER", new.key)
