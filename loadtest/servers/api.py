"""An API on a port of its own, for the length of a block."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local.ports import free_port

from .child import process, wait_ready


@dataclass(frozen=True)
class Served:
    """Where it is."""

    port: int
    pid: int


@contextlib.contextmanager
def serving(environment: Mapping[str, str], **settings: str) -> Iterator[Served]:
    """It is ready; ``settings`` are names without prefix (``READ_TOKEN="t"``)."""
    port = free_port()
    own = {"HOST": "127.0.0.1", "API_PORT": str(port), **settings}
    with process("api", environment={**environment, **{f"PLUGWATCH_{name}": own[name] for name in own}}) as child:
        wait_ready(port)
        yield Served(port, child.pid)
