"""CPU a handshake, by what the charger's password is."""

import asyncio
import base64
import json
import secrets
import string
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence

from loadtest.benchmarks.crowd import ONLY_16, Crowd
from loadtest.servers.child import process, wait_ready
from loadtest.servers.cpu import cpu_s
from loadtest.servers.gateway import gateway
from local.ports import free_port
from local.stack import Stack


async def handshakes(chargers: int) -> dict[str, object]:
    """CPU (ms) of the gateway a handshake, from TCP to the session on the log, and seconds until all are in.

    By what the password is: none, a key such as the API generates, 26 random letters and digits, a phrase
    that a person chose; first by a gateway that has not seen it, then ``again``.
    """
    alphabet = string.ascii_letters + string.digits
    kinds: dict[str, Callable[[], str | None]] = {
        "none": lambda: None,
        "generated": lambda: secrets.token_hex(20),
        "random": lambda: "".join(secrets.choice(alphabet) for _ in range(26)),
        "chosen": lambda: f"correct horse {secrets.randbelow(10_000)}",
    }
    given = {f"{kind}-{i:05d}": make() for kind, make in kinds.items() for i in range(chargers)}

    def headers(identity: str) -> Sequence[str]:
        credentials = base64.b64encode(f"{identity}:{given[identity]}".encode()).decode()
        return (*ONLY_16, f"Authorization: Basic {credentials}")

    figures: dict[str, object] = {}
    with gateway() as (ours, port, stack):
        imported(stack, given)
        await asyncio.sleep(2)  # the gateway reads them
        for kind in kinds:
            for name in (kind, f"{kind}, again"):
                before, started = cpu_s(ours.pid), time.monotonic()
                crowd = Crowd("127.0.0.1", port, headers)
                await crowd.connect(chargers, at_once=50, prefix=kind)
                figures[name] = {
                    "cpu_ms": round((cpu_s(ours.pid) - before) / chargers * 1e3, 2),
                    "all_in_s": round(time.monotonic() - started, 2),
                }
                crowd.close()
                await asyncio.sleep(1)
    return {"benchmark": "handshakes", "chargers_of_each": chargers, **figures}


def imported(stack: Stack, passwords: Mapping[str, str | None]) -> None:
    """Charge points with their passwords, through an API that is started for it."""
    port, token = free_port(), secrets.token_hex(20)
    environment = {"PLUGWATCH_API_PORT": str(port), "PLUGWATCH_HOST": "127.0.0.1", "PLUGWATCH_ADMIN_TOKEN": token}
    rows = [{"charge_point_id": id_} | ({"password": one} if one else {}) for id_, one in passwords.items()]
    with process("api", environment={**stack.environment, **environment}):
        wait_ready(port)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/import",
            "\n".join(map(json.dumps, rows)).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            assert json.load(answer)["totals"]["created"] == len(rows)
