"""Dead letters: what they say, what they keep, and which of them are behind us."""

from ingest.rollup.log.dead_letters import headers_of, letter
from shared.words.errors import Poison
from tests.events import T0, Record

POISON = Poison("invalid", "an EVSE or connector id is out of range")


def test_a_letter_is_the_record_with_the_reason_and_where_it_stood() -> None:
    record = Record(b"{}", offset=41, partition=3, headers=[("trace", b"abc")])
    laid_by = Record(record.value, offset=7, partition=1, topic="dlq", headers=headers_of(record, POISON))
    found = letter(laid_by, T0)
    assert (found.partition, found.offset, found.at, found.key, found.value) == (1, 7, T0, b"CP1", b"{}")
    assert (found.reason, found.detail, found.source) == ("invalid", POISON.detail, "events/3/41")
    assert (found.redriven, found.headers) == (0, [("trace", b"abc")])
    assert found.headers_to_send == [("trace", b"abc"), ("redriven", b"1")]


def test_a_record_that_comes_back_keeps_how_often_it_was_sent_and_has_one_reason() -> None:
    first = letter(Record(b"{}", headers=headers_of(Record(b"{}"), POISON)), T0)
    back = headers_of(Record(b"{}", offset=99, headers=first.headers_to_send), Poison("malformed", "no JSON"))
    again = letter(Record(b"{}", headers=back), T0)
    assert (again.redriven, again.reason, again.source) == (1, "malformed", "events/0/99")
    assert again.headers_to_send == [("redriven", b"2")]
    assert len(dict(back)) == len(back), "each header once"


def test_what_a_letter_does_not_say_is_left_empty() -> None:
    foreign = letter(Record(None, key=None, headers=[("redriven", b"many"), ("detail", b"\xff")]), T0)
    assert (foreign.value, foreign.reason, foreign.source, foreign.redriven, foreign.detail) == (b"", "", "", 0, "�")
