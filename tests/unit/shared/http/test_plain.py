"""Plain requests: read as h11 reads them, or not at all."""

import time
from urllib.parse import unquote

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.http import plain
from shared.http.requests import Requests

HOST = b"Host: x\r\n"
GET = b"GET /v1/stations/S%201?a=%20b HTTP/1.1\r\n" + HOST + b"Accept:\t */* \r\nX-EMPTY:\r\n\r\n"

#: what is near to a request: pieces in any order, and bytes of all kinds
PIECES = st.sampled_from(
    [
        b"GET", b"HEAD", b"POST", b" ", b"\t", b"/", b"/a?b", b"/%41", b"*", b"http://x/", b"\r\n", b"\n", b"\r", b":",
        b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", HOST, b"host: y\r\n", b"Content-Length: 0\r\n", b"a : b\r\n",
        b" folded\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: keep-alive\r\n", b"Connection: close\r\n",
        b"x:\xe4\r\n", b"Expect: 100-continue\r\n", b"\0", b"\x7f", b"\x0b", b"x: a\tb \r\n", b"@: 1\r\n", b"\r\n\r\n",
    ]
)  # fmt: skip
NEARLY = st.one_of(
    st.lists(PIECES | st.binary(max_size=2), max_size=9).map(b"".join),
    st.tuples(st.lists(PIECES, max_size=4), st.binary(max_size=3)).map(
        lambda more: b"GET /a HTTP/1.1\r\n" + HOST + b"".join(more[0]) + more[1] + b"\r\n"
    ),
)


def by_h11(data: bytes) -> list[object]:
    requests = Requests(h11.SERVER)
    requests.receive_data(data)
    events: list[object] = []
    while (event := requests.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
        events.append(event)
    return events


@given(NEARLY)
@example(GET)
def test_what_is_read_h11_reads_just_so(data: bytes) -> None:
    found = plain.read(data)
    if found is None:
        return
    request, end = by_h11(data)
    assert isinstance(request, h11.Request)
    assert isinstance(end, h11.EndOfMessage)
    assert found["method"].encode() == request.method
    assert found["headers"] == list(request.headers)
    raw_path, _, query = request.target.partition(b"?")
    assert (found["raw_path"], found["query_string"], found["path"]) == (raw_path, query, unquote(raw_path.decode()))


def test_what_clients_send_is_plain() -> None:
    found = plain.read(GET)
    assert found is not None
    assert (found["path"], found["query_string"]) == ("/v1/stations/S 1", b"a=%20b")
    assert found["headers"] == [(b"host", b"x"), (b"accept", b"*/*"), (b"x-empty", b"")]
    assert plain.read(b"HEAD / HTTP/1.1\r\n" + HOST + b"Connection: Keep-Alive\r\n\r\n") is not None


@pytest.mark.parametrize(
    "data",
    [
        GET[:-1],
        GET + b"G",
        GET.replace(b"GET", b"PUT"),
        GET.replace(b"1.1", b"1.0"),
        GET.replace(HOST, b""),
        GET.replace(HOST, HOST + HOST),
        GET.replace(HOST, HOST + b"Content-Length: 0\r\n"),
        GET.replace(HOST, HOST + b"Transfer-Encoding: chunked\r\n"),
        GET.replace(HOST, HOST + b"Connection: close\r\n"),
        GET.replace(HOST, HOST + b"Connection: keep-alive, Upgrade\r\n"),
        GET.replace(HOST, HOST + b"Expect: 100-continue\r\n"),
        GET.replace(HOST, HOST + b"x" * plain.MAX_BYTES + b": y\r\n"),
    ],
)
def test_what_is_not_plain_is_left_to_h11(data: bytes) -> None:
    assert plain.read(data) is None


def test_blanks_in_a_value_cost_no_more_than_other_bytes() -> None:
    data = GET.replace(HOST, HOST + b"x: a" + b" " * 8000 + b"b\r\n")

    def taken_s() -> float:
        began = time.thread_time()
        assert plain.read(data) is not None
        return time.thread_time() - began

    assert min(taken_s() for _ in range(5)) < 0.005
