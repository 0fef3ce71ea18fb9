"""A poll's records into a batch: what is applied to whom, how far each partition went, what is poison."""

import pytest

from ingest.rollup.fold.batch import Batch, batch, digest
from ingest.rollup.fold.fold import Folded, Policy
from ingest.rollup.fold.state import ChargePoint
from shared.words import codec
from shared.words.errors import Newer
from shared.words.event import Event
from tests.events import SECOND, T0, Record, Session, records
from tests.unit.ingest.rollup.worlds import told


def apply(made: Batch, *charge_points: ChargePoint) -> tuple[dict[int, ChargePoint], list[int], Folded]:
    out, by_key = Folded(), {one.key: one for one in charge_points}
    return by_key, list(made.alter(Policy())(by_key, out)), out


def test_events_go_to_their_charge_points_in_order_and_partitions_to_their_last_record() -> None:
    one, other = Session(key=7), Session(key=8, charge_point_id="CP2")
    first = records(codec.encode(one.began(T0)), codec.encode(one.reported(T0 + SECOND, "Charging")), partition=1)
    second = records(codec.encode(other.began(T0 + 5)), partition=3)
    made = batch([*first, *second])
    assert made.records == 3
    assert made.last == {1: first[-1], 3: second[-1]}
    assert (made.oldest, made.newest) == (T0, {1: T0 + SECOND, 3: T0 + 5})
    found, changed, _ = apply(made, ChargePoint(key=7, id="CP1"), ChargePoint(key=8, id="CP2"))
    assert sorted(changed) == [7, 8]
    assert (found[7].log_partition, found[7].version, found[7].reports[1, 1].reported) == (1, (1, 1), "Charging")
    assert (found[8].log_partition, found[8].version) == (3, (1, 0))


def test_a_charge_point_that_is_no_more_is_passed_over() -> None:
    made = batch(records(codec.encode(Session(key=7).began(T0))))
    assert apply(made)[1] == []


def test_what_was_applied_before_changes_no_charge_point() -> None:
    session = Session()
    events: list[Event] = [session.began(T0), session.reported(T0 + 1)]
    world = told(events)
    world.reload()
    made = batch(records(*map(codec.encode, events)))
    _, changed, out = apply(made, world.one)
    assert (changed, out.duplicates, out.history) == ([], 2, [])


def test_a_late_status_is_history_and_no_change_of_its_charge_point() -> None:
    old, new = Session(epoch=1), Session(epoch=2)
    world = told([old.began(T0), new.reported(T0, "Charging")])
    world.reload()
    _, changed, out = apply(batch(records(codec.encode(old.reported(T0 + 1, "Faulted")))), world.one)
    assert changed == []
    assert [row.reported for row in out.late] == ["Faulted"]


def test_an_old_session_that_tells_of_a_new_place_is_a_change() -> None:
    old, new = Session(epoch=1), Session(epoch=2)
    world = told([old.began(T0), new.began(T0)])
    world.reload()
    assert apply(batch(records(codec.encode(old.reported(T0)))), world.one)[1] == [7]


def test_applying_twice_to_fresh_charge_points_comes_out_the_same() -> None:
    session = Session()
    made = batch(records(codec.encode(session.began(T0)), codec.encode(session.reported(T0 + 1))))
    first, again = (apply(made, ChargePoint(key=7, id="CP1")) for _ in range(2))
    assert (first[0], first[2]) == (again[0], again[2])


GOOD = codec.encode(Session().reported(T0, "Available", says=T0, says_text="t", info="i"))

