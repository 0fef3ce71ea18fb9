"""What OpenAPI says of the documents is what ``shared.words.documents`` makes, and every example is right."""

import msgspec
import pytest
from pydantic import BaseModel

from api.audit import answers as audit
from api.bulk import answers as bulk
from api.commands import answers as commands
from api.commands import inputs
from api.history import answers as history
from api.history import lines
from api.http import schemas
from api.inbox import answers as inbox
from api.inbox.inputs import Adoption
from api.inventory import answers as inventory
from api.stations import answers as stations
from shared.words import documents


@pytest.mark.parametrize(
    ("model", "struct"),
    [
        (inventory.Station, documents.StationDocument),
        (inventory.StationItem, documents.StationItem),
        (inventory.ChargePoint, documents.ChargePointDocument),
        (inventory.Evse, documents.EvseDocument),
        (inventory.Connector, documents.ConnectorDocument),
        (inventory.Connector0, documents.Connector0Document),
        (inventory.Intent, documents.Intent),
        (history.HistoryLine, lines.Line),
    ],
)
def test_the_fields_are_the_same_in_the_same_order(model: type[BaseModel], struct: type[msgspec.Struct]) -> None:
    assert tuple(model.model_fields) == struct.__struct_fields__


@pytest.mark.parametrize(
    "model",
    [
        inventory.Station,
        inventory.StationItem,
        inventory.ChargePoint,
        stations.StationPage,
        stations.ChargePointPage,
        history.HistoryPage,
        history.Series,
        schemas.Problem,
        inputs.AvailabilityIntent,
        inputs.Trigger,
        inputs.ResetOrder,
        inputs.Unlock,
        Adoption,
        commands.Availability,
        commands.CommandAnswer,
        inbox.Knock,
        inbox.KnockPage,
        audit.AuditEntry,
        audit.AuditPage,
        bulk.ImportReport,
    ],
)
def test_the_examples_are_right(model: type[BaseModel]) -> None:
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        model.model_validate(example)


def test_a_document_as_it_is_made_is_one_that_is_described() -> None:
    document = documents.encode(documents.ChargePointDocument("CP1", None, counts={"AVAILABLE": 1}))
    assert inventory.ChargePoint.model_validate_json(document).id == "CP1"
