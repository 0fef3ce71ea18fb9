"""Which changes are shown."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from api.http.inputs import Paging


def _no_number(text: object) -> object:
    if isinstance(text, str) and "-" not in text[1:]:  # seconds since 1970, to pydantic
        raise ValueError("no RFC 3339 time: use one such as 2026-03-01T08:15:30Z")
    return text


Instant = Annotated[AwareDatetime, BeforeValidator(_no_number)]


class AuditFilters(Paging):
    """Which changes are shown."""

    station_id: str | None = Field(default=None, max_length=64, pattern=r"^[ -~]*$")
    charge_point_id: str | None = Field(
        default=None, max_length=48, pattern=r"^[ -~]*$", description="matched case-insensitively"
    )
    actor: str | None = Field(
        default=None, max_length=32, pattern=r"^[ -~]*$", description="the name of a token, `admin` for one without"
    )
    from_: Instant | None = Field(default=None, alias="from", description="not before; RFC 3339 with a zone")
    to: Instant | None = Field(default=None, description="before")
