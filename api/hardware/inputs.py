"""What a client says of hardware."""

from typing import Annotated

from fastapi import Path
from pydantic import ConfigDict

from api.http.inputs import Plain
from api.inventory.inputs import WithPassword

_NUMBER_MAX = 32_767
EvseInPath = Annotated[int, Plain, Path(ge=1, le=_NUMBER_MAX, description="OCPP 1.6: the connector id")]
ConnectorInPath = Annotated[
    int, Plain, Path(ge=0, le=_NUMBER_MAX, description="OCPP 1.6: 1; 0: the EVSE with all its connectors")
]


class Replacement(WithPassword):
    """Another device under the same id; without a password it bears that of the former one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"generate_password": True}, {}]})
