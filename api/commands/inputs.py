"""What a client may send to operate chargers: bodies and filters, strict, unknown names refused."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from api.http.inputs import StationId, WithPassword
from shared.words.documents import Registration

_NO_CONTROLS_BUT_LINES = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"
_NUMBER_MAX = 32_767


def _no_number(text: object) -> object:
    if isinstance(text, str) and "-" not in text[1:]:  # seconds since 1970, to pydantic
        raise ValueError("no RFC 3339 time: use one such as 2026-03-01T08:15:30Z")
    return text


#: What a charger can be asked to send; the gateway knows how each dialect says it.
Requested = Literal[
    "BootNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "StatusNotification",
]
ResetKind = Literal["immediate", "graceful"]

Instant = Annotated[AwareDatetime, BeforeValidator(_no_number)]
EvseNumber = Annotated[int, Field(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: the connector id")]
ConnectorNumber = Annotated[int, Field(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: 1")]
EvseInPath = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: the connector id")]
ConnectorInPath = Annotated[
    int, Path(ge=0, le=_NUMBER_MAX, description="OCPP 1.6: 1; 0: the EVSE with all its connectors")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AvailabilityWish(_Body):
    """What chargers shall be: in service or out of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operative": False, "note": "cable is torn"}]})

    operative: bool
    note: Annotated[str, Field(max_length=500, pattern=_NO_CONTROLS_BUT_LINES)] | None = Field(
        default=None, description="why; shown in the document while the charger has not followed"
    )


class Trigger(_Body):
    """A message that the charger shall send now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "StatusNotification", "evse_id": 1}]})

    message: Requested
    evse_id: EvseNumber | None = None
    connector_id: ConnectorNumber | None = Field(default=None, description="only together with `evse_id`")


class ResetOrder(_Body):
    """A restart: at once, or when what is running has ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "graceful"}]})

    kind: ResetKind


class Unlock(_Body):
    """A cable to let go of."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"evse_id": 1, "connector_id": 1}]})

    evse_id: EvseNumber
    connector_id: ConnectorNumber


class Adoption(WithPassword):
    """Where a charge point that knocked shall belong."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"station_id": "alexanderplatz"}]})

    station_id: StationId
    registration: Registration = "ACCEPTED"


class _Pages(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the page before")


class InboxFilters(_Pages):
    """Which part of the inbox is shown."""


class AuditFilters(_Pages):
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
