"""What came of an import, for OpenAPI alone."""

from typing import Literal

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from api.http.schemas import FieldError, like

_WRONG: JsonDict = {"field": "latitude", "message": "Input should be less than or equal to 90"}
_ROWS: list[JsonDict] = [
    {"row": 1, "station_id": "alexanderplatz", "charge_point_id": "CP1", "result": "created", "errors": []},
    {"row": 2, "station_id": "alexanderplatz", "charge_point_id": "CP2", "result": "error", "errors": [_WRONG]},
]
_TOTALS: JsonDict = {"created": 1, "updated": 0, "unchanged": 0, "error": 1}


class ImportedRow(BaseModel):
    """What came of one row."""

    row: int = Field(description="1 is the first after the header")
    station_id: str | None
    charge_point_id: str | None
    result: Literal["created", "updated", "unchanged", "error"]
    errors: list[FieldError]


class ImportReport(BaseModel):
    """What came of every row."""

    model_config = like({"dry_run": False, "totals": _TOTALS, "rows": list(_ROWS)})

    dry_run: bool
    totals: dict[Literal["created", "updated", "unchanged", "error"], int]
    rows: list[ImportedRow]
