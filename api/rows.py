"""The rows of an import or an export: one charge point each, with the fields of its station. Pure.

CSV (RFC 4180, UTF-8, comma or semicolon) or JSON Lines. In CSV an empty cell is a field that was
not given; JSON knows null besides, which clears.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.errors import FieldError, Invalid, field_error
from api.requests import Address, ChargePointId, Latitude, Longitude, Name, Password, StationId, TimeZone
from shared.documents import Registration

Format = Literal["csv", "jsonl"]

STATION = {"station_name": "name", **{name: name for name in ("address", "latitude", "longitude", "time_zone")}}
EXPORTED = ("station_id", *STATION, "charge_point_id", "registration")


class Row(BaseModel):
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


class Read(NamedTuple):
    """A row that was read: what it gives, or what is wrong with it."""

    number: int
    given: Mapping[str, Any]
    errors: Sequence[FieldError] = ()


def read(body: bytes, format_: Format) -> list[Read]:
    """The rows of a file, counted from 1.

    Raises:
        Invalid: it is no such file at all.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(FieldError("body", f"not UTF-8 at byte {error.start}: save the file as UTF-8")) from error
    return _csv(text) if format_ == "csv" else _json_lines(text)


def written(rows: Iterable[Mapping[str, Any]], format_: Format, *, header: bool) -> bytes:
    """The rows as a piece of a file, the first piece with its header."""
    if format_ == "jsonl":
        return b"".join(msgspec.json.encode({name: row[name] for name in EXPORTED}) + b"\n" for row in rows)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    if header:
        writer.writerow(EXPORTED)
    writer.writerows([row[name] for name in EXPORTED] for row in rows)
    return buffer.getvalue().encode()


def _csv(text: str) -> list[Read]:
    first = text.partition("\n")[0]
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ",", strict=True
    )
    try:
        header = next(lines, [])
        cells = [line for line in lines if line]
    except csv.Error as error:
        raise Invalid(FieldError("body", f"not CSV in line {lines.line_num}: {error}")) from error
    known = Row.model_fields
    wrong = [name for name in header if name not in known]
    if wrong or len(set(header)) < len(header) or not header:
        named = f"unknown: {', '.join(wrong)}; " if wrong else ""
        raise Invalid(FieldError("header", f"{named}name each column once, of: {', '.join(known)}"))
    return [_csv_row(number, header, line) for number, line in enumerate(cells, start=1)]


def _csv_row(number: int, header: Sequence[str], line: Sequence[str]) -> Read:
    given = {name: cell for name, cell in zip(header, line, strict=False) if cell}
    if len(line) > len(header):
        return Read(number, given, [FieldError("row", f"has {len(line)} cells under a header of {len(header)}")])
    return _validated(number, given, strict=False)


def _json_lines(text: str) -> list[Read]:
    found = []
    for number, line in enumerate((line for line in text.split("\n") if line.strip()), start=1):
        try:
            given = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            found.append(Read(number, {}, [FieldError("row", f"not JSON: {error}")]))
            continue
        if isinstance(given, dict):
            found.append(_validated(number, given, strict=True))
        else:
            found.append(Read(number, {}, [FieldError("row", "not an object")]))
    return found


def _validated(number: int, given: Mapping[str, Any], *, strict: bool) -> Read:
    try:
        row = Row.model_validate(given, strict=strict)
    except ValidationError as error:
        shown = {name: given[name] for name in ("station_id", "charge_point_id") if isinstance(given.get(name), str)}
        return Read(number, shown, [field_error(one) for one in error.errors()])
    return Read(number, {name: getattr(row, name) for name in row.model_fields_set})
