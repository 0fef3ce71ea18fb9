"""Rows merged into an inventory, one after the other: what a dry run says is what an import does."""

import contextlib
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.bulk.rows import read, written
from api.http.problems import FieldError, Invalid
from api.inventory.merging import ChargePoint, Known, Row, Station, merge

EMPTY = dict.fromkeys(("name", "address", "latitude", "longitude", "time_zone"))


def inventory() -> Known:
    fields = {**EMPTY, "name": "A"}
    station = Station("S1", fields, key=1, was=dict(fields))
    charge_point = ChargePoint("Cp1", "S1", "ACCEPTED", "hash", key=1, station_key=1, was=("S1", "ACCEPTED", "hash"))
    return Known({"s1": station}, {"cp1": charge_point})


def merged(into: Known, **given: Any) -> str:
    return merge(Row(1, given), into, {1: "new hash"}).result


def test_a_row_that_says_what_is_known_changes_nothing() -> None:
    known = inventory()
    assert (
        merged(known, station_id="S1", station_name="A", charge_point_id="CP1", registration="ACCEPTED") == "unchanged"
    )
    assert known == inventory()


def test_later_rows_see_what_earlier_rows_did() -> None:
    known = Known()
    assert merged(known, station_id="S2", charge_point_id="CP2") == "error"
    assert merged(known, station_id="S2", station_name="B") == "created"
    assert merged(known, station_id="S2", charge_point_id="CP2") == "created"
    assert merged(known, station_id="S2", charge_point_id="cp2") == "unchanged"
    assert merged(known, charge_point_id="CP2", password="x") == "updated"
    assert known.charge_points["cp2"].shall == ("S2", "ACCEPTED", "new hash")


def test_a_row_with_an_error_leaves_no_trace() -> None:
    known = inventory()
    assert merged(known, station_id="S1", station_name="B", latitude=1.0, charge_point_id="CP1") == "error"
    assert merged(known, station_name="B", charge_point_id="CP9") == "error"
    assert merge(Row(1, {"station_id": "S9"}, [FieldError("row", "bad")]), known, {}).result == "error"
    assert known == inventory()


def test_a_station_that_changed_makes_its_row_an_update() -> None:
    known = inventory()
    assert merged(known, station_id="S1", address="Street 1", charge_point_id="CP1") == "updated"
    assert merged(known, station_id="S1", address=None) == "updated"
    assert merged(known, station_id="S1", station_name=None) == "unchanged"


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=50)
ID = st.from_regex(r"[A-Za-z0-9._~-]{1,20}x", fullmatch=True)
ROW = st.fixed_dictionaries(
    {
        "station_id": ID,
        "station_name": TEXT,
        "address": TEXT | st.just("two\nlines"),
        "latitude": st.floats(-90, 90),
        "longitude": st.floats(-180, 180),
        "time_zone": st.just("Europe/Berlin"),
        "charge_point_id": st.from_regex(r"[ -.0-9;-~]{1,40}x", fullmatch=True),
        "registration": st.sampled_from(["ACCEPTED", "PENDING"]),
    }
)
LIKELY = {
    "station_id": "S1",
    "station_name": "Depot",
    "address": "Street 1",
    "latitude": 1.0,
    "longitude": 1.0,
    "time_zone": "Europe/Berlin",
    "registration": "ACCEPTED",
}


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
@example(rows=[LIKELY | {"charge_point_id": one} for one in ("' x", "''=x", "'x")])
@given(rows=st.lists(ROW, max_size=5))
def test_what_is_written_is_read_again(format_: Any, rows: list[dict[str, Any]]) -> None:
    assert [one.given for one in read(written(rows, format_, header=True), format_)] == rows


@given(st.binary(max_size=200), st.sampled_from(["csv", "jsonl"]))
def test_no_file_breaks_it(body: bytes, format_: Any) -> None:
    with contextlib.suppress(Invalid):
        assert all(isinstance(one, Row) for one in read(body, format_))
