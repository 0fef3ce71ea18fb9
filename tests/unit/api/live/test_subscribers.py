"""Changes as Server-Sent Events, and who gets them."""

import json

import pytest

from api.live import events as live
from api.live import subscribers as audience
from api.live.events import Wanted
from api.live.subscribers import Reader, Subscribers
from shared.stores.changes import Entry


def entry(n: int, station: str | None = "S1", charge_point: str | None = "CP1", deleted: bool = False) -> Entry:
    return Entry(f"1-{n}", "charge_point" if charge_point else "station", station, charge_point, n, deleted, None)


def hand_out(crowd: Subscribers, entries: list[Entry], document: bytes = b"{}") -> list[Reader]:
    """All of them as they are, none overtaken."""
    return crowd.hand_out(entries, {one.id: document for one in entries})


async def given(reader: Reader) -> bytes:
    return await reader.next(0.001) or b""


def test_an_event_carries_the_document_byte_for_byte() -> None:
    document = '{"name":"Straße 🚗\\n","n":1.50}'.encode()
    event = live.event(entry(7), document)
    head, data, end = event.split(b"\ndata: ")[0], event.split(b"data: ")[1][:-2], event[-2:]
    assert (head, end) == (b"id: 1-7\nevent: charge_point", b"\n\n")
    assert document in data
    assert list(json.loads(data)) == ["station_id", "charge_point_id", "revision", "document"]


def test_a_deleted_thing_is_told_without_a_document() -> None:
    event = live.event(entry(7, charge_point=None, deleted=True), b"")
    assert b"event: deleted\n" in event
    assert b'"document":null' in event


@pytest.mark.parametrize(
    "text", ["", "1", "-", "+", "$", "1-", "1-1-1", "18446744073709551616-0", " 1-1", "1-1\n", "١-١"]
)
def test_what_redis_would_refuse_is_no_stream_id(text: str) -> None:
    assert not live.is_stream_id(text)


def test_ids_follow_each_other_by_number() -> None:
    assert sorted(["10-2", "9-11", "10-10", "9-2"], key=live.order) == ["9-2", "9-11", "10-2", "10-10"]


async def test_a_reader_holds_no_more_than_its_share_and_one_batch() -> None:
    crowd, reader = Subscribers(), Reader(Wanted())
    crowd.add(reader)
    large = b'"' + b"x" * (audience.MAX_BYTES + 1) + b'"'
    assert hand_out(crowd, [entry(1)], large) == []  # a batch larger than the share passes when nothing waits
    assert hand_out(crowd, [entry(2)]) == [reader]
    assert list(crowd) == []
    assert await given(reader) == live.DROPPED
    assert await given(reader) == b""


async def test_those_who_want_the_same_share_the_bytes() -> None:
    crowd = Subscribers()
    readers = [Reader(Wanted()) for _ in range(2)]
    for reader in readers:
        crowd.add(reader)
    hand_out(crowd, [entry(1), entry(2)])
    assert readers[0]._chunks[0] is readers[1]._chunks[0]


async def test_what_a_reader_has_had_already_is_not_given_again() -> None:
    crowd, ahead = Subscribers(), Reader(Wanted())
    ahead.after = live.order("1-2")
    crowd.add(ahead)
    hand_out(crowd, [entry(1)])
    hand_out(crowd, [entry(2), entry(3)])
    hand_out(crowd, [entry(4)])
    assert await given(ahead) == live.event(entry(3), b"{}") + live.event(entry(4), b"{}")


async def test_a_change_finds_each_reader_that_wants_it_once() -> None:
    wanted = Wanted(stations=frozenset({"s1", "s2"}), charge_points=frozenset({"cp1"}))
    crowd, reader = Subscribers(), Reader(wanted)
    crowd.add(reader)
    hand_out(crowd, [entry(1), entry(2, "S3"), entry(3, "S2", "CP9"), entry(4, None), entry(5, "S2", "cP1")])
    assert await given(reader) == live.event(entry(1), b"{}") + live.event(entry(5, "S2", "cP1"), b"{}")


async def test_who_has_left_leaves_nothing_behind() -> None:
    crowd = Subscribers()
    for wanted in (Wanted(), Wanted(stations=frozenset({"s1"})), Wanted(charge_points=frozenset({"cp1"}))):
        reader = Reader(wanted)
        crowd.add(reader)
        crowd.discard(reader)
        crowd.discard(reader)
    assert not crowd._readers
    assert not crowd._of_all
    assert not crowd._of_station
    assert not crowd._of_charge_point


async def test_what_was_overtaken_is_given_to_nobody() -> None:
    crowd, reader = Subscribers(), Reader(Wanted())
    crowd.add(reader)
    crowd.hand_out([entry(1), entry(2)], {"1-2": b"{}"})
    assert await given(reader) == live.event(entry(2), b"{}")


def test_only_what_somebody_wants_is_worth_reading() -> None:
    crowd = Subscribers()
    assert not crowd.wants(entry(1))
    crowd.add(Reader(Wanted(stations=frozenset({"s1"}))))
    assert crowd.wants(entry(1))
    assert not crowd.wants(entry(1, "S2"))
