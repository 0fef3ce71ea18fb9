"""The rows of an import or an export: one charge point each, with the fields of its station. Pure.

CSV (RFC 4180, UTF-8; comma, semicolon or tab) as people save it, or JSON Lines, which are taken as they stand. In CSV
an empty cell is a field that was not given; JSON knows null besides, which clears. A row is known by the line of the
file that it begins in.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.http.ids import ChargePointId, StationId
from api.http.problems import FieldError, Invalid
from api.http.refusals import field_error
from api.inventory.inputs import Address, Latitude, Longitude, Name, Password, TimeZone
from api.inventory.merging import STATION, Row
from shared.words.documents import Registration

from . import spreadsheets

Format = Literal["csv", "jsonl"]

EXPORTED = ("station_id", *STATION, "charge_point_id", "registration")

MOST_ROWS = 200_000  #: each has a line in the report
_ERRORS = 20  #: of a row in the report
_SHOWN = 64  #: characters of an id in the report: it cannot have more
_NAMES = 10  #: of a header that are no columns
#: What is not text, by how it begins.
_NOT_TEXT = {b"\x1f\x8b": "is compressed: send it as it is", b"PK\x03\x04": "is a workbook: save it as CSV (UTF-8)"}


class Columns(BaseModel):
    """What a row may say."""

    model_config = ConfigDict(extra="forbid")

    station_id: StationId | None = None
    station_name: Name | None = None
    address: Address | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    time_zone: TimeZone | None = None
    charge_point_id: ChargePointId | None = None
    password: Password | None = Field(default=None, repr=False)
    registration: Registration | None = None


def read(body: bytes, format_: Format) -> list[Row]:
    """The rows of a file; a charge point that has had its row before has an error.

    Raises:
        Invalid: it is no such file at all.
    """
    for begin, wrong in _NOT_TEXT.items():
        if body.startswith(begin):
            raise Invalid(FieldError("body", wrong))
    body = body.removeprefix(codecs.BOM_UTF8)
    if body.count(b"\n") > MOST_ROWS:
        raise Invalid(FieldError("body", f"has more than {MOST_ROWS} lines: send it in parts"))
    return _once(_csv(body) if format_ == "csv" else _json_lines(body))


def written(rows: Iterable[Mapping[str, Any]], format_: Format, *, header: bool) -> bytes:
    """The rows as a piece of a file, the first piece with its header, and before it what tells Excel of UTF-8."""
    if format_ == "jsonl":
        return b"".join(msgspec.json.encode({name: row[name] for name in EXPORTED}) + b"\n" for row in rows)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if header:
        writer.writerow(EXPORTED)
    writer.writerows([spreadsheets.written(row[name]) for name in EXPORTED] for row in rows)
    return (codecs.BOM_UTF8 if header else b"") + buffer.getvalue().encode()


def _once(rows: list[Row]) -> list[Row]:
    lines: dict[str, int] = {}
    for place, row in enumerate(rows):
        id_ = row.given.get("charge_point_id")
        if id_ is None or row.errors:
            continue
        before = lines.setdefault(id_.lower(), row.number)
        if before != row.number:
            error = FieldError("charge_point_id", f"is in line {before} already: give each charge point one line")
            rows[place] = Row(row.number, row.given, [error])
    return rows


def _csv(body: bytes) -> list[Row]:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Invalid(FieldError("body", f"not UTF-8 at byte {error.start}: save the file as UTF-8")) from error
    first = text.partition("\n")[0]
    said = spreadsheets.said(first)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=said or spreadsheets.separator(first), strict=True)
    try:
        if said:
            next(reader)
        header = [spreadsheets.column(name) for name in next(reader, [])]
        lines, ended = [], reader.line_num
        for line in reader:
            number, ended = ended + 1, reader.line_num
            if any(cell.strip() for cell in line):
                lines.append((number, line))
    except csv.Error as error:
        raise Invalid(FieldError("body", f"not CSV in line {reader.line_num}: {error}")) from error
    while header and not header[-1]:
        header.pop()
    known = Columns.model_fields
    wrong = [name for name in header if name not in known]
    if wrong or len(set(header)) < len(header) or not header:
        named = f"unknown: {_some(wrong)}; " if wrong else ""
        raise Invalid(FieldError("header", f"{named}name each column once, of: {', '.join(known)}"))
    return [_csv_row(number, header, line) for number, line in lines]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(name[:_SHOWN] for name in names[:_NAMES]) + more


def _csv_row(number: int, header: Sequence[str], line: Sequence[str]) -> Row:
    cells = {name: spreadsheets.cell(name, cell) for name, cell in zip(header, line, strict=False)}
    given = {name: cell for name, cell in cells.items() if cell}
    if any(cell.strip() for cell in line[len(header) :]):
        return Row(number, given, [FieldError("row", f"has {len(line)} cells under a header of {len(header)}")])
    blank = [
        name
        for name, cell in zip(header, line, strict=False)
        if name in ("station_id", "charge_point_id") and cell and not cells[name]
    ]
    if blank:
        return Row(number, given, [FieldError(name, spreadsheets.BLANK) for name in blank])
    return _validated(number, given, strict=False)


def _json_lines(body: bytes) -> list[Row]:
    found = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            given = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            found.append(Row(number, {}, [FieldError("row", f"not JSON: {error}")]))
        except RecursionError:
            found.append(
                Row(number, {}, [FieldError("row", "nested too deeply: an object of texts and numbers is wanted")])
            )
        else:
            if isinstance(given, dict):
                found.append(_validated(number, given, strict=True))
            else:
                found.append(Row(number, {}, [FieldError("row", "not an object")]))
    return found


def _validated(number: int, given: Mapping[str, Any], *, strict: bool) -> Row:
    try:
        row = Columns.model_validate(given, strict=strict)
    except ValidationError as error:
        shown = {
            name: given[name][:_SHOWN] for name in ("station_id", "charge_point_id") if isinstance(given.get(name), str)
        }
        return Row(number, shown, [field_error(one) for one in error.errors()[:_ERRORS]])
    return Row(number, {name: getattr(row, name) for name in row.model_fields_set})
