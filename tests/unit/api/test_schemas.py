"""What OpenAPI says of the documents is what ``shared.words.documents`` makes."""

import msgspec
import pytest
from pydantic import BaseModel

from api.history import lines as history
from api.http import schemas
from shared.words import documents


@pytest.mark.parametrize(
    ("model", "struct"),
    [
        (schemas.Station, documents.StationDocument),
        (schemas.StationItem, documents.StationItem),
        (schemas.ChargePoint, documents.ChargePointDocument),
        (schemas.Evse, documents.EvseDocument),
        (schemas.Connector, documents.ConnectorDocument),
        (schemas.Connector0, documents.Connector0Document),
        (schemas.Intent, documents.Intent),
        (schemas.HistoryLine, history.Line),
    ],
)
def test_the_fields_are_the_same_in_the_same_order(model: type[BaseModel], struct: type[msgspec.Struct]) -> None:
    assert tuple(model.model_fields) == struct.__struct_fields__


@pytest.mark.parametrize(
    "model",
    [
        schemas.Station,
        schemas.StationItem,
        schemas.ChargePoint,
        schemas.StationPage,
        schemas.ChargePointPage,
        schemas.HistoryPage,
        schemas.Series,
        schemas.Problem,
    ],
)
def test_the_examples_are_right(model: type[BaseModel]) -> None:
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        model.model_validate(example)


def test_a_document_as_it_is_made_is_one_that_is_described() -> None:
    document = documents.encode(documents.ChargePointDocument("CP1", None, counts={"AVAILABLE": 1}))
    assert schemas.ChargePoint.model_validate_json(document).id == "CP1"
