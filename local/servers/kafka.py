"""Apache Kafka, one node in KRaft mode, on 127.0.0.1: the broker that keeps its records over kill -9.

Topics are created by name, never by first use. It needs Java, and Maven the first time, and takes seconds to start.
"""

import base64
import uuid
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.ports import free_port, listens
from local.process import Process
from local.servers import kafka_jars

JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true")
LOG4J = """<Configuration status="error">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %-5p %c{1}: %m%n"/></Console></Appenders>
  <Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""
ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Soon back after a kill: the controller takes the dead broker for alive until its session ends (default 9 s).
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "200",
    "group.min.session.timeout.ms": "1000",
}


class Kafka(Process):
    """The records under `home`; they are kept."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.port = free_port()
        self.bootstrap_servers = f"127.0.0.1:{self.port}"
        self._controller = f"127.0.0.1:{free_port()}"
        self._properties = self.home / "server.properties"
        command = self._java("kafka.Kafka", self._properties)
        super().__init__("kafka", command, self.home / "kafka.log", ready_within_s=60)

    def spawn(self) -> None:
        kafka_jars.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "log4j2.xml").write_text(LOG4J)
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()))
        self._format()
        super().spawn()

    def answers(self) -> bool:
        """Whether it is in its own metadata: it listens well before it leads its partitions."""
        if not listens(self.port):
            return False
        try:
            return bool(self._admin().list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    def create_topic(self, name: str, partitions: int = 4) -> None:
        """Create it; one that exists is left as it is."""
        admin = self._admin()
        if name not in admin.list_topics(timeout=10).topics:
            admin.create_topics([NewTopic(name, partitions, 1)])[name].result(timeout=10)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})

    def _settings(self) -> dict[str, str]:
        return ONE_NODE | {
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://{self._controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap_servers}",
            "controller.quorum.voters": f"1@{self._controller}",
            "log.dirs": str(self.home / "data"),
        }

    def _format(self) -> None:
        """Give an empty data directory its cluster id; one that has it is left as it is."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        if not (self.home / "data" / "meta.properties").exists():
            tool = self._java("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", self._properties)
            Process("kafka-format", tool, self.home / "format.log").run()

    def _java(self, *arguments: str | Path) -> list[str | Path]:
        log4j = f"-Dlog4j2.configurationFile={self.home / 'log4j2.xml'}"
        return ["java", *JVM, log4j, "-cp", f"{kafka_jars.jar_directory()}/*", *arguments]
