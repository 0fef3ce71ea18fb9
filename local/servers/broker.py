"""librdkafka's built-in broker as a process: the Kafka protocol in memory, at most 5 MB a partition.

It forgets everything when it stops. Topics appear on first use with 4 partitions; a group has one member; nobody can
create topics by the protocol. What needs more than that needs `local.servers.kafka`.
"""

import argparse
import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import confluent_kafka

from local.ports import free_port, listens
from local.process import Process

PARTITIONS = 4


class Broker(Process):
    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.bootstrap_servers = f"127.0.0.1:{self.port}"
        super().__init__(
            "broker",
            [sys.executable, "-m", "local.servers.broker", "--port", str(self.port)],
            directory / "broker.log",
            directory=Path(__file__).parents[2],
        )

    def answers(self) -> bool:
        return listens(self.port)

    def create_topic(self, name: str, partitions: int = PARTITIONS) -> None:
        """Topics appear on first use here; this only refuses what that cannot give."""
        if partitions != PARTITIONS:
            raise ValueError(
                f"{name}: the built-in broker has {PARTITIONS} partitions a topic; use local.servers.kafka"
            )


def serve(port: int) -> None:
    """Run a one-node cluster on `port` until a signal ends the process.

    By the C interface, because Python's (`test.mock.num.brokers`) cannot choose the port, nor do away with the pause of
    3 s before a group's first assignment.
    """
    wheel = Path(confluent_kafka.__file__).parents[1]
    (library,) = (wheel / "confluent_kafka.libs").glob("librdkafka*.so*")
    kafka = ctypes.CDLL(str(library))
    pointer = ctypes.c_void_p
    kafka.rd_kafka_conf_new.restype = pointer
    kafka.rd_kafka_new.restype = pointer
    kafka.rd_kafka_mock_cluster_new.restype = pointer
    kafka.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p

    producer, reason = 0, ctypes.create_string_buffer(256)
    client = kafka.rd_kafka_new(producer, pointer(kafka.rd_kafka_conf_new()), reason, ctypes.c_size_t(len(reason)))
    if not client:
        sys.exit(reason.value.decode())
    cluster = pointer(kafka.rd_kafka_mock_cluster_new(pointer(client), 1))
    kafka.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0)
    chosen = int(kafka.rd_kafka_mock_cluster_bootstraps(cluster).rpartition(b":")[2])
    move_listener(chosen, port)
    kafka.rd_kafka_mock_broker_set_host_port(cluster, 1, b"127.0.0.1", port)
    kafka.rd_kafka_mock_broker_set_up(cluster, 1)  # it is up; but this wakes it from polling the old listener
    signal.pause()


def move_listener(chosen: int, port: int) -> None:
    """Put a listener on `port` in the place of the one on the port that the kernel chose."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    listener.setblocking(False)
    for number in map(int, os.listdir("/proc/self/fd")):
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as candidate:
            if candidate.getsockname() == ("127.0.0.1", chosen):
                os.dup2(listener.fileno(), number)
                return
    sys.exit(f"librdkafka's broker does not listen on {chosen}, though it says so")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=None, help="on 127.0.0.1 (default: a free one)")
    serve(parser.parse_args().port or free_port())
