"""Bodies that operate chargers, and what OpenAPI says of the answers."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from api.commands import answers as outcomes
from api.commands import inputs as operations

BODIES = (
    operations.AvailabilityWish,
    operations.Trigger,
    operations.ResetOrder,
    operations.Unlock,
    operations.Adoption,
)
ANSWERS = (
    outcomes.Availability,
    outcomes.CommandAnswer,
    outcomes.Knock,
    outcomes.KnockPage,
    outcomes.AuditEntry,
    outcomes.AuditPage,
    outcomes.ImportReport,
)


@pytest.mark.parametrize("model", [*BODIES, *ANSWERS])
def test_the_examples_are_right(model: type[BaseModel]) -> None:
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        model.model_validate(example)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (operations.AvailabilityWish, {"operative": 1}),
        (operations.AvailabilityWish, {"operative": True, "note": "a\0"}),
        (operations.Trigger, {"message": "heartbeat"}),
        (operations.Unlock, {"evse_id": True, "connector_id": 1}),
        (operations.Adoption, {"station_id": "S1", "password": "short"}),
        (operations.AuditFilters, {"station_id": "a\0"}),
        (operations.InboxFilters, {"limit": 501}),
    ],
)
def test_what_is_none_is_refused(model: type[BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(values)


def test_a_password_does_not_show_in_the_body_that_holds_it() -> None:
    adoption = operations.Adoption(station_id="S1", password="x" * 16)
    assert "x" * 16 not in repr(adoption)
