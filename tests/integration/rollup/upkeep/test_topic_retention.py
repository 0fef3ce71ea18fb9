"""How long the topic keeps its records: what the broker says, and nothing where it says nothing."""

import math

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from prometheus_client import CollectorRegistry

from ingest.rollup.metrics import Metrics
from ingest.rollup.upkeep.topic_retention import TopicRetention
from local.ports import free_port
from local.servers.broker import Broker
from local.stack import Stack
from tests.integration.rollup.parts import eventually, never, running


class Asking:
    """The task and its gauge."""

    def __init__(self, servers: str, topic: str) -> None:
        self._registry = CollectorRegistry()
        self.retention = TopicRetention(servers=servers, topic=topic, metrics=Metrics(self._registry))

    def told(self) -> float | None:
        return self._registry.get_sample_value("plugwatch_rollup_retention_seconds")

    async def is_told(self) -> bool:
        return self.told() is not None


@pytest.mark.kafka
@pytest.mark.parametrize(("ms", "seconds"), [("3600000", 3600), ("-1", math.inf)])
async def test_the_brokers_word_in_seconds(stack: Stack, topic: str, ms: str, seconds: float) -> None:
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    kept = NewTopic(f"{topic}-{seconds}", 1, 1, config={"retention.ms": ms})
    admin.create_topics([kept])[kept.topic].result(timeout=20)
    asking = Asking(stack.kafka_bootstrap_servers, kept.topic)
    async with running(asking.retention.run()):
        await eventually(lambda: asking.told() == seconds)


@pytest.mark.kafka
async def test_what_is_not_told_any_more_is_forgotten(
    stack: Stack, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    asking = Asking(stack.kafka_bootstrap_servers, topic)
    async with running(asking.retention.run()):
        await eventually(asking.is_told)
    admin = AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})
    admin.delete_topics([topic])[topic].result(timeout=20)
    async with running(asking.retention.run()):
        await eventually(lambda: asking.told() is None)
    assert "does not tell the topic's retention any more" in caplog.text


async def test_a_broker_that_does_not_answer_tells_nothing(stack: Stack, topic: str) -> None:
    """librdkafka's broker does not know the request; Apache Kafka does, so there it is a broker that is away."""
    servers = stack.kafka_bootstrap_servers if isinstance(stack.broker, Broker) else f"127.0.0.1:{free_port()}"
    asking = Asking(servers, topic)
    async with running(asking.retention.run()):
        await never(asking.is_told, for_s=1)
