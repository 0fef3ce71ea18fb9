"""`python -m local run`; `--help` says more."""

import argparse
import os
import sys
from pathlib import Path

from local.system.programs import Plan
from local.system.run import run

BROKERS = ("mock", "kafka")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local", description="Plugwatch and all it needs, on this machine")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "run",
        help="run everything until Ctrl-C",
        description="Run Postgres, Redis, a broker, gateway, rollup, API and simulated chargers until Ctrl-C. "
        "Any PLUGWATCH_* variable of the environment wins; PLUGWATCH_DATABASE_URL, PLUGWATCH_REDIS_URL or "
        "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS also keeps that part from being started.",
    )
    command.add_argument(
        "--broker", choices=BROKERS, default=os.environ.get("BROKER") or "mock",
        help="mock: librdkafka's, in memory; kafka: Apache Kafka, durable, needs Java and Maven (BROKER; %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--chargers", type=int, metavar="N", default=os.environ.get("CHARGERS") or "24",
        help="simulated chargers at ten demo stations; 0: none, and no stations (CHARGERS; %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--rate", type=float, metavar="PER_S", help="statuses a second over all (default: one a charger in 10 s)"
    )
    command.add_argument(
        "--home", type=Path, default=Path(".plugwatch"), metavar="DIR", help="data, logs, tokens (%(default)s)"
    )
    given = parser.parse_args()
    if given.broker not in BROKERS:  # argparse does not look at defaults
        parser.error(f"BROKER is {given.broker}, and must be one of {', '.join(BROKERS)}")
    rate = given.chargers / 10 if given.rate is None else given.rate
    sys.exit(run(Plan(given.home.resolve(), given.broker, given.chargers, rate)))


if __name__ == "__main__":
    main()
