"""What a machine lacks or holds is said in a line, at once, before anything is installed or started."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import preflight
from local.system.choices import PORTS

ROOT = Path(__file__).parents[3]
WITHIN_S = 2.0


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        yield door.getsockname()[1]


def make(*words: str, venv: Path) -> str:
    """What a make that must fail says, without make's own last word."""
    began = time.monotonic()
    command = [
        "env",
        "-u",
        "MAKEFLAGS",
        "-u",
        "MAKELEVEL",
        "make",
        f"VENV={venv}",
        f"PYTHON={sys.executable}",
        *words,
    ]  # the last word of two wins
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    took_s = time.monotonic() - began
    assert done.returncode != 0
    assert took_s < WITHIN_S, f"{took_s:.1f} s\n{done.stderr}"
    assert not venv.exists(), "something was installed"
    said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make: ***")]
    assert len(said) == 1, said
    return said[0]


def test_a_taken_port_is_named_with_its_user_and_a_way_out(taken: int, tmp_path: Path) -> None:
    said = make("run", f"PLUGWATCH_API_PORT={taken}", venv=tmp_path / "venv")
    assert f"port {taken}, which PLUGWATCH_API_PORT gives to the API, is taken: stop" in said


def test_a_port_must_be_one(tmp_path: Path) -> None:
    assert "PLUGWATCH_GATEWAY_PORT is '70000', and must be a port" in make(
        "run", "PLUGWATCH_GATEWAY_PORT=70000", venv=tmp_path / "venv"
    )


def test_no_such_python(tmp_path: Path) -> None:
    assert "there is no python9: apt install" in make("run", "PYTHON=python9", venv=tmp_path / "venv")


def test_every_port_of_a_run_has_a_user() -> None:
    assert preflight.PORTS.keys() == PORTS.keys()


def test_a_compose_that_is_not_there(tmp_path: Path) -> None:
    assert "no-such-compose is not here: install Docker" in make(
        "up", "COMPOSE=no-such-compose", venv=tmp_path / "venv"
    )


@pytest.mark.parametrize("target", ["run", "test", "load"])
def test_another_python_than_the_one_that_was_asked_for(target: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.4.1\n")
    command = ["make", target, f"VENV={tmp_path}", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert "was made with Python 3.4" in done.stderr


def test_a_virtual_environment_whose_python_is_gone(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(tmp_path / "gone")
    (tmp_path / "pyvenv.cfg").write_text("version = 3.11.7\n")
    assert "is gone: make clean" in "".join(preflight.setup(tmp_path, exact=False))


@pytest.mark.parametrize(
    ("system", "machine", "given", "said"),
    [
        ("Linux", "x86_64", {}, ""),
        ("Linux", "aarch64", {}, "no Redis wheel for aarch64: apt install redis-server"),
        ("Linux", "aarch64", {"PLUGWATCH_REDIS_URL": "redis://127.0.0.1"}, ""),
        ("Darwin", "arm64", {}, "`make up` runs all of it in containers"),
    ],
)
def test_what_no_wheel_brings(system: str, machine: str, given: dict[str, str], said: str, tmp_path: Path) -> None:
    found = list(preflight.stack({"PATH": str(tmp_path)} | given, system, machine))
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_a_redis_of_the_machine_will_do(tmp_path: Path) -> None:
    (tmp_path / "redis-server").touch(0o755)
    assert list(preflight.stack({"PATH": str(tmp_path)}, "Linux", "aarch64")) == []


class Compose:
    """A stand-in for the command: it answers what it is told to, each of the three questions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version, self.ports, self.running, self.error = "2.39.1", [8000], "", ""

    def asked(self) -> str:
        door = [{"target": 8000, "published": str(port), "host_ip": "127.0.0.1"} for port in self.ports]
        answers = {
            "version": self.version,
            "config": json.dumps({"services": {"proxy": {"ports": door}}}),
            "ps": self.running,
        }
        lines = [f"{name}) cat <<'END'\n{answer}\nEND\n;;" for name, answer in answers.items()]
        refusal = f"ps) echo {self.error!r} >&2; exit 1;;\n" if self.error else ""
        self.path.write_text("#!/bin/sh\ncase $1 in\n" + refusal + "\n".join(lines) + "\nesac\n")
        self.path.chmod(0o755)
        return "\n".join(preflight.containers(str(self.path)))


@pytest.fixture
def compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compose:
    monkeypatch.chdir(ROOT)
    return Compose(tmp_path / "compose")


def test_containers_whose_ports_are_free(compose: Compose) -> None:
    compose.ports = []
    assert compose.asked() == ""


def test_a_port_of_the_containers_is_taken(compose: Compose, taken: int) -> None:
    compose.ports = [taken]
    assert f"port {taken}, which proxy needs, is taken" in compose.asked()
    assert "make up API_PORT=" in compose.asked()


@pytest.mark.parametrize("form", ["a line each", "a list"])
def test_a_port_that_our_own_containers_hold_is_not_taken(form: str, compose: Compose, taken: int) -> None:
    compose.ports = [taken]
    compose.running = json.dumps({"Service": "proxy", "Publishers": [{"PublishedPort": taken}, {"PublishedPort": 0}]})
    if form == "a list":
        compose.running = f"[{compose.running}]"
    assert compose.asked() == ""


def test_too_old_a_compose(compose: Compose) -> None:
    compose.version = "v2.3.3"
    assert "Compose 2.20 or newer is needed, and this is v2.3.3" in compose.asked()


def test_a_docker_that_does_not_run(compose: Compose) -> None:
    compose.error = "Cannot connect to the Docker daemon"
    assert "Docker does not answer (Cannot connect to the Docker daemon): start it" in compose.asked()


def test_a_docker_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "ANSWERS_WITHIN_S", 0.2)
    hanging = tmp_path / "compose"
    hanging.write_text("#!/bin/sh\nexec sleep 30\n")
    hanging.chmod(0o755)
    assert "nothing within 0.2 s" in "".join(preflight.containers(str(hanging)))
