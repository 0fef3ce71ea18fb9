"""What OpenAPI says of an answer is made of the struct that is answered, and every example is right."""

from collections.abc import Sequence
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from api.audit.answers import AUDIT
from api.bulk.answers import REPORT
from api.commands import answers as commands
from api.commands import inputs
from api.history.answers import HISTORY, NETWORK, SERIES, STATS
from api.http.pages import Page
from api.inbox.answers import INBOX
from api.inbox.inputs import Adoption
from api.inventory.answers import CHARGE_POINT, STATION
from api.live.answers import EVENT
from api.reference import schemas
from api.stations.answers import CHARGE_POINTS, CONNECTORS, STATIONS
from shared.words.documents import ChargePointDocument, Instant
from shared.words.status import Status


class Plug(Struct):
    """A plug."""

    status: Status
    since: Instant
    title: str
    note: Annotated[str | None, Meta(description="why")] = None
    length_m: float | UnsetType = UNSET


class PlugDocument(Struct):
    """The same as a document."""

    plugs: Sequence[Plug]


def test_every_field_is_required_but_those_that_may_be_absent() -> None:
    plug = schemas.components([Plug])["Plug"]
    assert plug["required"] == ["status", "since", "title", "note"]
    assert list(plug["properties"]) == ["status", "since", "title", "note", "length_m"]
    assert plug["properties"]["note"]["description"] == "why"
    assert plug["properties"]["since"] == {"type": "string", "format": "date-time"}
    assert all("default" not in field for field in plug["properties"].values())
    assert "additionalProperties" not in plug, "answers may get new fields"


def test_a_list_of_words_is_one_schema_wherever_it_comes() -> None:
    found = schemas.with_words({"components": {"schemas": schemas.components([Plug])}, "paths": {"x": [PARAMETER]}})
    ref = {"$ref": "#/components/schemas/Status"}
    assert found["components"]["schemas"]["Plug"]["properties"]["status"] == ref
    assert found["paths"]["x"] == [{"schema": {"allOf": [ref], "default": "FAULTED"}}]
    assert found["components"]["schemas"]["Status"]["enum"][0] == "AVAILABLE"


PARAMETER = {
    "schema": {
        "type": "string",
        "title": "Status",
        "enum": ["AVAILABLE", "OCCUPIED", "RESERVED", "UNAVAILABLE", "FAULTED", "UNKNOWN"],
        "default": "FAULTED",
    }
}


@pytest.mark.parametrize(
    ("type_", "name"),
    [(Plug, "Plug"), (ChargePointDocument, "ChargePoint"), (Page[Plug], "PlugPage"), (Page[PlugDocument], "PlugPage")],
)
def test_schemas_have_the_names_that_clients_read(type_: Any, name: str) -> None:
    assert schemas.ref(type_) == {"$ref": f"#/components/schemas/{name}"}
    assert name in schemas.components([type_])


@pytest.mark.parametrize(
    "example",
    [
        *(AUDIT, REPORT, HISTORY, SERIES, STATS, INBOX, CHARGE_POINT, STATION, EVENT, CHARGE_POINTS, STATIONS),
        CONNECTORS,
        NETWORK,
        *(commands.AVAILABILITY, commands.WAITING, commands.COMMAND, commands.STATE, commands.TRACE),
    ],
    ids=lambda example: type(example).__name__,
)
def test_an_example_is_as_its_schema_says(example: Struct) -> None:
    of: Any = Page[type(example.items[0])] if isinstance(example, Page) else type(example)  # type: ignore[misc]
    schema = schemas.ref(of) | {"components": {"schemas": schemas.components([of])}}
    jsonschema.validate(msgspec.json.decode(msgspec.json.encode(example)), schema)


@pytest.mark.parametrize(
    "model", [inputs.AvailabilityIntent, inputs.Trigger, inputs.ResetOrder, inputs.Unlock, Adoption]
)
def test_an_example_of_a_body_is_one(model: Any) -> None:
    examples = model.model_json_schema()["examples"]
    assert examples
    for example in examples:
        model.model_validate(example)
