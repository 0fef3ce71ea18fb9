"""The embedded stack as the tests and `make run` use it: it comes up, keeps what it should and leaves no orphan."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis.asyncio import Redis

from local.proc import runs
from local.stack import NotStartedHere, Stack
from tests.waiting import until

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack.start(data_dir=tmp_path_factory.mktemp("stack"), given={}) as stack:
        yield stack


async def query(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def produce(stack: Stack, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=stack.kafka_bootstrap_servers, enable_idempotence=True, acks="all"
    ) as producer:
        await producer.send_and_wait(topic, value, key=b"CP1")


async def consume(stack: Stack, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=stack.kafka_bootstrap_servers, group_id="test", auto_offset_reset="earliest"
    )
    async with consumer:
        record = await consumer.getone()
        value: bytes | None = record.value
        return value


async def test_postgres_answers(stack: Stack) -> None:
    assert await query(stack.database_url, "SELECT 1") == 1


async def test_postgres_compares_text_by_code_point(stack: Stack) -> None:
    assert await query(stack.database_url, "SELECT 'B' < 'a'") is True


async def test_postgres_refuses_a_wrong_password(stack: Stack) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(stack.database_url.replace(stack.postgres.password, "guess"), "SELECT 1")


async def test_a_created_database_is_a_copy_of_its_template(stack: Stack) -> None:
    template = stack.postgres.create_database("template_of_test")
    await query(template, "CREATE TABLE plugs AS SELECT 7 AS id")
    copy = stack.postgres.create_database("copy_of_test", template="template_of_test")
    assert await query(copy, "SELECT id FROM plugs") == 7
    stack.postgres.drop_database("copy_of_test")


async def test_a_commit_outlives_kill_9_of_postgres(stack: Stack) -> None:
    dsn = stack.postgres.create_database("killed")
    await query(dsn, "CREATE TABLE plugs AS SELECT 7 AS id")
    stack.postgres.kill()
    stack.postgres.start()
    assert await query(dsn, "SELECT id FROM plugs") == 7


async def test_redis_answers_and_comes_back_empty_on_its_port(stack: Stack) -> None:
    async with Redis.from_url(stack.redis_url) as client:
        await client.set("key", "value")
    stack.redis.restart()
    async with Redis.from_url(stack.redis_url) as client:
        assert await client.get("key") is None


async def test_the_broker_takes_idempotent_records_and_serves_a_group(stack: Stack) -> None:
    await produce(stack, "events", b"plugged")
    assert await consume(stack, "events") == b"plugged"


async def test_the_broker_comes_back_on_its_port_as_another_log(stack: Stack) -> None:
    await produce(stack, "log", b"before")
    stack.broker.restart()
    await produce(stack, "log", b"after")
    assert await consume(stack, "log") == b"after"


def test_a_paused_part_does_not_answer_until_resumed(stack: Stack) -> None:
    stack.redis.pause()
    assert not stack.redis.answers()
    stack.redis.resume()
    assert stack.redis.answers()


def test_what_the_environment_names_is_used_and_not_started(tmp_path: Path) -> None:
    given = {
        "PLUGWATCH_DATABASE_URL": "postgresql://elsewhere/db",
        "PLUGWATCH_REDIS_URL": "redis://elsewhere",
        "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS": "elsewhere:9092",
    }
    with Stack.start(data_dir=tmp_path, given=given) as stack:
        assert stack.environment == given
        assert stack.processes == {}
        with pytest.raises(NotStartedHere):
            _ = stack.postgres


async def test_a_second_start_finds_the_data_of_the_first(tmp_path: Path) -> None:
    for statement in ("CREATE TABLE plugs AS SELECT 7 AS id", "INSERT INTO plugs VALUES (8)"):
        with Stack.start(data_dir=tmp_path, given={}) as stack:
            await query(stack.database_url, statement)
    with Stack.start(data_dir=tmp_path, given={}) as stack:
        assert await query(stack.database_url, "SELECT sum(id) FROM plugs") == 15


SCRIPT = """
import json, os, sys, time
from pathlib import Path
from local.proc import descendants
from local.stack import Stack

with Stack.start(data_dir=Path(sys.argv[1]), given={}) as stack:
    print(json.dumps(list(descendants(os.getpid()))), flush=True)
    time.sleep(60)
"""


def test_kill_9_of_the_parent_leaves_no_orphan(tmp_path: Path) -> None:
    script = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(script, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        with closing(parent.stdout) as output:
            orphans = json.loads(output.readline())
        parent.send_signal(signal.SIGKILL)
    assert len(orphans) > 3, "Postgres has children of its own"
    until(lambda: not any(runs(pid) for pid in orphans))
