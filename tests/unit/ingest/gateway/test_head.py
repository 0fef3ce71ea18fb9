"""What is no head of a websocket handshake, as early as it shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gateway.handshake.head import LARGEST_BYTES, NoHandshake, end_of

HEAD = b"GET /ocpp/CP HTTP/1.1\r\nHost: gateway\r\n\r\n"


def test_a_head_is_over_at_its_empty_line() -> None:
    assert [end_of(HEAD[:n]) for n in range(1, len(HEAD))] == [None] * (len(HEAD) - 1)
    assert end_of(HEAD) == end_of(HEAD + b"\x81\x80\0\0\0\0") == len(HEAD)


@pytest.mark.parametrize(
    ("data", "reason", "status"),
    [
        (b"\x16\x03\x01\x02\x00", "tls", None),
        (b"\x81\x80", "not_http", 400),
        (b"GET  /x HTTP/1.1\r\n\r\n", "bad_head", 400),
        (b"GET /x\r\n\r\n", "bad_head", 400),
        (b"GET /x HTTP/1.1\n\n", "bad_head", 400),
        (b"PUT /x HTTP/1.1\r\n\r\n", "method", 405),
        (b"GET /x HTTP/1.0\r\n\r\n", "http_version", 426),
        (b"G" * (LARGEST_BYTES + 1), "head_too_large", 431),
        (HEAD[:-2] + b"x" * LARGEST_BYTES + b"\r\n\r\n", "head_too_large", 431),
    ],
)
def test_what_is_none_says_why(data: bytes, reason: str, status: int | None) -> None:
    with pytest.raises(NoHandshake) as told:
        end_of(data)
    assert (told.value.reason, told.value.status) == (reason, status)


@given(st.binary(min_size=1))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        end = end_of(data)
    except NoHandshake:
        return
    assert end is None or 0 < end <= len(data)
