"""Every error is a problem document that says what to do next."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.http import schemas
from local.stack import Stack
from shared.stores import postgres
from tests.integration.api.served import ADMIN, Api, bearer

FIELDS = ["type", "title", "status", "detail", "instance", "request_id", "errors"]


def problem(answer: httpx.Response, status: int) -> schemas.Problem:
    """The problem in an answer, which must be a whole one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()) == FIELDS
    found = schemas.Problem.model_validate(answer.json())
    assert found.status == status
    assert found.detail
    assert found.request_id == answer.headers["X-Request-ID"]
    assert found.instance == answer.request.url.path
    return found


async def test_a_path_that_leads_nowhere(api: Api) -> None:
    assert "/docs" in problem(await api.client.get("/nowhere"), 404).detail
    problem(await api.client.get("/v1/nowhere"), 404)
    problem(await api.client.get("/v1/stations/"), 404)


async def test_a_thing_that_is_not_there(api: Api) -> None:
    assert "GET /v1/stations" in problem(await api.client.get("/v1/stations/S1"), 404).detail


async def test_a_method_that_is_not_there(api: Api) -> None:
    answer = await api.client.put("/v1/stations/S1", json={})
    problem(answer, 405)
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, PATCH"


async def test_a_body_that_is_not_json(api: Api) -> None:
    answer = await api.client.post("/v1/stations", content=b'{"name":', headers={"Content-Type": "application/json"})
    assert problem(answer, 422).errors[0].field == "body"
    for body in (b"\xff\xfe", b"[" * 100_000):
        answer = await api.client.post("/v1/stations", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        problem(answer, answer.status_code)


async def test_a_body_that_is_json_under_another_name(api: Api) -> None:
    problem(
        await api.client.post("/v1/stations", content=b'{"name": "A"}', headers={"Content-Type": "text/plain"}), 422
    )


async def test_a_body_that_does_not_fit(api: Api) -> None:
    found = problem(await api.client.post("/v1/stations", json={"id": "a b", "latitude": 91, "colour": 1}), 422)
    assert {error.field for error in found.errors} == {"id", "name", "latitude", "colour"}
    assert all(error.field in found.detail for error in found.errors)
    for text in (b"[]", b"null", b'"text"', b"1"):
        answer = await api.client.post("/v1/stations", content=text, headers={"Content-Type": "application/json"})
        problem(answer, 422)


async def test_text_that_postgres_could_not_hold(api: Api) -> None:
    answer = await api.client.post(
        "/v1/stations", content=b'{"name": "\\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert problem(answer, 422).errors[0].field == "name"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large(api: Api, announced: bool) -> None:
    async def in_parts() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    body: bytes | AsyncIterator[bytes] = b"x" * (1024 * 1024 + 1) if announced else in_parts()
    answer = await api.client.post("/v1/stations", content=body, headers={"Content-Type": "application/json"})
    assert "1048576" in problem(answer, 413).detail


async def test_a_taken_id_and_an_old_version(api: Api) -> None:
    await api.station("S1")
    problem(await api.client.post("/v1/stations", json={"id": "S1", "name": "A"}), 409)
    problem(await api.client.patch("/v1/stations/S1", json={"name": "B"}, headers={"If-Match": '"9.9"'}), 412)


async def test_a_bug_is_logged_with_the_id_that_the_client_gets(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: Request) -> Response:
        raise ZeroDivisionError("divided by zero")

    api.app.router.add_route("/v1/broken", broken)
    found = problem(await api.client.get("/v1/broken"), 500)
    assert "divided" not in found.detail
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.__dict__["request_id"] == found.request_id


async def test_postgres_away_is_said_with_when_to_try_again(
    build: Callable[..., Api], stack: Stack, copy: object
) -> None:
    async with postgres.pool("postgresql://nobody@127.0.0.1:1/nothing", size=1, name="test") as nowhere:
        api = build(pool=nowhere)
        for method, path in (
            ("GET", "/v1/stations"),
            ("GET", "/v1/stations/S1"),
            ("GET", "/v1/stats"),
            ("DELETE", "/v1/charge-points/CP1"),
        ):
            answer = await api.client.request(method, path)
            problem(answer, 503)
            assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("given", ["abc-123", "x" * 128, "~!"])
async def test_a_request_id_is_taken_over(api: Api, given: str) -> None:
    answer = await api.client.get("/v1/stations", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given
    assert problem(await api.client.get("/x", headers={"X-Request-ID": given}), 404).request_id == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "ä", "a\tb"])
async def test_a_request_id_that_could_harm_a_log_is_replaced(api: Api, given: str) -> None:
    answer = await api.client.get("/livez", headers={b"X-Request-ID": given.encode()})
    assert answer.headers["X-Request-ID"] not in ("", given)


async def test_without_a_known_token_not_even_a_body_is_looked_at(api: Api) -> None:
    for headers in ({"Authorization": ""}, bearer("guessed")):
        answer = await api.client.post("/v1/stations", content=b"{", headers=headers)
        problem(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await api.client.post("/v1/stations", json={"name": "A"}, headers=bearer(ADMIN))).status_code == 201
