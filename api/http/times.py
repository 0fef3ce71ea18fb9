"""Times as clients write them: RFC 3339 moments, and steps such as ``15m``. Pure."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

STEP_PATTERN = r"^[1-9][0-9]{0,3}[mhd]$"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?")
_STEP = re.compile(STEP_PATTERN)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def moment(text: object) -> datetime:
    """From RFC 3339, UTC when no offset is given.

    Raises:
        ValueError: it is no such moment.
    """
    if isinstance(text, str) and _MOMENT.fullmatch(text):
        try:
            given = datetime.fromisoformat(text.upper())
            return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise ValueError("give an RFC 3339 time such as 2026-03-01T08:15:30Z (a + in a URL is written %2B)")


Moment = Annotated[
    datetime,
    BeforeValidator(moment),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339; without an offset: UTC"}),
]


class Period(BaseModel):
    """A time, of which the beginning belongs to it and the end does not."""

    from_: Moment | None = Field(default=None, alias="from", description="not before")
    to: Moment | None = Field(default=None, description="before")

    @field_validator("to")
    @classmethod
    def _after_from(cls, to: datetime | None, others: ValidationInfo) -> datetime | None:
        from_ = others.data.get("from_")
        if to is not None and from_ is not None and to < from_:
            raise ValueError("is before from: the time from (included) to (excluded) is meant")
        return to


def step(text: object) -> int:
    """From ``1m`` to ``1d``, in seconds.

    Raises:
        ValueError: it is no such step.
    """
    if isinstance(text, str) and _STEP.fullmatch(text):
        seconds = int(text[:-1]) * _SECONDS[text[-1]]
        if seconds <= _SECONDS["d"]:
            return seconds
    raise ValueError("give minutes, hours or a day, from 1m to 1d, such as 15m")
