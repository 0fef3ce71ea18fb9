"""What anybody may know of a station: chosen field by field, so that a new one in its document stays inside. Pure."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from shared.words.documents import Instant
from shared.words.status import Status


class PublicConnector(Struct, frozen=True):
    """A plug; ``charger`` counts the station's charge points from 1, for their ids are none of the public's."""

    charger: int
    evse_id: int
    connector_id: int
    status: Status
    since: Instant


class PublicStation(Struct, frozen=True):
    """A station as ``/status/{station_id}`` gives it."""

    name: str
    address: str | None
    status: Status
    since: Instant
    connectors: Sequence[PublicConnector]


class _Connector(Struct):
    id: int
    status: Status
    since: Instant


class _Evse(Struct):
    id: int
    connectors: tuple[_Connector, ...]


class _ChargePoint(Struct):
    evses: tuple[_Evse, ...] = ()


class _Station(Struct):
    name: str
    address: str | None
    status: Status
    since: Instant
    charge_points: tuple[_ChargePoint, ...]


_stations: msgspec.json.Decoder[_Station] = msgspec.json.Decoder(_Station)


def public(document: bytes) -> PublicStation:
    """Of a station's document, what the public may see."""
    known = _stations.decode(document)
    connectors = [
        PublicConnector(number, evse.id, one.id, one.status, one.since)
        for number, charge_point in enumerate(known.charge_points, start=1)
        for evse in charge_point.evses
        for one in evse.connectors
    ]
    return PublicStation(known.name, known.address, known.status, known.since, connectors)
