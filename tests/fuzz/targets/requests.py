"""What a client of the API may write, read as the API reads it: bodies, inventory files, query parameters, cursors,
times, places, tags. Each is taken or refused as documented, and the refusal can be sent.

The first byte chooses what the rest is.
"""

import json
from collections.abc import Callable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from api.bulk import rows
from api.history.inputs import HistoryFilters, SeriesFilters
from api.http import etags, ids, pages, problems, query, refusals, times
from api.http.problems import Problem
from api.http.refusals import field_error
from api.inventory import merging
from api.inventory.inputs import ChargePointPatch, NewChargePoint, NewStation, StationPatch
from api.live.inputs import StreamFilters
from api.stations.inputs import ChargePointFilters, StationFilters
from shared.words import places

_BODIES: tuple[type[BaseModel], ...] = (
    NewStation,
    StationPatch,
    NewChargePoint,
    ChargePointPatch,
)
_QUERIES: tuple[type[BaseModel], ...] = (
    StationFilters,
    ChargePointFilters,
    HistoryFilters,
    SeriesFilters,
    StreamFilters,
)
_ROW: type[BaseModel] = rows.Columns
_SCOPE = {"path": "/v1/stations", "request_id": "1"}

WORDS = sorted(
    {name for model in (*_BODIES, *_QUERIES, _ROW) for name in model.model_fields}
    | {"from", "52.5,13.4", "2026-03-01T08:15:30Z", "15m", "ACCEPTED", "PENDING", "Europe/Berlin"}
)


def run(data: bytes) -> None:
    """Reads the bytes as one of these."""
    kind, rest = (data[0] if data else 0), data[1:]
    reads = _READS[kind % len(_READS)]
    try:
        reads(rest)
    except Problem as problem:
        refusals.response(problem, _SCOPE)


def _body(model: type[BaseModel]) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        try:
            given = json.loads(data)  # as FastAPI does
        except (ValueError, RecursionError):
            return
        _validated(model, given)

    return read


def _query(model: type[BaseModel]) -> Callable[[bytes], None]:
    lists = {
        field.alias or name for name, field in model.model_fields.items() if str(field.annotation).startswith("list[")
    }

    def read(data: bytes) -> None:
        query._check(data, dict.fromkeys([*lists, "q", "near"], True))
        params = QueryParams(data.decode("latin-1"))
        _validated(model, {name: params.getlist(name) if name in lists else params[name] for name in params})

    return read


def _validated(model: type[BaseModel], given: object) -> None:
    try:
        made = model.model_validate(given)
    except ValidationError as invalid:
        named = [{**error, "loc": ("body", *error["loc"])} for error in invalid.errors()]
        raise problems.Invalid(*(field_error(one) for one in named)) from invalid
    if isinstance(made, StreamFilters):
        made.wanted()
    else:
        json.dumps(made.model_dump(mode="json", exclude={"password"})).encode()
        made.model_dump_json(exclude={"password"})  # it can be stored: no half of a surrogate pair


def _file(format_: rows.Format) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        known = merging.Known()
        merged = [merging.merge(row, known, {row.number: "x"}) for row in rows.read(data, format_)]
        for _, result, wrong in merged:
            assert (result == "error") == bool(wrong)
            if wrong:
                refusals.response(problems.Invalid(*wrong), _SCOPE)
        exported: list[dict[str, Any]] = [
            {
                **dict.fromkeys(rows.EXPORTED),
                "station_id": one.id,
                **{column: one.fields[name] for column, name in merging.STATION.items()},
            }
            for one in known.stations.values()
        ]
        back = rows.read(rows.written(exported, format_, header=True), format_)
        wanted = [{name: value for name, value in row.items() if value not in (None, "")} for row in exported]
        got = [{name: value for name, value in row.given.items() if value not in (None, "")} for row in back]
        assert got == wanted, "what was exported does not come back"

    return read


def _text(reads: Callable[[str], object]) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        try:
            reads(data.decode("latin-1"))
        except ValueError as error:
            assert str(error), "it does not say what to give"

    return read


def _place(text: str) -> None:
    places.around(places.point(text), places.MAX_RADIUS_M)


def _tags(text: str) -> None:
    etags.is_current(text, '"1.2"')
    etags.require(text, 1)


_READS: tuple[Callable[[bytes], None], ...] = (
    *map(_body, _BODIES),
    *map(_query, _QUERIES),
    *map(_file, get_args(rows.Format)),
    *map(
        _text,
        (
            times.moment,
            times.step,
            _place,
            places.box,
            _tags,
            lambda text: pages.decode("stations", text),
            lambda text: pages.decode_number("history", text),
            ids.is_station,
            ids.is_charge_point,
        ),
    ),
)
