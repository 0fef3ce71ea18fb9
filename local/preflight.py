"""What a command of the Makefile needs of this machine, asked before anything is installed or started.

`python -m local.preflight setup|run|test|up` prints a line for each thing that is missing or taken and what to do,
and ends with 1. It needs no package, and starts only what answers at once.
"""

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PREFIX = "PLUGWATCH_"
PORTS = {
    "GATEWAY_PORT": "chargers",
    "GATEWAY_ADMIN_PORT": "the gateway's probes and metrics",
    "ROLLUP_ADMIN_PORT": "the rollup's probes and metrics",
    "API_PORT": "the API",
}
OLDEST_JAVA = 17
OLDEST_COMPOSE = (2, 20)  # `up --wait-timeout`
ANSWERS_WITHIN_S = 20.0
DOCKER = "install Docker with Compose, or take `make run`, which needs neither"


def setup(venv: Path, exact: bool) -> Iterator[str]:
    """A Python that can make `venv`, and is the one in it where `exact` says that somebody asked for it."""
    config, program = venv / "pyvenv.cfg", venv / "bin" / "python"
    if not config.exists():
        if missing := [module for module in ("venv", "ensurepip") if find_spec(module) is None]:
            yield f"{sys.executable} has no module {missing[0]}: apt install python3-venv"
        return
    if not program.exists():
        yield f"the Python that {venv} was made with is gone: make clean"
    made_with = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", config.read_text(), re.M)
    this = "{}.{}".format(*sys.version_info)
    if exact and made_with and made_with[1] != this:
        yield f"{venv} was made with Python {made_with[1]}, and Python {this} was asked for: make clean"


def stack(given: Mapping[str, str], system: str, machine: str) -> Iterator[str]:
    """What the wheels of the embedded stack do not bring."""
    if system != "Linux":
        yield "the embedded stack runs on Linux alone; elsewhere `make up` runs all of it in containers (needs Docker)"
        return
    if (
        machine != "x86_64"
        and not given.get(f"{PREFIX}REDIS_URL")
        and not shutil.which("redis-server", path=given.get("PATH"))
    ):
        yield f"there is no Redis wheel for {machine}: apt install redis-server, or give {PREFIX}REDIS_URL"
    if given.get("BROKER") == "kafka" and not given.get(f"{PREFIX}KAFKA_BOOTSTRAP_SERVERS"):
        yield from _kafka()


def _kafka() -> Iterator[str]:
    from local.servers.kafka_jars import missing

    if lacking := missing():
        yield lacking
        return
    said = _said(["java", "-version"])
    version = re.search(r'version "(\d+)', said.stderr)
    if version and int(version[1]) < OLDEST_JAVA:
        yield f"Apache Kafka needs Java {OLDEST_JAVA}, and this is {version[1]}: apt install openjdk-17-jre-headless"


def ports(given: Mapping[str, str]) -> Iterator[str]:
    """Ports that the environment names; where it names none, a free one is chosen."""
    for name, user in PORTS.items():
        if port := given.get(PREFIX + name):
            if not port.isdecimal() or not 0 < int(port) < 65536:
                yield f"{PREFIX}{name} is {port!r}, and must be a port"
            elif _taken("127.0.0.1", int(port)):
                yield (
                    f"port {port}, which {PREFIX}{name} gives to {user}, is taken: stop what listens there "
                    f"(ss -ltnp 'sport = :{port}'), or leave the setting out and a free one is taken"
                )


def containers(compose: str) -> Iterator[str]:
    """Compose, a Docker that answers, and the ports that docker-compose.yml publishes, but for those it has already."""
    command = shlex.split(compose)
    if shutil.which(command[0]) is None:
        yield f"{command[0]} is not here: {DOCKER}"
        return
    asked = [["version", "--short"], ["config", "--format", "json"], ["ps", "--format", "json"]]
    started = [_start([*command, *words]) for words in asked]
    version, config, ours = [_end(process) for process in started]
    number = re.match(r"v?(\d+)\.(\d+)", version.stdout)
    if number is None:
        yield f"`{compose} version` says no version ({_last(version)}): {DOCKER}"
    elif (int(number[1]), int(number[2])) < OLDEST_COMPOSE:
        yield "Compose {}.{} or newer is needed, and this is {}: {}".format(
            *OLDEST_COMPOSE, version.stdout.strip(), DOCKER
        )
    elif config.returncode != 0:
        yield f"`{compose} config` fails: {_last(config)}"
    elif ours.returncode != 0:
        yield f"Docker does not answer ({_last(ours)}): start it, or take `make run`"
    else:
        yield from _published(json.loads(config.stdout), _rows(ours.stdout))


def _published(config: dict[str, Any], running: list[dict[str, Any]]) -> Iterator[str]:
    held = {door.get("PublishedPort") for one in running for door in one.get("Publishers") or ()}
    text = Path("docker-compose.yml").read_text()
    for service, one in config["services"].items():
        for door in one.get("ports", ()):
            port = int(door["published"])
            if port not in held and _taken(door.get("host_ip", ""), port):
                name = re.search(rf"\$\{{(\w+_PORT):-\d+\}}:{door['target']}\b", text)
                other = f", or give another: make up {name[1]}=…" if name else ""
                yield (
                    f"port {port}, which {service} needs, is taken: stop what listens there "
                    f"(ss -ltnp 'sport = :{port}'){other}"
                )


def _rows(said: str) -> list[dict[str, Any]]:
    """A list, or as newer ones say it, an object a line."""
    if said.lstrip().startswith("["):
        return list(json.loads(said))
    return [json.loads(line) for line in said.splitlines() if line.strip()]


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _start(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, universal_newlines=True)


def _end(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        stdout, stderr = process.communicate(timeout=ANSWERS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return subprocess.CompletedProcess(process.args, 1, "", f"nothing within {ANSWERS_WITHIN_S:g} s")
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _said(command: list[str]) -> subprocess.CompletedProcess[str]:
    return _end(_start(command))


def _last(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["no word"])[-1]


def complaints(command: str, venv: Path, exact: bool, compose: str) -> Iterator[str]:
    """A line each."""
    if command == "up":
        yield from containers(compose)
        return
    yield from setup(venv, exact)
    if command != "setup":
        yield from stack(os.environ, platform.system(), platform.machine())
    if command == "run":
        yield from ports(os.environ)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.preflight", description=__doc__)
    parser.add_argument("command", choices=("setup", "run", "test", "up"))
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("--exact", action="store_true", help="the virtual environment must be of this very Python")
    parser.add_argument("--compose", default="docker compose")
    given = parser.parse_args()
    said = list(complaints(given.command, given.venv, given.exact, given.compose))
    for line in said:
        print(f"make {given.command}: {line}", file=sys.stderr)
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
