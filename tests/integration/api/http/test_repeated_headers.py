"""Several lines of one header are one list (RFC 9110 §5.2); where no list is wanted, they open nothing."""

import pytest

from tests.integration.api.served import ADMIN, READ, Api, bearer

Lines = list[tuple[str, str]]


async def status(api: Api, lines: Lines, method: str = "GET", path: str = "/v1/stations/S1", **what: object) -> int:
    api.client.headers.pop("authorization")
    api.client.headers.pop("accept-encoding", None)
    try:
        answer = await api.client.request(method, path, headers=lines, **what)  # type: ignore[arg-type]
    finally:
        api.client.headers.update(bearer(ADMIN))
    return answer.status_code


@pytest.mark.parametrize("first", [True, False])
async def test_any_of_the_entity_tags_counts(api: Api, first: bool) -> None:
    await api.station("S1")
    etag = (await api.client.get("/v1/stations/S1")).headers["ETag"]
    tags = [etag, '"9.9"'] if first else ['"9.9"', etag]
    token = ("Authorization", f"Bearer {ADMIN}")
    assert await status(api, [token, *(("If-None-Match", tag) for tag in tags)]) == 304
    lines = [token, *(("If-Match", tag) for tag in tags)]
    assert await status(api, lines, "PATCH", json={"name": "B"}) == 200


@pytest.mark.parametrize("encodings", [("gzip", "br"), ("br", "gzip")])
async def test_any_of_the_encodings_counts(api: Api, encodings: tuple[str, str]) -> None:
    for number in range(12):
        await api.station(f"S{number}")
    lines = [("Accept-Encoding", one) for one in encodings]
    api.client.headers.pop("accept-encoding", None)
    answer = await api.client.get("/v1/stations", headers=lines)
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("tokens", [(ADMIN, "guessed"), ("guessed", ADMIN), (READ, ADMIN)])
async def test_two_tokens_are_none(api: Api, tokens: tuple[str, str]) -> None:
    """Whoever stands between may have looked at the other one."""
    assert await status(api, [("Authorization", f"Bearer {one}") for one in tokens], path="/v1/stations") == 401


async def test_two_keys_are_neither_of_them(api: Api) -> None:
    token, body = ("Authorization", f"Bearer {ADMIN}"), {"name": "A"}
    for keys in (("a", "b"), ("b",), ("a",)):
        lines = [token, *(("Idempotency-Key", key) for key in keys)]
        assert await status(api, lines, "POST", "/v1/stations", json=body) == 201
    assert await api.pool.fetchval("SELECT count(*) FROM stations") == 3
