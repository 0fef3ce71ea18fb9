import json
from pathlib import Path

import pytest

from tools.ocpp_shapes import Unknown, Version, stale


def test_what_is_committed_is_what_the_schemas_make() -> None:
    assert [path.name for path, _ in stale()] == []


def test_a_schema_that_says_what_shapes_cannot_say_stops_the_program(tmp_path: Path) -> None:
    version = Version("v16")
    version.folder = tmp_path
    field = {"type": "string", "pattern": "^a$"}
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "properties": {"a": field}}
    (tmp_path / "Foo.json").write_text(json.dumps(schema))
    with pytest.raises(Unknown, match="pattern"):
        version.shape("Foo")


def test_a_schema_without_what_is_described() -> None:
    """The OCA's texts are not ours to hand on."""
    made = Version("v201").shape("StatusNotificationRequest")
    assert "description" not in made
    assert '"connectorStatus!": ConnectorStatusEnumType' in made
