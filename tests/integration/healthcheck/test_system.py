"""A system that runs here, well and in trouble: the verdicts of the docstring, on the real thing."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import healthcheck
from tests.integration.healthcheck.checked import Checked, System, check


@pytest.fixture
def well(system: System) -> Iterator[None]:
    """Before a test and after it."""
    assert check("--run", system.file, "--wait", "60", "-q").code == 0
    yield
    assert check("--run", system.file, "--wait", "60", "-q").code == 0


@pytest.fixture
def api(system: System) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {system.told['admin_token']}"}
    with httpx.Client(base_url=system.told["api"], headers=headers, timeout=10) as client:
        yield client


def run(system: System, *more: str | Path) -> Checked:
    return check("--run", system.file, "--json", *more)


@pytest.mark.usefixtures("well")
def test_a_well_system_is_ok_and_every_check_was_made(system: System) -> None:
    checked = run(system)
    assert (checked.code, checked.report["verdict"], checked.err) == (0, "ok", "")
    parts = {f"state {name}" for name in system.told["pids"]}
    ours = {f"ready {name}" for name in ("gateway", "rollup", "api")}
    other = {"websocket ocpp1.6", "api GET /v1/stats", "metrics api, gateway and rollup", "lag rollup", "alerts all"}
    assert checked.states.keys() == parts | ours | other
    assert [name for name, state in checked.states.items() if state != "ok"] == ["alerts all"]
    assert checked.check("ready", "rollup")["facts"]["dependencies"] == {
        "postgres": "ok",
        "redis": "ok",
        "kafka": "ok",
        "positions": "ok",
    }


def test_by_default_it_is_nobody_and_leaves_no_trace(system: System, api: httpx.Client) -> None:
    checked = run(system).check("websocket", "ocpp1.6")
    assert (checked["state"], checked["facts"]) == ("ok", {"status": 404, "charge_point": None})
    assert "--register" in checked["hint"]
    known = run(system, "--charge-point", "somebody").check("websocket", "ocpp1.6")
    assert (known["state"], known["facts"]["status"]) == ("degraded", 404)
    deadline = time.monotonic() + 10
    while not (inbox := api.get("/v1/inbox").json()["items"]):  # gateways hand over every 2 s
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [one["id"] for one in inbox] == ["somebody"]
    assert api.get("/v1/charge-points").json()["items"] == []


@pytest.mark.usefixtures("well")
def test_registered_once_it_gets_a_heartbeat_answered(system: System, api: httpx.Client) -> None:
    for argument in ("--register", "--register", "--quiet"):
        checked = run(system, argument)
        assert checked.code == 0, checked.out
        assert checked.check("websocket", "ocpp1.6")["detail"] == "Heartbeat answered, as plugwatch-healthcheck"
    assert [one["id"] for one in api.get("/v1/charge-points").json()["items"]] == [healthcheck.OURSELVES]
    assert api.delete(f"/v1/stations/{healthcheck.OURSELVES}").status_code == 204


def test_a_charge_point_of_the_operator_is_used_with_its_password(
    system: System, api: httpx.Client, tmp_path: Path
) -> None:
    identity, password, file = "probe 1|a", "a pass, word: of any kind", tmp_path / "password"
    api.post("/v1/stations", json={"id": "probes", "name": "Probes"}).raise_for_status()
    body = {"id": identity, "password": password}
    api.post("/v1/stations/probes/charge-points", json=body).raise_for_status()

    def websocket(*more: str | Path) -> str:
        checked = run(system, "--charge-point", identity, *more)
        assert password not in checked.out
        found = checked.check("websocket", "ocpp1.6")
        return f"{found['state']} {found['facts']['status']}"

    assert websocket() == "degraded 401"
    file.write_text(f"{password}\n")
    assert websocket("--password-file", file) == "ok 101"
    file.write_text("another")
    assert websocket("--password-file", file) == "degraded 401"
    api.delete("/v1/stations/probes").raise_for_status()
    assert websocket("--password-file", file) == "degraded 404"


@pytest.mark.usefixtures("well")
def test_redis_away_is_degraded(system: System) -> None:
    with system.paused("redis"):
        checked = run(system)
    assert (checked.code, checked.report["verdict"]) == (1, "degraded")
    assert checked.check("state", "redis")["hint"].startswith("kill -CONT")
    for name in ("gateway", "rollup", "api"):
        assert checked.check("ready", name)["detail"] == "ready, but without redis"
    assert checked.check("api", "GET /v1/stats")["state"] == "ok"


@pytest.mark.usefixtures("well")
def test_postgres_away_is_unhealthy(system: System) -> None:
    with system.paused("postgres"):
        checked = run(system)
        while checked.check("api", "GET /v1/stats")["state"] == "ok":  # its answer of a second ago
            checked = run(system)
    assert (checked.code, checked.report["verdict"]) == (2, "unhealthy")
    assert checked.check("ready", "rollup")["detail"] == "not ready: postgres unavailable"
    assert checked.check("ready", "gateway")["state"] == "degraded"
    assert checked.check("api", "GET /v1/stats")["state"] == "unhealthy"


@pytest.mark.usefixtures("well")
def test_a_gateway_that_hangs_is_unhealthy_within_the_time_given(system: System) -> None:
    with system.paused("gateway"):
        checked = run(system, "--timeout", "1")
    assert checked.code == 2
    assert checked.report["took_ms"] < 3000
    assert checked.check("websocket", "ocpp1.6")["detail"] == "a charger gets nowhere: no answer in time"
    assert checked.check("ready", "gateway")["detail"] == "does not answer: no answer in time"


@pytest.mark.usefixtures("well")
def test_a_killed_rollup_is_unhealthy_until_its_successor_works(system: System) -> None:
    os.kill(system.told["pids"]["rollup"], signal.SIGKILL)
    checked = run(system)
    assert (checked.code, checked.check("ready", "rollup")["state"]) == (2, "unhealthy")
    waited = run(system, "--wait", "60")
    assert (waited.code, waited.report["verdict"]) == (0, "ok")
    assert "unhealthy: ready rollup" in waited.err


def test_urls_with_tokens_of_the_environment_are_checked_alike(system: System) -> None:
    read, _, metrics = system.secrets
    tokens = {"PLUGWATCH_READ_TOKEN": f"{read},another", "PLUGWATCH_METRICS_TOKEN": metrics}
    checked = check("--json", *system.urls, environment=tokens)
    assert checked.code == 0
    assert checked.states.keys() >= {"ready gateway", "ready rollup", "ready api", "lag rollup"}
    assert checked.check("lag", "rollup")["state"] == "ok"


def test_without_tokens_what_needs_them_is_skipped(system: System) -> None:
    checked = check("--json", *system.urls)
    assert checked.code == 0
    skipped = [name for name, state in checked.states.items() if state == "skipped"]
    assert skipped == ["api GET /v1/stats", "lag rollup", "alerts all"]


def test_a_token_that_is_refused_is_degraded_and_not_repeated(system: System, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("not-the-token\n")
    token = ("--token-file", tmp_path / "token", "--metrics-token-file", tmp_path / "token")
    checked = check("--json", *system.urls, *token)
    assert checked.code == 1
    assert checked.check("api", "GET /v1/stats")["detail"] == "401: our token does not do"
    assert checked.check("metrics", "gateway")["detail"] == "answers 401 to our metrics token"
    assert "not-the-token" not in checked.out


def test_one_dead_replica_of_two_is_degraded(system: System) -> None:
    checked = check("--json", *system.urls, "--gateway-admin", "http://127.0.0.1:9")
    assert checked.check("ready", "gateway-1")["state"] == "ok"
    assert checked.check("ready", "gateway-2")["state"] == "degraded"
    assert checked.code == 1


def test_no_secret_is_ever_printed(system: System) -> None:
    for output in (check("--run", system.file), run(system), check("--run", system.file, "--timeout", "0.000001")):
        assert not [secret for secret in system.secrets if secret in output.out + output.err]
