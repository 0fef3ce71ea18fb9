"""The gateway's CPU a status that is answered after the broker's ack, beside a bare echo of the same frames."""

from loadtest.benchmarks.clients.charger import Charger
from loadtest.benchmarks.clients.crowd import bearable, crowd
from loadtest.benchmarks.row import Goal, Rounds, Row
from loadtest.servers.child import listening, process
from loadtest.servers.cpu import Meter
from loadtest.servers.system import broker, system
from local.ports import free_port

TITLE = "A status answered"
BASELINE = """`echo`: a bare `websockets.asyncio` server on uvloop that sends each message back. It reads no JSON, \
stores nothing, and was told to send no pings and to compress nothing."""
GOALS = (
    Goal("gateway CPU an answer, 500 connections", "500.ratio", 0.7),
    Goal("gateway CPU an answer, 5,000 connections", "5000.ratio", 0.7),
)


async def answered(*, quick: bool, sizes: tuple[int, ...] = (500, 5_000)) -> Row:
    """The row."""
    frames, rounds = (5_000, 1) if quick else (20_000, 3)
    figures, short = Rounds(), list[str]()
    for n in sizes:
        connections, said = bearable(n, crowds=2)
        short += said
        await _measure(figures, n, connections, frames, rounds)
    return Row({"frames_a_round": frames, "rounds": rounds, "broker": broker()}, figures.spread, GOALS, short)


async def _measure(figures: Rounds, n: int, connections: int, frames: int, rounds: int) -> None:
    echo_port = free_port()
    with process("loadtest.baselines.echo", str(echo_port)) as echo:
        await listening(echo_port)
        async with (
            system(("gateway",), REGISTRATION="open") as ours,
            crowd(ours.gateway_port, connections) as mine,
            crowd(echo_port, connections) as echoed,
        ):
            sides = (("gateway", mine, ours.pids["gateway"]), ("echo", echoed, echo.pid))
            for number in range(rounds + 1):
                found = {}
                for name, chargers, pid in sides:
                    meter = Meter({name: pid})
                    took_s = await chargers.run(frames, Charger.next_status)
                    found[f"{name}_us"] = meter.used_s()[name] / frames * 1e6
                    found[f"{name}_per_s"] = frames / took_s
                if number:  # the first round warms up
                    found["ratio"] = found["gateway_us"] / found["echo_us"]
                    figures.add_all(found, f"{n}.")
