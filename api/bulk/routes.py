"""``/v1/import`` and ``/v1/export``: the inventory as a file."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, get_args

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.http import responses
from api.http.access import Author
from api.http.problems import WrongMediaType
from api.inventory.idempotency import IMPORT_S, Idempotency, IdempotencyKey
from api.inventory.merging import Merged, Result
from api.reference.openapi import answering, header_refs
from api.room import Room

from . import answers
from .importing import Bulk
from .inputs import ExportOptions, ImportOptions
from .rows import EXPORTED, Format

_FORMATS: dict[str, Format] = {
    "text/csv": "csv",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/x-jsonlines": "jsonl",
}
_MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_CSV = "station_id,station_name,latitude,longitude,charge_point_id\nalexanderplatz,Alexanderplatz P2,52.5,13.4,CP1\n"
_JSONL = '{"station_id": "alexanderplatz", "station_name": "Alexanderplatz P2", "charge_point_id": "CP1"}\n'
#: Any bytes are a file, and the report says of each row what is wrong with it.
_FILE = {"type": "string", "format": "binary"}
_FILES: dict[str, Any] = {
    "application/x-ndjson": {"schema": _FILE, "example": _JSONL},
    "text/csv": {"schema": _FILE, "example": _CSV},  # last: some generated clients can say but that
}
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": _FILES}}


def room(bulk: Bulk, once: Idempotency) -> Room:
    """The routes."""
    routes = Room("/v1", "import and export")

    @routes.writes.post(
        "/import",
        responses=answering(answers.ImportReport, example=answers.REPORT),
        openapi_extra=_BODY,
    )
    async def import_inventory(
        request: Request, options: Annotated[ImportOptions, Query()], idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Creates and updates stations and charge points from a file of at most 10 MiB.

        A row is one charge point with the fields of its station, or a station alone. What exists is
        updated: a field that is absent (CSV: empty) stays as it is, JSON null clears it. Rows are merged
        one after the other; a row with an error changes nothing and stops nothing. Each charge point has one row.

        CSV is taken as spreadsheets save it: commas, semicolons or tabs; decimal commas; names of columns and
        registrations in any case; blanks around cells and separators at the end do not count. JSON Lines are taken as
        they stand; of a name that comes twice in an object the last one counts. Nothing is taken compressed. Passwords
        that people chose are hashed for 40 s at most: rows that come too late for that have an error, and are for
        another request.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        format_ = _FORMATS.get(kind)
        if format_ is None:
            raise WrongMediaType.than(*_FILES)

        async def imported(author: Author) -> Response:
            body = await request.body()
            return _report(await bulk.import_(author, body, format_, dry_run=options.dry_run), options)

        return await once.done(request, idempotency_key, imported, IMPORT_S)

    @routes.reads.get(
        "/export",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": _FILES,
                "description": f"Columns: {', '.join(EXPORTED)}",
                "headers": header_refs(responses.STREAM_ID),
            }
        },
    )
    async def export_inventory(request: Request, options: Annotated[ExportOptions, Query()]) -> Response:
        """All stations and charge points as a file that `POST /v1/import` reads; never a password.

        What is changed while it is written may be in it twice, or not at all; `Plugwatch-Stream-Id` is of before that.
        """
        pieces = await bulk.export(options.format)
        told = {
            "Content-Disposition": f'attachment; filename="plugwatch.{options.format}"',
            **responses.following(request.scope["stream_id"]),
        }
        return StreamingResponse(pieces, headers=told, media_type=_MEDIA_TYPES[options.format])

    return routes


def _report(merged: Sequence[Merged], options: ImportOptions) -> Response:
    totals = Counter(one.result for one in merged)
    rows = [
        answers.ImportedRow(
            one.row.number,
            one.row.given.get("station_id"),
            one.row.given.get("charge_point_id"),
            one.result,
            one.errors,
        )
        for one in merged
    ]
    report = answers.ImportReport(options.dry_run, {result: totals[result] for result in get_args(Result)}, rows)
    return Response(msgspec.json.encode(report), media_type="application/json")
