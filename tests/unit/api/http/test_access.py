"""Who may do what: the whole matrix of scopes, methods and paths."""

import pytest
from pydantic import SecretStr

from api.http.access import Access
from api.http.problems import Forbidden, Problem, Unauthorized

GIVEN_OUT = Access(read=(SecretStr("r1"), SecretStr("r2")), admin=(SecretStr("a"),), metrics=(SecretStr("m"),))
CLOSED = Access(read=(), admin=(), metrics=())


def outcome(access: Access, method: str, path: str, authorization: str | None) -> type[Problem] | None:
    try:
        access.check(method, path, authorization)
    except Problem as problem:
        return type(problem)
    return None


@pytest.mark.parametrize(
    ("method", "token", "expected"),
    [
        ("GET", "r1", None),
        ("GET", "r2", None),
        ("GET", "a", None),
        ("GET", "m", Forbidden),
        ("GET", "x", Unauthorized),
        ("POST", "r1", Forbidden),
        ("PATCH", "r1", Forbidden),
        ("DELETE", "r2", Forbidden),
        ("DELETE", "a", None),
        ("POST", "a", None),
        ("POST", "m", Forbidden),
        ("POST", "x", Unauthorized),
        ("BREW", "r1", Forbidden),
    ],
)
def test_a_scope_covers_what_it_says(method: str, token: str, expected: type[Problem] | None) -> None:
    assert outcome(GIVEN_OUT, method, "/v1/stations", f"Bearer {token}") is expected


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic cjE6", "r1", "Bearer \xfc"])
def test_without_a_bearer_token_nothing_under_v1_opens(authorization: str | None) -> None:
    assert outcome(GIVEN_OUT, "GET", "/v1/stations", authorization) is Unauthorized


@pytest.mark.parametrize("token", ["", "r1", "a", "None"])
def test_no_token_set_means_closed(token: str) -> None:
    assert outcome(CLOSED, "GET", "/v1/stats", f"Bearer {token}") is Unauthorized


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/anything/that/comes/later"])
def test_every_path_under_v1_is_behind_the_gate(path: str) -> None:
    assert outcome(GIVEN_OUT, "GET", path, None) is Unauthorized


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/livez", "/v10", "/v1x"])
def test_other_paths_need_no_token_here(path: str) -> None:
    assert outcome(GIVEN_OUT, "GET", path, None) is None


def test_a_refusal_says_how_to_come_in() -> None:
    with pytest.raises(Unauthorized) as refused:
        GIVEN_OUT.check("POST", "/v1/stations", None)
    assert refused.value.headers["WWW-Authenticate"].startswith("Bearer")
    assert "ADMIN" in refused.value.detail


def test_reading_the_audit_takes_an_admin() -> None:
    for path in ("/v1/audit", "/v1/audit/1"):
        assert outcome(GIVEN_OUT, "GET", path, "Bearer r1") is Forbidden
        assert outcome(GIVEN_OUT, "GET", path, "Bearer a") is None
    assert outcome(GIVEN_OUT, "GET", "/v1/auditing", "Bearer r1") is None


def test_who_comes_in_is_known_by_name() -> None:
    r, a = "r" * 16, "a" * 16
    access = Access(
        read=[SecretStr(f"wall:{r}"), SecretStr("r2")], admin=[SecretStr(f"ops:{a}"), SecretStr("a2")], metrics=()
    )
    tokens = {r: ("wall", "READ"), "r2": ("read", "READ"), a: ("ops", "ADMIN"), "a2": ("admin", "ADMIN")}
    for token, holder in tokens.items():
        assert access.check("GET", "/v1/stations", f"Bearer {token}") == holder
    assert access.check("GET", "/livez", None) is None
