"""What a client may send about those who knock."""

from pydantic import ConfigDict

from api.http.ids import StationId
from api.http.inputs import Paging
from api.inventory.inputs import WithPassword
from shared.words.documents import Registration


class Adoption(WithPassword):
    """Where a charge point that knocked shall belong."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"station_id": "alexanderplatz"}]})

    station_id: StationId
    registration: Registration = "ACCEPTED"


class InboxFilters(Paging):
    """Which part of the inbox is shown."""
