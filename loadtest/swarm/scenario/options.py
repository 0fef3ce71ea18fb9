"""The options of a load test, on the command line of Locust or as LOAD_* in the environment."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from loadtest.chargers.dialects import DIALECTS
from loadtest.swarm.scenario.target import RUN_FILE, SECRETS, NoTarget, Target, find, token_of

STOPS_WITHIN_S = 60


def add(parser: Any) -> None:
    """To Locust's parser; its own defaults are changed where a load test wants others."""

    def option(name: str, default: Any, help: str, *, secret: bool = False, **more: Any) -> None:
        env_var = f"LOAD_{name.upper().replace('-', '_')}"
        more["include_in_web_ui"] = not secret
        parser.add_argument(f"--{name}", default=default, help=help, env_var=env_var, **more)

    option("chargers", 200, "simulated chargers (%(default)s)", type=int, metavar="N")
    option("readers", 20, "readers of the API, about one request a second each (%(default)s)", type=int, metavar="N")
    option("rate", 50.0, "statuses a second over all chargers (%(default)s)", type=float, metavar="PER_S")
    option("seconds", 60.0, "length of the plateau, which is what is measured (%(default)s)", type=float, metavar="S")
    option("warm-up", 5.0, "before it: a tenth of the users (%(default)s s)", type=float, metavar="S")
    option("ramp", 15.0, "before it: from there to all of them (%(default)s s)", type=float, metavar="S")
    option("storm", False, "cut off all chargers in the middle of the plateau", action="store_true")
    option("dialects", ",".join(DIALECTS), "by comma, taken in turn (%(default)s)")
    option("seed", 1, "the same seed makes the same chargers with the same stories", type=int, metavar="N")

    option("gateway", "", "where chargers connect, ws://…/ocpp (default: the system that runs here)", secret=True)
    option("api", "", "the API, http://… (default: likewise)", secret=True)
    option("run-file", str(RUN_FILE), "what `make run` says (%(default)s)", secret=True, metavar="FILE")
    for token in ("read", "admin"):
        option(f"{token}-token", "", f"a {token.upper()} token (default: likewise); better by file", secret=True)
        option(f"{token}-token-file", "", "or a file that holds one", secret=True, metavar="FILE")
    option(
        "allow-remote", False,
        "load a system that is not on this machine. Only one that is yours", secret=True, action="store_true",
    )  # fmt: skip

    option("answer-within", 10.0, "a CALL that is not answered in time has failed (%(default)s s)", type=float)
    option("visible-within", 10.0, "a status that the API does not show in time, too (%(default)s s)", type=float)
    option("max-failures", 0.001, "mark: share of failures (%(default)s)", type=float)
    option("max-ack-ms", 100.0, "mark: p99 from a status to its CALLRESULT (%(default)s)", type=float)
    option("max-visible-ms", 500.0, "mark: p99 from a status until the API shows it (%(default)s)", type=float)
    option("max-read-ms", 150.0, "mark: p99 of reads (%(default)s)", type=float)
    option("max-behind-ms", 100.0, "mark: p99 of the generator's own lag (%(default)s)", type=float)
    option("min-rate", 0.9, "mark: share of the rate that is reached (%(default)s)", type=float)
    option("keep", False, "leave the stations of the load test in the system", action="store_true")
    option("reports", "loadtest/reports", "directory of the reports (%(default)s)", secret=True, metavar="DIR")

    parser.set_defaults(only_summary=True, loglevel="WARNING", stop_timeout=STOPS_WITHIN_S)
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")  # tokens pass there


def resolve(given: Namespace) -> None:
    """Fill in where the system is; what is wrong with the options ends the process with status 2."""
    try:
        for token in ("read", "admin"):
            file = getattr(given, f"{token}_token_file")
            if file and not getattr(given, f"{token}_token"):
                setattr(given, f"{token}_token", token_of(Path(file).read_text()))
        known = {name: getattr(given, name) for name in Target.__slots__}
        target = find(known, Path(given.run_file), SECRETS, allow_remote=given.allow_remote)
        if unknown := set(given.dialects.split(",")) - set(DIALECTS):
            raise NoTarget(f"no such dialect: {', '.join(unknown)}; there are {', '.join(DIALECTS)}")
        if given.chargers < 1 or given.readers < 0 or given.rate <= 0 or given.seconds <= 0:
            raise NoTarget("chargers, rate and seconds must be more than nothing, and readers not less")
    except (NoTarget, OSError) as error:
        print(f"load test: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    for name in Target.__slots__:
        setattr(given, name, getattr(target, name))
