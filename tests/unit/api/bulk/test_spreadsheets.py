"""What spreadsheets and people make of a file, and what we make of that."""

import pytest

from api.bulk import rows, spreadsheets
from api.http.problems import Invalid


@pytest.mark.parametrize(
    ("header", "separator"),
    [("a,b", ","), ("a;b", ";"), ("a\tb", "\t"), ("a", ","), ("a;b;", ";"), ("a;b,c;d", ";"), ("", ",")],
)
def test_the_separator_is_the_one_of_the_header(header: str, separator: str) -> None:
    assert spreadsheets.separator(header) == separator


@pytest.mark.parametrize("first", ["sep=;", "SEP=;\r", '"sep=;"', "sep=;;;;"])
def test_the_line_that_tells_excel_of_the_separator_is_no_header(first: str) -> None:
    body = f"\ufeff{first}\nstation_id;station_name\nS1;A, B\n".encode()
    (row,) = rows.read(body, "csv")
    assert (row.number, row.given, row.errors) == (3, {"station_id": "S1", "station_name": "A, B"}, ())


def test_a_tab_may_be_said_too_and_nothing_else() -> None:
    (row,) = rows.read(b"sep=\t\nstation_id\tstation_name\nS1\tA\n", "csv")
    assert row.given == {"station_id": "S1", "station_name": "A"}
    with pytest.raises(Invalid):
        rows.read(b"sep=x\nstation_idxstation_name\nS1xA\n", "csv")


@pytest.mark.parametrize("begin", [b"\x1f\x8b\x08\x00", b"PK\x03\x04\x14"])
def test_what_is_no_text_is_called_so(begin: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        rows.read(begin + b"\xff" * 100, "csv")
    assert "UTF-8 at byte" not in refused.value.errors[0].message


@pytest.mark.parametrize("text", ["5_2", "5_2.1", "52,5_1"])
def test_a_number_is_what_everybody_takes_for_one(text: str) -> None:
    (row,) = rows.read(f"station_id;station_name;latitude;longitude\nS1;A;{text};13\n".encode(), "csv")
    assert [error.field for error in row.errors] == ["latitude"]


def test_a_header_of_nothing_that_is_known_is_refused_in_short() -> None:
    header = ";".join(f"x{number}" * 100 for number in range(10_000))
    with pytest.raises(Invalid) as refused:
        rows.read(header.encode(), "csv")
    message = refused.value.errors[0].message
    assert len(message) < 1_500
    assert "and 9990 more" in message


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
