"""/openapi.json says what the routes do, in a way that people and generators of clients can use."""

import re
from typing import Any

import jsonschema
import pytest

from api.http.problems import every
from tests.integration.api.served import Api

PROBLEM = "application/problem+json"
Operations = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture
async def schema(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api.client.get("/openapi.json")).json()
    return found


@pytest.fixture
def operations(schema: dict[str, Any]) -> Operations:
    return {(method, path): one for path, methods in schema["paths"].items() for method, one in methods.items()}


def test_every_operation_names_the_scope_it_needs(schema: dict[str, Any], operations: Operations) -> None:
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for (method, path), operation in operations.items():
        reads = method == "get" or path == "/v1/stream/tickets"
        scope = "READ" if reads and path != "/v1/audit" else "ADMIN"
        assert operation["security"] == [{"token": [scope]}], path


def test_every_error_is_a_problem_with_an_example_of_each_kind(schema: dict[str, Any], operations: Operations) -> None:
    seen = set()
    for (method, path), operation in operations.items():
        errors = {status: one for status, one in operation["responses"].items() if status >= "400"}
        assert {"401", "403", "422", "429", "500", "503"} <= set(errors), path
        assert ("requestBody" in operation) == ({"413", "415"} <= set(errors)), (method, path)
        for status, response in errors.items():
            ((media_type, content),) = response["content"].items()
            assert (media_type, content["schema"]) == (PROBLEM, {"$ref": "#/components/schemas/Problem"})
            for name in content["examples"]:
                example = schema["components"]["examples"][name]["value"]
                jsonschema.validate(example, content["schema"] | {"components": schema["components"]})
                assert (example["status"], example["type"]) == (int(status), f"/problems/{name}")
                seen.add(name)
            assert response["description"]
    assert {kind.name for kind in every()} - seen == {"no-such-path", "method-not-allowed"}


def test_every_answer_has_a_schema_and_examples_that_it_allows(schema: dict[str, Any], operations: Operations) -> None:
    seen = set()
    for (_, path), operation in operations.items():
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values() if status < "300" else ():
                assert content["schema"], path
                for name in content.get("examples", ()):
                    example = schema["components"]["examples"][name]["value"]
                    jsonschema.validate(example, content["schema"] | {"components": schema["components"]})
                    seen.add(name)
    assert {"Station", "HistoryLinePage", "Availability-202", "Stats", "Trace", "ImportReport"} <= seen


def test_an_operation_has_the_name_that_a_person_would_choose(operations: Operations) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert {"list_stations", "read_charge_point", "unlock_connector", "read_stats_series"} <= set(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


def test_a_status_is_one_schema(schema: dict[str, Any]) -> None:
    """Of 18 inlined ones generators made 11 classes."""
    assert schema["components"]["schemas"]["Status"]["enum"]
    del schema["components"]["schemas"]["Status"]
    assert "RESERVED" not in re.sub(r"'example'.*", "", str([*_enums(schema)]))


def _enums(schema: Any) -> Any:
    if isinstance(schema, list):
        for one in schema:
            yield from _enums(one)
    elif isinstance(schema, dict):
        yield schema.get("enum")
        for one in schema.values():
            yield from _enums(one)


def test_headers_are_described_where_they_come(schema: dict[str, Any], operations: Operations) -> None:
    for method, path, status, header in (
        ("get", "/v1/stations", "200", "Link"),
        ("get", "/v1/stations/{station_id}", "304", "ETag"),
        ("get", "/v1/charge-points/{charge_point_id}", "200", "Age"),
        ("post", "/v1/stations", "201", "Location"),
        ("get", "/v1/stats", "401", "WWW-Authenticate"),
        ("get", "/v1/stats", "503", "Retry-After"),
        ("post", "/v1/stations", "415", "Accept"),
        ("delete", "/v1/stations/{station_id}", "204", "X-Request-ID"),
    ):
        assert header in operations[method, path]["responses"][status]["headers"], (method, path, status)
        assert schema["components"]["headers"][header]["description"]


def test_answers_that_happen_are_described(operations: Operations) -> None:
    for method, path, status in (
        ("get", "/v1/stations/{station_id}", "304"),
        ("delete", "/v1/stations/{station_id}", "204"),
        ("delete", "/v1/charge-points/{charge_point_id}", "412"),
        ("post", "/v1/stations", "201"),
        ("post", "/v1/stations", "409"),
        ("get", "/v1/stations", "422"),
    ):
        assert status in operations[method, path]["responses"], (method, path, status)


def test_a_default_is_one_that_may_be_sent(operations: Operations) -> None:
    """A client that sends the default of `step` got 422: it was an integer among texts."""
    for operation in operations.values():
        for parameter in operation.get("parameters", ()):
            if "default" in parameter["schema"] and "$ref" not in str(parameter["schema"]):
                jsonschema.validate(parameter["schema"]["default"], parameter["schema"])


def test_the_stream_has_typed_events(schema: dict[str, Any], operations: Operations) -> None:
    content = operations["get", "/v1/stream"]["responses"]["200"]["content"]["text/event-stream"]
    names = [one["$ref"].rpartition("/")[2] for one in content["schema"]["oneOf"]]
    events = [schema["components"]["schemas"][name]["properties"]["event"]["enum"] for name in names]
    assert events == [
        ["charge_point"],
        ["station"],
        ["deleted"],
        ["left"],
        ["reset"],
        ["dropped"],
        ["brief"],
        ["behind"],
    ]


def test_tags_say_what_they_are_about(schema: dict[str, Any], operations: Operations) -> None:
    described = {tag["name"] for tag in schema["tags"] if tag["description"]}
    assert {tag for operation in operations.values() for tag in operation["tags"]} == described
    for subject in ("Tokens", "Errors", "Pages", "ETags", "Times"):
        assert f"**{subject}" in schema["info"]["description"]
    assert schema["servers"][0]["url"] == "/"


def test_admin_routes_are_not_part_of_the_contract(operations: Operations) -> None:
    assert all(path.startswith("/v1/") for _, path in operations)
