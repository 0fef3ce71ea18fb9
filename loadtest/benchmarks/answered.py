"""CPU a status that is answered after the broker's ack, beside a bare echo."""

from loadtest.benchmarks.crowd import crowd
from loadtest.benchmarks.summary import summary
from loadtest.servers.child import listening, process
from loadtest.servers.cpu import cpu_s
from loadtest.servers.gateway import gateway
from local.ports import free_port


async def answered(connections: int, frames: int, rounds: int) -> dict[str, object]:
    """CPU a StatusNotification answered after the broker's ack, beside a bare echo of the same frames."""
    echo_port = free_port()
    with gateway() as (ours, port, _), process("loadtest.servers.echo", str(echo_port)) as echo:
        await listening(echo_port)
        async with crowd(port, connections) as chargers, crowd(echo_port, connections) as echoed:
            figures: dict[str, list[float]] = {"gateway": [], "echo": [], "ratio": [], "answered_per_s": []}
            for number in range(rounds + 1):
                cost = {}
                for name, clients, pid in (("gateway", chargers, ours.pid), ("echo", echoed, echo.pid)):
                    before = cpu_s(pid)
                    took_s = await clients.run(frames)
                    cost[name] = (cpu_s(pid) - before) / frames * 1e6
                    if name == "gateway":
                        rate = frames / took_s
                if number:  # the first round warms up
                    figures["gateway"].append(cost["gateway"])
                    figures["echo"].append(cost["echo"])
                    figures["ratio"].append(cost["gateway"] / cost["echo"])
                    figures["answered_per_s"].append(rate)
    return {"benchmark": "answered", "connections": connections, "frames_a_round": frames, **summary(figures)}
