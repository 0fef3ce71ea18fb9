"""Which changes are shown."""

from pydantic import Field

from api.http.inputs import PRINTABLE, Paging
from api.http.times import Period


class AuditFilters(Paging, Period):
    """Which changes are shown."""

    station_id: str | None = Field(
        default=None, max_length=64, pattern=PRINTABLE, description="matched case-insensitively"
    )
    charge_point_id: str | None = Field(
        default=None, max_length=48, pattern=PRINTABLE, description="matched case-insensitively"
    )
    actor: str | None = Field(
        default=None, max_length=32, pattern=PRINTABLE, description="the name of a token, `admin` for one without"
    )
