"""What spreadsheets and people make of a file, and what we make of that."""

import pytest

from api.bulk import rows, spreadsheets


@pytest.mark.parametrize(
    ("header", "separator"),
    [("a,b", ","), ("a;b", ";"), ("a\tb", "\t"), ("a", ","), ("a;b;", ";"), ("a;b,c;d", ";"), ("", ",")],
)
def test_the_separator_is_the_one_of_the_header(header: str, separator: str) -> None:
    assert spreadsheets.separator(header) == separator


@pytest.mark.parametrize("name", ["station_id", " Station ID ", "STATION-ID", "station  id", "Station_Id"])
def test_a_column_is_known_however_it_is_spelled(name: str) -> None:
    assert spreadsheets.column(name) == "station_id"


@pytest.mark.parametrize(
    ("column", "text", "given"),
    [
        ("latitude", "52,5", "52.5"),
        ("longitude", " -0,1 ", "-0.1"),
        ("latitude", "1,2,3", "1,2,3"),
        ("station_name", "A, B", "A, B"),
        ("station_name", "1,5", "1,5"),
        ("registration", "accepted", "ACCEPTED"),
        ("time_zone", "EUROPE/berlin", "Europe/Berlin"),
        ("time_zone", "Mars/Olympus", "Mars/Olympus"),
        ("charge_point_id", "\u00a0CP1 ", "CP1"),
        ("charge_point_id", "' CP1", " CP1"),
        ("station_name", "'=1", "=1"),
        ("station_name", "'s-Gravenhage", "'s-Gravenhage"),
    ],
)
def test_a_cell_is_what_was_meant(column: str, text: str, given: str) -> None:
    assert spreadsheets.cell(column, text) == given


@pytest.mark.parametrize("column", ["station_id", "charge_point_id"])
def test_a_blank_id_is_refused_and_an_empty_one_was_not_given(column: str) -> None:
    (row,) = rows.read(f"{column},station_name\n  ,A\n".encode(), "csv")
    assert [error.field for error in row.errors] == [column]
    (row,) = rows.read(f'{{"{column}": "  "}}'.encode(), "jsonl")
    assert [error.field for error in row.errors] == [column]
    (row,) = rows.read(f"{column},station_name\n,A\n".encode(), "csv")
    assert (row.given, row.errors) == ({"station_name": "A"}, ())


def test_rows_are_known_by_the_lines_of_the_file() -> None:
    body = b'station_id,address\n\nS1,"a\nb\nc"\n,\n\nS2,\n'
    assert [row.number for row in rows.read(body, "csv")] == [3, 8]
    assert [row.number for row in rows.read(b'\n{"station_id": "S1"}\n\n[]\n', "jsonl")] == [2, 4]
