"""/openapi.json says what the routes do."""

from typing import Any

import pytest

from tests.integration.api.served import Api


@pytest.fixture
async def operations(api: Api) -> dict[tuple[str, str], dict[str, Any]]:
    schema = (await api.client.get("/openapi.json")).json()
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    return {(method, path): one for path, methods in schema["paths"].items() for method, one in methods.items()}


async def test_every_operation_names_the_scope_it_needs(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    for (method, path), operation in operations.items():
        scope = "READ" if method == "get" and path != "/v1/audit" else "ADMIN"
        assert operation["security"] == [{"token": [scope]}], path


async def test_every_error_is_described_as_a_problem(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    for (_, path), operation in operations.items():
        errors = {status: one for status, one in operation["responses"].items() if status >= "400"}
        assert {"401", "403", "500", "503"} <= set(errors), path
        for response in errors.values():
            assert list(response["content"]) == ["application/problem+json"]
            assert response["description"]


async def test_answers_that_happen_are_described(api: Api, operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    await api.station("S1", "CP1")
    for method, path, status in (
        ("get", "/v1/stations/{station_id}", "304"),
        ("delete", "/v1/stations/{station_id}", "204"),
        ("delete", "/v1/charge-points/{charge_point_id}", "412"),
        ("post", "/v1/stations", "201"),
        ("post", "/v1/stations", "409"),
        ("get", "/v1/stations", "422"),
    ):
        assert status in operations[method, path]["responses"], (method, path, status)


async def test_admin_routes_are_not_part_of_the_contract(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert all(path.startswith("/v1/") for _, path in operations)
