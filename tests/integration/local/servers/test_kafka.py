"""Apache Kafka keeps its records over kill -9, on the same port."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from local.servers.kafka import Kafka

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


async def produce(kafka: Kafka, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=True, acks="all"
    ) as producer:
        await producer.send_and_wait(topic, value, partition=0)


async def records(kafka: Kafka, topic: str, number: int) -> list[bytes | None]:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(number)]


async def test_acknowledged_records_outlive_kill_9(kafka: Kafka) -> None:
    kafka.create_topic("kept", partitions=3)
    await produce(kafka, "kept", b"before")
    kafka.kill()
    kafka.start()
    await produce(kafka, "kept", b"after")
    assert await records(kafka, "kept", 2) == [b"before", b"after"]


async def test_topics_have_the_partitions_asked_for(kafka: Kafka) -> None:
    kafka.create_topic("wide", partitions=12)
    kafka.create_topic("wide", partitions=12)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        assert len(await producer.partitions_for("wide")) == 12


async def test_a_stopped_kafka_starts_again_from_its_directory_on_another_port(tmp_path: Path) -> None:
    with Kafka(tmp_path) as kafka:
        kafka.create_topic("kept")
        await produce(kafka, "kept", b"before")
    with Kafka(tmp_path) as again:
        assert await records(again, "kept", 1) == [b"before"]
