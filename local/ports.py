"""TCP ports of 127.0.0.1: the usual one if it is free, else another."""

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path

# Below the ephemeral range: there, a client that keeps dialling a server that is down can connect to itself.
FREE_PORTS = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(usual: int | None = None) -> int:
    """`usual` if nothing listens there, else a random free port."""
    if usual is not None and is_free(usual):
        return usual
    while not is_free(port := secrets.choice(FREE_PORTS)):
        pass
    return port


def listens(port: int) -> bool:
    """Whether something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def serves(pid: int, port: int) -> bool:
    """Whether it is the process `pid` that listens on `port`, and not another that was quicker."""
    listening = "0A"
    rows = [row.split() for table in ("tcp", "tcp6") for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == listening and row[1].endswith(f":{port:04X}")}
    with suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{number}") in sockets:
                    return True
    return False
