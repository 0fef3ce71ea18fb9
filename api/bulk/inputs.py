"""How to import, and what to export."""

from pydantic import BaseModel, ConfigDict, Field

from .rows import Format


class ImportOptions(BaseModel):
    """How to import."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(default=False, description="only say what would come of each row")


class ExportOptions(BaseModel):
    """What kind of file."""

    model_config = ConfigDict(extra="forbid")

    format: Format = Field(default="csv", description="`jsonl`: JSON Lines")
