"""/v1/me: which token a client has."""

from collections.abc import Callable

import pytest

from tests.integration.api.served import ADMIN, METRICS, READ, Api, bearer


@pytest.mark.parametrize("mode", ["all", "read"])
async def test_a_token_learns_its_name_and_scope_and_what_the_server_does(build: Callable[..., Api], mode: str) -> None:
    api = build(mode=mode, admin=(ADMIN, "field-team:s3cret-1-of-tests"))
    for token, name, scope in (
        (READ, "read", "READ"),
        (ADMIN, "admin", "ADMIN"),
        ("s3cret-1-of-tests", "field-team", "ADMIN"),
        ("field-team:s3cret-1-of-tests", "field-team", "ADMIN"),
    ):
        answer = await api.client.get("/v1/me", headers=bearer(token))
        assert answer.json() == {"name": name, "scope": scope, "mode": mode}
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("token", "status"), [(METRICS, 403), ("guessed", 401), ("", 401)])
async def test_others_learn_nothing(api: Api, token: str, status: int) -> None:
    assert (await api.client.get("/v1/me", headers=bearer(token))).status_code == status
