"""What came of an import."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from api.http.problems import FieldError
from api.inventory.merging import Result


class ImportedRow(Struct, frozen=True):
    """What came of one row."""

    row: Annotated[int, Meta(description="the line of the file that it begins in")]
    station_id: str | None
    charge_point_id: str | None
    result: Result
    errors: Sequence[FieldError]


class ImportReport(Struct, frozen=True):
    """What came of every row."""

    dry_run: bool
    totals: Mapping[Result, int]
    rows: Sequence[ImportedRow]


REPORT = ImportReport(
    dry_run=False,
    totals={"created": 1, "updated": 0, "unchanged": 0, "error": 1},
    rows=[
        ImportedRow(2, "alexanderplatz", "CP1", "created", []),
        ImportedRow(
            3,
            "alexanderplatz",
            "CP2",
            "error",
            [FieldError("latitude", "Input should be less than or equal to 90")],
        ),
    ],
)
