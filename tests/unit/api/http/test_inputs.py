"""Bodies and query parameters: what is let in, and under which name the rest is refused."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from api.audit.inputs import AuditFilters
from api.commands import inputs
from api.inbox.inputs import Adoption, InboxFilters
from api.inventory.inputs import ChargePointPatch, NewChargePoint, NewStation, StationPatch
from api.stations.inputs import ChargePointFilters, StationFilters


def refused(model: Any, values: dict[str, Any]) -> set[str]:
    """The fields that are wrong."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(values)
    return {str(one["loc"][0]) for one in error.value.errors()}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a\nb"),
        ("name", "a\0"),
        ("name", "a\x9f"),
        ("name", None),
        ("name", 1),
        ("id", "a b"),
        ("id", ".."),
        ("id", "x" * 65),
        ("address", "x" * 501),
        ("address", "a\0"),
        ("latitude", 90.1),
        ("latitude", float("nan")),
        ("latitude", float("inf")),
        ("latitude", "52"),
        ("latitude", True),
        ("longitude", -180.1),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", ""),
        ("time_zone", "europe/berlin"),
        ("status", "AVAILABLE"),
    ],
)
def test_a_station_that_cannot_be(field: str, value: Any) -> None:
    assert refused(NewStation, {"name": "A", "latitude": 1, "longitude": 2} | {field: value}) == {field}


def test_a_station_with_everything() -> None:
    given = {"name": "x" * 200, "id": "S1", "address": "a\nb", "latitude": -90, "longitude": 180, "time_zone": "UTC"}
    assert NewStation.model_validate(given).given() == given


def test_a_patch_knows_what_was_given_and_what_was_null() -> None:
    assert StationPatch.model_validate({"address": None}).given() == {"address": None}
    assert StationPatch.model_validate({}).given() == {}
    assert refused(StationPatch, {"name": None}) == {"name"}
    assert refused(StationPatch, {"id": "S2"}) == {"id"}
    assert refused(ChargePointPatch, {"registration": None}) == {"registration"}


@pytest.mark.parametrize(
    "password", ["x" * 15, "x" * 65, "pässwörd-long-enough", "with\na line feed in it", 12345678901234567]
)
def test_a_password_that_no_charger_could_send(password: Any) -> None:
    assert refused(NewChargePoint, {"id": "CP1", "password": password}) == {"password"}


@pytest.mark.parametrize(
    "password", ["x" * 16, "x" * 64, "a b|c:d-e_f=g+h@i.", "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"]
)
def test_a_password_does_not_show_in_the_body_that_holds_it(password: str) -> None:
    assert password not in repr(NewChargePoint.model_validate({"id": "CP1", "password": password}))
    assert password not in repr(Adoption(station_id="S1", password=password))


@pytest.mark.parametrize(("limit", "fits"), [(0, False), (1, True), (500, True), (501, False)])
def test_a_limit_is_never_clamped(limit: int, fits: bool) -> None:
    if fits:
        assert StationFilters.model_validate({"limit": limit}).limit == limit
    else:
        assert refused(StationFilters, {"limit": limit}) == {"limit"}


def test_filters_that_do_not_exist_are_refused() -> None:
    assert refused(StationFilters, {"station_id": "S1", "unassigned": True}) == {"station_id", "unassigned"}
    assert refused(ChargePointFilters, {"expand": "charge_points"}) == {"expand"}
    assert refused(ChargePointFilters, {"status": ["available"]}) == {"status"}


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (inputs.AvailabilityIntent, {"operative": 1}),
        (inputs.AvailabilityIntent, {"operative": True, "note": "a\0"}),
        (inputs.Trigger, {"message": "heartbeat"}),
        (inputs.Unlock, {"evse_id": True, "connector_id": 1}),
        (Adoption, {"station_id": "S1", "password": "short"}),
        (AuditFilters, {"station_id": "a\0"}),
        (InboxFilters, {"limit": 501}),
    ],
)
def test_what_operates_no_charger_is_refused(model: type[BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(values)
