"""A gateway over a stack of its own."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from loadtest.servers.child import process, wait_ready
from local.ports import free_port
from local.stack import Stack


@contextlib.contextmanager
def gateway() -> Iterator[tuple[subprocess.Popen[bytes], int, Stack]]:
    """A gateway over its own stack that lets any charger in; gives it, its port, and the stack."""
    with (
        tempfile.TemporaryDirectory(prefix="plugwatch-bench-") as directory,
        Stack.start(data_dir=Path(directory), given={}) as stack,
    ):
        ports = {"PLUGWATCH_GATEWAY_PORT": free_port(), "PLUGWATCH_GATEWAY_ADMIN_PORT": free_port()}
        environment = {
            **stack.environment,
            **{name: str(port) for name, port in ports.items()},
            "PLUGWATCH_REGISTRATION": "open",
            "PLUGWATCH_HOST": "127.0.0.1",
            "PLUGWATCH_DRAIN_S": "0",
            "PLUGWATCH_LOG_LEVEL": "WARNING",
        }
        subprocess.run([sys.executable, "-m", "shared.migrate"], env={**os.environ, **environment}, check=True)
        with process("ingest.gateway", environment=environment) as child:
            wait_ready(ports["PLUGWATCH_GATEWAY_ADMIN_PORT"])
            yield child, ports["PLUGWATCH_GATEWAY_PORT"], stack
