"""The API as the check reads it, where it is slow, open, away, or something else altogether."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import healthcheck
from healthcheck import Clock, Place, Result, Tokens

Answers = Mapping[bool, tuple[int, Mapping[str, str], bytes]]  # by whether a token came: status, fields, body
CLOSED: tuple[int, Mapping[str, str], bytes] = (401, {}, b'{"detail": "send a known token"}')
STATS = json.dumps({
    "charge_points": {"total": 3, "connectivity": {"ONLINE": 2}},
    "connectors": {"total": 4, "status": {"AVAILABLE": 3, "FAULTED": 1, "UNKNOWN": 0}},
}).encode()  # fmt: skip


@contextmanager
def api(answers: Answers, after_s: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """The URL of an API that answers so, and the tokens it was shown."""
    shown: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers.get("Authorization", "")
            shown.append(token)
            status, fields, body = answers[bool(token)]
            time.sleep(after_s)
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", shown
        finally:
            server.shutdown()


def read(url: str, *arguments: str, token: str = "t0ken") -> Result:
    place = Place("a test", lambda name: f"logs of {name}", (), (), {"api": url}, Tokens(read=token))
    (found,) = healthcheck.api_read(place, healthcheck.arguments(arguments), Clock(5))
    assert isinstance(found, Result)
    return found


def test_numbers_of_the_fleet_are_the_detail() -> None:
    with api({False: CLOSED, True: (200, {}, STATS)}) as (url, shown):
        found = read(url)
    assert (found.state, found.facts) == ("ok", {"status": 200})
    assert found.detail == "2 of 3 chargers online; 4 connectors: 3 available and 1 faulted"
    assert shown == ["", "Bearer t0ken"]


def test_a_slow_answer_is_degraded() -> None:
    with api({False: CLOSED, True: (200, {}, STATS)}, after_s=0.05) as (url, _):
        assert read(url, "--max-latency", "0.04").state == "degraded"
        assert read(url, "--max-latency", "4").state == "ok"


def test_an_api_that_is_open_to_anybody_is_degraded() -> None:
    with api({False: (200, {}, STATS), True: (200, {}, STATS)}) as (url, _):
        assert read(url).state == "degraded"


def test_a_problem_is_told_in_its_own_words() -> None:
    problem = b'{"title": "Service Unavailable", "detail": "Postgres is away: try again"}'
    with api({False: CLOSED, True: (503, {}, problem)}) as (url, _):
        found = read(url)
    assert (found.state, found.detail) == ("unhealthy", "503: Postgres is away: try again")


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_does_not_do_is_degraded(status: int) -> None:
    with api({False: CLOSED, True: (status, {}, b"{}")}) as (url, _):
        assert read(url).state == "degraded"


def test_another_shape_of_the_numbers_is_no_trouble() -> None:
    with api({False: CLOSED, True: (200, {}, b'{"charge_points": 3, "connectors": 4}')}) as (url, _):
        assert read(url).state == "ok"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_something_else_at_that_address_is_unhealthy(body: bytes) -> None:
    with api({False: CLOSED, True: (200, {}, body)}) as (url, _):
        assert read(url).state == "unhealthy"


def test_a_redirect_is_not_followed_so_the_token_stays_here() -> None:
    with (
        api({False: CLOSED, True: (200, {}, STATS)}) as (elsewhere, shown),
        api({False: CLOSED, True: (307, {"Location": elsewhere}, b"")}) as (url, _),
    ):
        assert read(url).state == "unhealthy"
    assert shown == []


def test_an_endless_answer_is_cut_off() -> None:
    with api({False: CLOSED, True: (200, {}, b" " * (healthcheck.LONGEST_ANSWER + 1))}) as (url, _):
        assert read(url).detail == "does not answer: an answer of more than 8 MiB"


def test_a_host_that_is_none_is_said() -> None:
    assert read("http://a..b").state == "unhealthy"
    assert read("http://nosuchhost.invalid").detail == "does not answer: there is no such host"
