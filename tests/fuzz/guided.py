"""One target under atheris, in a process of its own: libFuzzer ends the process that it runs in."""

import logging
import sys

import atheris

from tests.fuzz.kept import target

WATCHED = ["api", "h11", "ingest", "shared", "uvicorn", "websockets"]

if __name__ == "__main__":
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=WATCHED):
        run = target(name).run
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # a line for each bad request
    sys.argv[0] = f"{sys.executable} -m tests.fuzz.guided {name}"  # what libFuzzer calls again when it merges
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()
