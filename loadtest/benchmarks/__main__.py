"""Benchmarks that anyone can repeat: ``python -m loadtest.benchmarks NAME`` (see ``--help``).

Everything runs on this machine, against processes started here, and speed is given as a ratio to a
baseline measured in the same run, in alternating rounds. CPU is the server process's own, from
/proc, so the clients' cost is not in it.
"""

import argparse
import json
import os
import platform
from collections.abc import Sequence

import uvloop

from loadtest.benchmarks.answered import answered
from loadtest.benchmarks.handshakes import handshakes
from loadtest.benchmarks.idle import idle
from loadtest.benchmarks.whole import whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one benchmark and prints its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)
    one = commands.add_parser("answered", help="CPU (µs) per StatusNotification answered, beside a bare echo")
    one.add_argument("--connections", type=int, default=500)
    one.add_argument("--frames", type=int, default=20_000, help="statuses a round (default: 20000)")
    one.add_argument("--rounds", type=int, default=5)
    one = commands.add_parser("idle", help="memory per idle connection")
    one.add_argument("--connections", type=int, default=5_000)
    one.add_argument(
        "--deflate", choices=("off", "offered", "used"), default="off", help="permessage-deflate, in 2.0.1"
    )
    one = commands.add_parser("handshakes", help="CPU (ms) a handshake, by what the password is")
    one.add_argument("--chargers", type=int, default=200, help="of each kind (default: 200)")
    one = commands.add_parser("whole", help="CPU (µs) per status over all processes; catching up beside a bare loop")
    one.add_argument("--connections", type=int, default=1_000)
    one.add_argument("--frames", type=int, default=40_000, help="statuses a round (default: 40000)")
    one.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    match given.name:
        case "answered":
            measured = answered(given.connections, given.frames, given.rounds)
        case "idle":
            measured = idle(given.connections, given.deflate)
        case "handshakes":
            measured = handshakes(given.chargers)
        case _:
            measured = whole(given.connections, given.frames, given.rounds)
    result = uvloop.run(measured)
    print(json.dumps({**result, "python": platform.python_version(), "cores": os.cpu_count()}, indent=1))


if __name__ == "__main__":
    main()
