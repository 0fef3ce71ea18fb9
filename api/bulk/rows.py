"""The rows of an import or an export: one charge point each, with the fields of its station. Pure.

CSV (RFC 4180, UTF-8, comma or semicolon) or JSON Lines. In CSV an empty cell is a field that was
not given; JSON knows null besides, which clears. A text that a spreadsheet would take for a formula goes
out with an apostrophe before it (CWE-1236), which comes off again on the way in.
"""

import codecs
import csv
import io
import re
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

Format = Literal["csv", "jsonl"]

EXPORTED = ("station_id", *STATION, "charge_point_id", "registration")

MOST_ROWS = 200_000  #: each has a line in the report
_ERRORS = 20  #: of a row in the report
_SHOWN = 64  #: characters of an id in the report: it cannot have more
#: What makes a formula of a cell, also after blanks, and in the full-width forms that East Asian spreadsheets take.
_FORMULA = r"(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])"
_DANGEROUS = re.compile(rf"'*{_FORMULA}")
_DEFUSED = re.compile(rf"'+{_FORMULA}")


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
    """The rows of a file, counted from 1.

    Raises:
        Invalid: it is no such file at all.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if body.count(b"\n") > MOST_ROWS:
        raise Invalid(FieldError("body", f"has more than {MOST_ROWS} lines: send it in parts"))
    return _csv(body) if format_ == "csv" else _json_lines(body)


def written(rows: Iterable[Mapping[str, Any]], format_: Format, *, header: bool) -> bytes:
    """The rows as a piece of a file, the first piece with its header."""
    if format_ == "jsonl":
        return b"".join(msgspec.json.encode({name: row[name] for name in EXPORTED}) + b"\n" for row in rows)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if header:
        writer.writerow(EXPORTED)
    writer.writerows([_defused(row[name]) for name in EXPORTED] for row in rows)
    return buffer.getvalue().encode()


def _defused(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _DANGEROUS.match(cell) else cell


def _csv(body: bytes) -> list[Row]:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Invalid(FieldError("body", f"not UTF-8 at byte {error.start}: save the file as UTF-8")) from error
    first = text.partition("\n")[0]
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ",", strict=True
    )
    try:
        header = next(lines, [])
        cells = [line for line in lines if line]
    except csv.Error as error:
        raise Invalid(FieldError("body", f"not CSV in line {lines.line_num}: {error}")) from error
    known = Columns.model_fields
    wrong = [name for name in header if name not in known]
    if wrong or len(set(header)) < len(header) or not header:
        named = f"unknown: {', '.join(wrong)}; " if wrong else ""
        raise Invalid(FieldError("header", f"{named}name each column once, of: {', '.join(known)}"))
    return [_csv_row(number, header, line) for number, line in enumerate(cells, start=1)]


def _csv_row(number: int, header: Sequence[str], line: Sequence[str]) -> Row:
    given = {name: cell[bool(_DEFUSED.match(cell)) :] for name, cell in zip(header, line, strict=False) if cell}
    if len(line) > len(header):
        return Row(number, given, [FieldError("row", f"has {len(line)} cells under a header of {len(header)}")])
    return _validated(number, given, strict=False)


def _json_lines(body: bytes) -> list[Row]:
    found = []
    for number, line in enumerate((line for line in body.split(b"\n") if line.strip()), start=1):
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
