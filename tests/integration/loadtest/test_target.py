"""`make load` asks who listens before it loads anybody."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from loadtest.swarm.scenario.target import NoTarget, Target, check

ROOT = Path(__file__).parents[3]


class Other(BaseHTTPRequestHandler):
    """Whoever sits on the port."""

    status, body = 200, b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), type("Told", (Other,), {})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def target(api: HTTPServer, gateway: int | None = None) -> Target:
    port = api.server_address[1]
    return Target(f"ws://127.0.0.1:{gateway or port}/ocpp", f"http://127.0.0.1:{port}", "ro", "rw")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"{}", "is not Plugwatch"),
        (200, b"<html>", "is not Plugwatch"),
        (404, b"", "is not Plugwatch"),
        (401, b"", "refuses the read token"),
        (503, b"", "answers 503: make health"),
    ],
)
def test_who_is_not_our_system_is_not_loaded(status: int, body: bytes, said: str, other: HTTPServer) -> None:
    other.RequestHandlerClass.status = status  # type: ignore[attr-defined]
    other.RequestHandlerClass.body = body  # type: ignore[attr-defined]
    with pytest.raises(NoTarget, match=said):
        check(target(other))


def test_our_system_is(other: HTTPServer) -> None:
    other.RequestHandlerClass.body = b'{"charge_points": {}}'  # type: ignore[attr-defined]
    check(target(other))
    with pytest.raises(NoTarget, match="no gateway listens"):
        check(target(other, gateway=1))


def test_nobody_there_is_a_line() -> None:
    given = ("--api", "http://127.0.0.1:1", "--gateway", "ws://127.0.0.1:1/ocpp", "--read-token=a", "--admin-token=b")
    command = [
        sys.executable,
        "-I",
        "-c",
        "import sys; sys.path.insert(0, '.'); from loadtest.swarm.scenario import target; target.main()",
    ]
    done = subprocess.run([*command, *given, "--chargers", "5"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "no API answers at http://127.0.0.1:1" in done.stderr
    assert "make run" in done.stderr
