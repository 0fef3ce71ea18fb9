"""One target under atheris, in a process of its own: libFuzzer ends the process that it runs in."""

import sys

import atheris

from tests.fuzz.kept import target

WATCHED = ["api", "h11", "ingest", "shared", "uvicorn", "websockets"]

if __name__ == "__main__":
    with atheris.instrument_imports(include=WATCHED):
        run = target(sys.argv.pop(1)).run
    atheris.Setup(sys.argv, run)
    atheris.Fuzz()