POISON = {
    "no value": (None, "empty"),
    "an empty value": (b"", "empty"),
    "no JSON": (b"plugged", "malformed"),
    "no event": (b'{"kind":"unplugged","v":1}', "invalid"),
    "a field of another type": (GOOD.replace(b'"evse_id":1', b'"evse_id":"1"'), "invalid"),
    "an EVSE beyond the last": (GOOD.replace(b'"evse_id":1', b'"evse_id":256'), "invalid"),
    "a negative connector": (GOOD.replace(b'"connector_id":1', b'"connector_id":-1'), "invalid"),
    "a key beyond 64 bits": (GOOD.replace(b'"charge_point_key":7', b'"charge_point_key":' + b"9" * 19), "invalid"),
    "a negative key": (GOOD.replace(b'"charge_point_key":7', b'"charge_point_key":-1'), "invalid"),
    "a key below 64 bits": (GOOD.replace(b'"charge_point_key":7', b'"charge_point_key":-' + b"9" * 19), "invalid"),
    "a key of 100 digits": (GOOD.replace(b'"charge_point_key":7', b'"charge_point_key":' + b"9" * 100), "invalid"),
    "an epoch after the year 2200": (GOOD.replace(b'"epoch":1', b'"epoch":7289654400000'), "invalid"),
    "a sequence beyond 64 bits": (GOOD.replace(b'"sequence":0', b'"sequence":' + b"9" * 19), "invalid"),
    "received after the year 2200": (GOOD.replace(b'"received_at":1', b'"received_at":10'), "invalid"),
    "received before 1970": (GOOD.replace(b'"received_at":1', b'"received_at":-1'), "invalid"),
    "a text that is too long": (GOOD.replace(b'"info":"i"', b'"info":"' + b"i" * 501 + b'"'), "invalid"),
    "an id that is too long": (GOOD.replace(b'"CP1"', b'"' + b"C" * 49 + b'"'), "invalid"),
    "no id": (GOOD.replace(b'"CP1"', b'""'), "invalid"),
    "a number beyond all": (GOOD.replace(b'"evse_id":1', b'"evse_id":1e999'), "invalid"),
    "no number": (GOOD.replace(b'"evse_id":1', b'"evse_id":NaN'), "malformed"),
    "a NUL in a text": (GOOD.replace(b'"info":"i"', b'"info":"\\u0000"'), "invalid"),
    "a lone surrogate in a text": (GOOD.replace(b'"info":"i"', b'"info":"\\ud800"'), "malformed"),
}


@pytest.mark.parametrize(("value", "reason"), POISON.values(), ids=POISON)
def test_poison_is_set_apart_and_its_neighbours_are_applied(value: bytes | None, reason: str) -> None:
    assert value != GOOD
    session = Session()
    given = records(codec.encode(session.began(T0)), value, codec.encode(session.reported(T0 + 1)))
    made = batch(given)
    assert [(record, poison.reason) for record, poison in made.poison] == [(given[1], reason)]
    assert [event.sequence for _, event in made.events[7]] == [0, 1]
    assert made.last == {0: given[2]}, "the position passes poison, once it is in the dead-letter topic"


def test_texts_that_only_look_like_nul_are_none() -> None:
    made = batch(records(GOOD.replace(b'"info":"i"', b'"info":"\\\\u0000"')))
    assert made.poison == []


@pytest.mark.parametrize("says", [-62_135_596_800_000, 253_402_300_799_999])
def test_every_time_that_a_charger_can_say_is_storable(says: int) -> None:
    assert batch(records(codec.encode(Session().reported(T0, says=says)))).poison == []


def test_a_record_of_a_newer_version_stops_everything() -> None:
    with pytest.raises(Newer):
        batch(records(GOOD, GOOD.replace(b'"v":1', b'"v":9')))


def test_no_records_are_no_batch() -> None:
    made = batch([])
    assert (made.records, made.last, made.oldest, made.newest) == (0, {}, None, {})


def test_a_digest_is_of_key_and_value_wherever_the_record_stands() -> None:
    assert digest(Record(b"v", 1, 0)) == digest(Record(b"v", 9, 3))
    assert len({digest(Record(b"v", key=key)) for key in (None, b"a", b"b")} | {digest(Record(None, key=b"a"))}) == 4
