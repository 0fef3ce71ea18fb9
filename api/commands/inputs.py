"""What a client may send to have chargers do something."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import ConfigDict, Field

from api.http.inputs import NO_CONTROLS_BUT_LINES, Body, Plain

_NUMBER_MAX = 32_767
#: What a charger can be asked to send; the gateway knows how each dialect says it.
Requested = Literal[
    "BootNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "StatusNotification",
    "TransactionEvent",
]
ResetKind = Literal["immediate", "graceful"]
EvseNumber = Annotated[int, Field(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: the connector id")]
ConnectorNumber = Annotated[int, Field(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: 1")]
EvseInPath = Annotated[int, Plain, Path(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: the connector id")]
ConnectorInPath = Annotated[
    int, Plain, Path(ge=0, le=_NUMBER_MAX, description="OCPP 1.6: 1; 0: the EVSE with all its connectors")
]


class AvailabilityIntent(Body):
    """What chargers shall be: in service or out of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operative": False, "note": "cable is torn"}]})

    operative: bool
    note: Annotated[str, Field(max_length=500, pattern=NO_CONTROLS_BUT_LINES)] | None = Field(
        default=None, description="why; shown in the document as long as it is out of service"
    )


class Trigger(Body):
    """A message that the charger shall send now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "StatusNotification", "evse_id": 1}]})

    message: Requested
    evse_id: EvseNumber | None = None
    connector_id: ConnectorNumber | None = Field(default=None, description="only together with `evse_id`")


class ResetOrder(Body):
    """A restart: at once, or when what is running has ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "graceful"}]})

    kind: ResetKind
    evse_id: EvseNumber | None = Field(default=None, description="only this EVSE; OCPP 1.6 cannot")


class Unlock(Body):
    """A cable to let go of."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"evse_id": 1, "connector_id": 1}]})

    evse_id: EvseNumber
    connector_id: ConnectorNumber


class TraceSwitch(Body):
    """Whether a charge point's frames are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    enabled: bool
