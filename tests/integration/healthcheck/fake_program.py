"""Stands in for docker or kubectl: prints what a file says for the arguments, enters a "container" on this machine.

Only the shape of what they print is played; what is run inside, and what a tunnel leads to, is the real system.
"""

import json
import os
import sys
import time
from pathlib import Path

arguments = sys.argv[1:]
told = json.loads(Path(__file__).with_suffix(".json").read_text())
with Path(__file__).with_suffix(".log").open("a") as log:
    log.write(json.dumps(arguments) + "\n")


def says(what: str) -> None:
    if what.startswith("Error"):
        sys.exit(what)
    sys.stdout.write(what)


if "port-forward" in arguments:
    port = told["ports"][arguments[-1].removeprefix(":")]
    sys.stdout.write(f"Forwarding from 127.0.0.1:{port} -> {arguments[-1][1:]}\n")
    sys.stdout.flush()
    time.sleep(600)
elif "exec" in arguments:
    if refusal := told.get("exec"):
        sys.exit(refusal)
    *_, code, inside = arguments
    token = f"PLUGWATCH_METRICS_TOKEN_FILE={told['token_file']}"
    os.execvp("env", ["env", token, sys.executable, "-c", code, str(told["ports"][inside])])
else:
    says(next(told[verb] for verb in ("ps", "inspect", "--raw", "get") if verb in arguments))
