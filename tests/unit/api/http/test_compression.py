import gzip

import pytest
from starlette.types import Message

from api.http.compression import LEAST, compressing, takes_gzip

JSON = (b"content-type", b"application/json")
TAKES = {b"accept-encoding": b"gzip, br"}


async def sent(*messages: Message, taking: bool = True) -> list[Message]:
    """What goes out of these messages."""
    out: list[Message] = []

    async def send(message: Message) -> None:
        out.append(message)

    sending = compressing(send, TAKES if taking else {})
    for message in messages:
        await sending(message)
    return out


def start(*headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": [*headers]}


def body(content: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def test_json_is_compressed_from_a_kilobyte_on() -> None:
    for size in (LEAST, 1_000_000):
        begun, packed = await sent(start(JSON, (b"content-length", b"0")), body(b"x" * size))
        assert gzip.decompress(packed["body"]) == b"x" * size
        headers = dict(begun["headers"])
        assert headers[b"content-encoding"] == b"gzip"
        assert headers[b"content-length"] == str(len(packed["body"])).encode()
    begun, plain = await sent(start(JSON), body(b"x" * (LEAST - 1)))
    assert (begun, plain["body"]) == (start(JSON), b"x" * (LEAST - 1))


async def test_a_page_is_compressed_too() -> None:
    begun, _ = await sent(start((b"content-type", b"text/html; charset=utf-8")), body(b"x" * LEAST))
    assert dict(begun["headers"])[b"content-encoding"] == b"gzip"


async def test_who_takes_no_gzip_is_told_that_others_get_another_answer() -> None:
    begun, plain = await sent(start(JSON, (b"vary", b"Origin")), body(b"x" * LEAST), taking=False)
    assert plain["body"] == b"x" * LEAST
    assert dict(begun["headers"])[b"vary"] == b"Origin, Accept-Encoding"


async def test_who_holds_it_already_is_told_so_of_either_answer() -> None:
    unchanged: Message = {"type": "http.response.start", "status": 304, "headers": []}
    begun, _ = await sent(unchanged, body(b""))
    assert dict(begun["headers"]) == {b"vary": b"Accept-Encoding"}


async def test_a_stream_begins_at_once_and_is_left_as_it_is() -> None:
    kind = start((b"content-type", b"text/event-stream"))
    assert await sent(kind) == [kind], "its head does not wait for a first event"
    chunk = body(b"x" * 9999, more=True)
    assert await sent(kind, chunk) == [kind, chunk]


async def test_what_comes_in_pieces_or_is_compressed_already_is_left_as_it_is() -> None:
    for messages in (
        (start(JSON), body(b"x" * 9999, more=True), body(b"x")),
        (start(JSON, (b"content-encoding", b"gzip")), body(b"x" * 9999)),
        (start((b"content-type", b"text/csv")), body(b"x" * 9999)),
        (start(), body(b"")),
    ):
        assert await sent(*messages) == list(messages)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*, gzip;q=0", False),
        ("*;q=0, gzip", True),
        ("deflate, br", False),
    ],
)
def test_who_takes_gzip_says_so(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes
