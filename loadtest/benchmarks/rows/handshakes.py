"""CPU (ms) of the gateway a handshake, from TCP to the session on the log, by what the charger's password is.

None, a key such as the API generates, 26 random letters and digits, a phrase that a person chose; first by a gateway
that has not seen it, then again.
"""

import asyncio
import base64
import secrets
import string
from collections.abc import Callable, Mapping, Sequence

from loadtest.benchmarks.clients.crowd import ONLY_16, Crowd, named
from loadtest.benchmarks.row import Rounds, Row
from loadtest.servers.cpu import Meter
from loadtest.servers.inventory import imported
from loadtest.servers.system import broker, system

TITLE = "A handshake"
GOALS = ()
BASELINE = "None: the kinds of password stand beside each other."
_ALPHABET = string.ascii_letters + string.digits
KINDS: dict[str, Callable[[], str | None]] = {
    "none": lambda: None,
    "generated": lambda: secrets.token_hex(20),
    "random": lambda: "".join(secrets.choice(_ALPHABET) for _ in range(26)),
    "chosen": lambda: f"correct horse {secrets.randbelow(10_000):04}",
}


async def handshakes(*, quick: bool) -> Row:
    """The row."""
    n, figures = 50 if quick else 200, Rounds()
    given = {id_: make() for kind, make in KINDS.items() for id_ in named(n, kind)}
    async with system(("gateway", "api")) as ours:
        imported(ours.api_port, ours.token, inventory(given))
        await asyncio.sleep(2)  # the gateway reads them
        for kind in KINDS:
            for name in (kind, f"{kind}, again"):
                meter, chargers = Meter({"gateway": ours.pids["gateway"]}), Crowd(ours.gateway_port, headers(given))
                await chargers.connect(named(n, kind), at_once=50)
                figures.add(f"{name}.cpu_ms", meter.used_s()["gateway"] / n * 1e3)
                figures.add(f"{name}.all_in_s", meter.seconds)
                chargers.close()
                await asyncio.sleep(1)
    return Row({"chargers_of_each": n, "broker": broker()}, figures.spread, GOALS)


def inventory(passwords: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Rows of an import: charge points with their passwords."""
    return [{"charge_point_id": id_} | ({"password": one} if one else {}) for id_, one in passwords.items()]


def headers(passwords: Mapping[str, str | None]) -> Callable[[str], Sequence[str]]:
    """What each says of itself in its handshake."""

    def of(identity: str) -> Sequence[str]:
        credentials = base64.b64encode(f"{identity}:{passwords[identity]}".encode()).decode()
        return (*ONLY_16, f"Authorization: Basic {credentials}")

    return of
