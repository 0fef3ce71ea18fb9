"""Rows of an import or an export: whatever comes in costs its own row, and what goes out comes back."""

import csv
import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.bulk import rows
from api.bulk.rows import EXPORTED
from api.http.problems import Invalid
from api.inventory.merging import Row

FORMULAS = ("=1+1|cmd", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "'=1", "''=1", "\uff1d1", "'", "-", "=")
GOOD = b'{"station_id": "S1", "station_name": "A"}'


def exported(**cells: object) -> dict[str, object]:
    return dict.fromkeys(EXPORTED) | cells


def cells(file: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(file.decode(), newline="")))


def back(row: dict[str, object]) -> Row:
    (found,) = rows.read(rows.written([row], "csv", header=True), "csv")
    return found


@given(name=st.text(min_size=1, max_size=40), address=st.text(min_size=1, max_size=40))
@example(name="=1+1|cmd", address="'=x")
@example(name="'", address="' =1")
def test_a_text_that_went_out_comes_back_unchanged(name: str, address: str) -> None:
    line = rows.written([exported(station_name=name, address=address)], "csv", header=False)
    written = dict(zip(EXPORTED, cells(line), strict=True))
    for text in (name, address):
        if text.lstrip("' \t\r\n")[:1] in tuple("=+-@"):
            assert written["station_name" if text is name else "address"].startswith("'")
    found = back(exported(station_id="S", station_name=name, address=address))
    if not found.errors:
        assert (found.given["station_name"], found.given["address"]) == (name, address)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_a_formula(text: str) -> None:
    line = rows.written([exported(address=text, latitude=-1.5)], "csv", header=False)
    written = dict(zip(EXPORTED, cells(line), strict=True))
    assert written["address"] == (text if text == "'" else f"'{text}")
    assert written["latitude"] == "-1.5"


@given(st.from_regex(r"\A[ -.0-9;-~]{1,48}\Z").filter(lambda text: text not in (".", "..")))
@example("=1+1|cmd")
@example("-")
@example("'=")
def test_every_id_of_a_charge_point_survives_a_spreadsheet(charge_point_id: str) -> None:
    assert back(exported(charge_point_id=charge_point_id)).given == {"charge_point_id": charge_point_id}


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"station_name": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"latitude": ' + b"9" * 20 + b"}",
        b'{"latitude": ' + b"9" * 400 + b', "station_id": "S"}',
        b'{"latitude": ' + b"9" * 5000 + b"}",
        b'{"latitude": 1e999}',
        b'{"latitude": NaN}',
        b'{"station_id": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"station_name": "\\udc00x"}',
        b'{"station_id": "\xff"}',
        b"\xff\xfe",
        b'\xef\xbb\xbf{"station_id": "S"}',
        b'{"station_id": "' + b"x" * 9_000_000 + b'"}',
        b'{"' + b"x" * 9_000_000 + b'": 1}',
        b"{" + b",".join(b'"k%d": 1' % i for i in range(10_000)) + b"}",
        b"\x00" * 100,
    ],
)
def test_a_hostile_line_costs_only_itself_and_a_short_report(line: bytes) -> None:
    before, bad, after = rows.read(b"\n".join((GOOD, line, GOOD)), "jsonl")
    assert (before.errors, after.errors) == ((), ())
    assert bad.errors
    assert len(str(bad)) < 5000


def test_a_mark_of_the_byte_order_before_a_file_is_no_part_of_it() -> None:
    formats: tuple[Any, ...] = (("jsonl", GOOD), ("csv", b"station_id,station_name\nS1,A\n"))
    for format_, body in formats:
        (row,) = rows.read(b"\xef\xbb\xbf" + body, format_)
        assert row.given == {"station_id": "S1", "station_name": "A"}


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_more_rows_than_a_report_can_hold_are_refused(format_: Any) -> None:
    with pytest.raises(Invalid):
        rows.read(b"0\n" * (rows.MOST_ROWS + 1), format_)
