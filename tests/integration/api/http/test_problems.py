"""Every error is a problem document that says what to do next."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import unquote

import httpx
import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.http.problems import ProblemDocument, every
from local.stack import Stack
from shared.stores import postgres
from tests.integration.api.served import ADMIN, Api, bearer

TYPES = {kind.type() for kind in every()}
FIELDS = ["type", "title", "status", "detail", "instance", "request_id", "errors"]


def problem(answer: httpx.Response, status: int) -> ProblemDocument:
    """The problem in an answer, which must be a whole one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()) == FIELDS
    found = msgspec.json.decode(answer.content, type=ProblemDocument)
    assert found.status == status
    assert found.detail
    assert found.type in TYPES
    assert found.request_id == answer.headers["X-Request-ID"]
    assert unquote(found.instance) == answer.request.url.path
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
    for kind in ({"Content-Type": "text/plain"}, {"Content-Type": "text/csv; charset=utf-8"}, {}):
        for method, path in (
            ("POST", "/v1/stations"),
            ("PATCH", "/v1/stations/S1"),
            ("PUT", "/v1/stations/S1/availability"),
        ):
            answer = await api.client.request(method, path, content=b'{"name": "A"}', headers=kind)
            assert "send application/json" in problem(answer, 415).detail
            assert answer.headers["Accept"] == "application/json"
    for json in ("application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"):
        answer = await api.client.post("/v1/stations", content=b'{"name": "A"}', headers={"Content-Type": json})
        assert answer.status_code == 201, json
    assert (await api.client.post("/v1/stations")).status_code == 422, "it says that the body is required"


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
    taken = problem(await api.client.post("/v1/stations", json={"id": "S1", "name": "A"}), 409)
    assert (taken.type, taken.title) == ("/problems/id-taken", "Id taken")
    changed = await api.client.patch("/v1/stations/S1", json={"name": "B"}, headers={"If-Match": '"9.9"'})
    assert problem(changed, 412).type == "/problems/changed"


def test_each_kind_of_problem_has_a_type_of_its_own_and_says_what_it_is() -> None:
    assert len(TYPES) == len(list(every()))
    for kind in every():
        assert kind.__doc__ != kind.__base__.__doc__, kind
        assert kind.example


async def test_a_type_leads_to_a_text_about_it_without_a_token(api: Api) -> None:
    for kind in every():
        answer = await api.client.get(kind.type(), headers={"Authorization": ""})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        assert answer.text.startswith(f"{kind.title()} ({kind.status})")
    assert problem(await api.client.get("/problems/nothing"), 404).type == "/problems/not-found"
    assert problem(await api.client.get("/nowhere"), 404).type == "/problems/no-such-path"


PERIODS = ("/v1/charge-points/CP1/history", "/v1/stations/S1/history", "/v1/audit", "/v1/stats/series")


@pytest.mark.parametrize("path", PERIODS)
async def test_a_time_is_the_same_wherever_it_is_asked_for(api: Api, path: str) -> None:
    await api.station("S1", "CP1")
    ends = {"from": "2026-03-01T09:00:00+01:00", "to": "2026-03-01T08:30:00"}
    assert (await api.client.get(path, params=ends)).status_code == 200, "without an offset: UTC"
    swapped = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
    (wrong,) = problem(await api.client.get(path, params=swapped), 422).errors
    assert (wrong.field, wrong.message.partition(":")[0]) == ("to", "is before from")
    for no_time in ("1772352930", "2026-03-01", "yesterday", ""):
        (wrong,) = problem(await api.client.get(path, params={"from": no_time}), 422).errors
        assert wrong.field == "from"
        assert "RFC 3339" in wrong.message


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
