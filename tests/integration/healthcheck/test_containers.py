"""Compose and Kubernetes: the way there is played by `fake_program.py`, what is found there is a real system."""

import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.proc import runs
from tests.integration.healthcheck.checked import Checked, System, check


class Fake:
    """A program that plays docker or kubectl in front of the system."""

    def __init__(self, directory: Path, system: System, **told: Any) -> None:
        self.program = directory / "fake_program.py"
        self.log = self.program.with_suffix(".log")
        shutil.copy(Path(__file__).with_name("fake_program.py"), self.program)
        token = directory / "metrics_token"
        token.write_text(f"{system.told['metrics_token']}\n")
        ports = {"9000": "gateway", "9100": "gateway_admin", "9101": "rollup_admin", "8000": "api"}
        self.ports = {inside: urlsplit(system.told[name]).port for inside, name in ports.items()}
        self.told = {"ports": self.ports, "token_file": str(token)} | told

    @property
    def command(self) -> str:
        """The words that call it; a space in the path is as good as any."""
        self.program.with_suffix(".json").write_text(json.dumps(self.told))
        return f"{sys.executable} '{self.program}'"

    @property
    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def row(service: str, number: int = 1, state: str = "running", code: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "ID": f"{service}{number}",
        "Name": f"plugwatch-{service}-{number}",
        "Service": service,
        "State": state,
        "Health": "healthy" if state == "running" else "",
        "ExitCode": code,
        "Status": f"Exited ({code}) 2 minutes ago" if state == "exited" else "Up 2 minutes (healthy)",
        "Labels": "com.docker.compose.oneoff=False",
        "Publishers": [],
    } | more


def published(system: System, service: str, name: str, inside: int) -> dict[str, Any]:
    port = urlsplit(system.told[name]).port
    return row(
        service, Publishers=[{"URL": "127.0.0.1", "TargetPort": inside, "PublishedPort": port, "Protocol": "tcp"}]
    )


def deployment(system: System, *gateways: dict[str, Any]) -> list[dict[str, Any]]:
    """Every container of a deployment that is well, with these gateways."""
    door, api = published(system, "proxy", "gateway", 9000), published(system, "proxy", "api", 8000)
    door["Publishers"] += api["Publishers"]
    stores = [row(name) for name in ("postgres", "redis", "redpanda", "rollup", "api", "prometheus")]
    once = [row(name, state="exited") for name in ("migrate", "topic-init")]
    return [door, *stores, *once, *(gateways or [row("gateway")])]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    spaced = tmp_path / "a checkout"
    spaced.mkdir()
    return spaced


def compose(directory: Path, system: System, rows: Sequence[dict[str, Any]], *more: str, **told: Any) -> Checked:
    printed = "".join(f"{json.dumps(one)}\n" for one in rows)
    fake = Fake(directory, system, ps=printed, inspect="", **told)
    secrets = directory / ".secrets"
    secrets.mkdir(exist_ok=True)
    for name in ("read", "admin", "metrics"):
        (secrets / f"{name}_token").write_text(system.told[f"{name}_token"])
    return check("--compose", "--compose-command", fake.command, "--json", *more, directory=directory)


def test_compose_is_asked_from_inside_and_through_what_it_publishes(directory: Path, system: System) -> None:
    checked = compose(directory, system, deployment(system))
    unwell = {name: state for name, state in checked.states.items() if state != "ok"}
    assert unwell == {"alerts all": "skipped"}, checked.report
    assert checked.code == 0
    assert checked.check("lag", "rollup")["facts"]["records"] == 0
    assert checked.check("ready", "gateway")["facts"]["dependencies"]["kafka"] == "ok"
    assert not [secret for secret in system.secrets if secret in checked.out]
    fake = Fake(directory, system)
    assert not [call for call in fake.calls if any(secret in " ".join(call) for secret in system.secrets)]
    assert [call[:5] for call in fake.calls if "exec" in call and "gateway" in call] == [
        ["exec", "-T", "--index", "1", "gateway"]
    ]


def test_one_gateway_of_two_exited_is_degraded_and_each_is_named(directory: Path, system: System) -> None:
    gateways = row("gateway", 1, "exited", 137), row("gateway", 2)
    checked = compose(directory, system, deployment(system, *gateways))
    assert (checked.code, checked.report["verdict"]) == (1, "degraded")
    assert checked.check("state", "gateway-1")["detail"] == "Exited (137) 2 minutes ago"
    assert checked.check("ready", "gateway-2")["state"] == "ok"


def test_a_service_of_ours_without_a_running_container_is_unhealthy(directory: Path, system: System) -> None:
    checked = compose(directory, system, deployment(system, row("gateway", 1, "exited", 1)))
    assert (checked.code, checked.check("ready", "gateway")["detail"]) == (2, "none runs")


def test_a_migration_that_failed_is_unhealthy(directory: Path, system: System) -> None:
    rows = [
        row("migrate", state="exited", code=1) if one["Service"] == "migrate" else one for one in deployment(system)
    ]
    assert compose(directory, system, rows).states["state migrate"] == "unhealthy"


def test_a_fresh_restart_is_told_by_the_engine(directory: Path, system: System) -> None:
    started = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime())
    told = f"/plugwatch-redis-1 4 {started}\n/plugwatch-api-1 0 {started}\n"
    fake = Fake(directory, system, ps="".join(f"{json.dumps(one)}\n" for one in deployment(system)), inspect=told)
    checked = check("--compose", "--compose-command", f"{fake.command} compose", "--json", directory=directory)
    assert checked.check("state", "redis")["state"] == "degraded"
    assert checked.check("state", "redis")["facts"]["restarts"] == 4
    assert checked.check("state", "api")["state"] == "ok"


def test_a_container_that_cannot_be_entered_is_unhealthy_in_the_engines_words(directory: Path, system: System) -> None:
    checked = compose(directory, system, deployment(system), exec="Error: container is paused")
    assert checked.check("ready", "rollup")["detail"] == "does not answer: Error: container is paused"
    assert checked.code == 2


def test_a_daemon_that_does_not_answer_is_no_verdict(directory: Path, system: System) -> None:
    fake = Fake(directory, system, ps="Error: Cannot connect to the Docker daemon", inspect="")
    checked = check("--compose", "--compose-command", fake.command)
    assert (checked.code, checked.out) == (3, "")
    assert checked.err == "healthcheck.py: Error: Cannot connect to the Docker daemon\n"


def objects(gateway: str = "gateway") -> list[dict[str, Any]]:
    """Deployments of ours and a pod of each."""
    found: list[dict[str, Any]] = []
    for name in (gateway, "rollup", "api"):
        containers = {"containers": [{"name": name}]}
        status = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
        spec = {"replicas": 1, "template": {"spec": containers}}
        found.append({"kind": "Deployment", "metadata": {"name": name}, "spec": spec, "status": status})
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        meta = {"name": f"{name}-5c9", "namespace": "plugwatch", "ownerReferences": [{"kind": "ReplicaSet"}]}
        found.append({"kind": "Pod", "metadata": meta, "spec": containers, "status": ready})
    return found


def kubernetes(fake: Fake, **environment: str) -> Checked:
    place = ("--kubernetes", "--namespace", "plugwatch", "--context", "kind-x", "--kubectl", fake.command)
    return check(*place, "--json", environment=environment)


def items(*found: dict[str, Any]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": found})


def test_kubernetes_is_asked_from_inside_and_through_tunnels_that_end(directory: Path, system: System) -> None:
    fake = Fake(directory, system, get=items(*objects()))
    checked = kubernetes(fake, PLUGWATCH_READ_TOKEN=system.told["read_token"])
    unwell = {name: state for name, state in checked.states.items() if state != "ok"}
    assert unwell == {"alerts all": "skipped"}, checked.report
    assert checked.check("ready", "gateway-5c9")["facts"]["dependencies"]["redis"] == "ok"
    assert checked.check("lag", "rollup")["facts"]["records"] == 0
    assert all(call[:4] == ["--context", "kind-x", "--namespace", "plugwatch"] for call in fake.calls)
    tunnels = sorted(call[-2:] for call in fake.calls if "port-forward" in call)
    assert tunnels == [["pod/api-5c9", ":8000"], ["pod/gateway-5c9", ":9000"]]
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(fake.program).encode() in _read(path)]
    assert not [path for path in left if runs(int(path.parent.name))]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_who_may_not_exec_asks_through_the_api_server(directory: Path, system: System) -> None:
    forbidden = 'Error from server (Forbidden): pods "gateway-5c9" is forbidden: cannot create resource "pods/exec"'
    well = json.dumps({"status": "ok", "dependencies": {"redis": "ok"}})
    checked = kubernetes(Fake(directory, system, get=items(*objects()), exec=forbidden, **{"--raw": well}))
    assert checked.check("ready", "gateway-5c9")["detail"] == "redis ok"
    unavailable = "Error from server (ServiceUnavailable): the server is currently unable to handle the request"
    checked = kubernetes(Fake(directory, system, get=items(*objects()), exec=forbidden, **{"--raw": unavailable}))
    assert checked.check("ready", "gateway-5c9")["state"] == "unhealthy"
    assert unavailable in checked.check("ready", "gateway-5c9")["detail"]


def test_an_empty_namespace_is_unhealthy_and_the_hint_doubts_the_namespace(directory: Path, system: System) -> None:
    checked = kubernetes(Fake(directory, system, get=items()))
    assert checked.code == 2
    for name in ("gateway", "rollup", "api"):
        assert "is this the namespace?" in checked.check("ready", name)["hint"]


def test_a_cluster_that_refuses_is_no_verdict(directory: Path, system: System) -> None:
    checked = kubernetes(Fake(directory, system, get="Error from server (Forbidden): deployments.apps is forbidden"))
    assert checked.code == 3
    assert "forbidden" in checked.err


@pytest.mark.parametrize("printed", ["no JSON", "[]", '{"items": [{}]}', '{"items": [{"kind": "Pod", "metadata": 3}]}'])
def test_what_kubectl_never_prints_is_no_verdict(printed: str, directory: Path, system: System) -> None:
    checked = kubernetes(Fake(directory, system, get=printed))
    assert checked.code == 3
    assert "something unexpected" in checked.err
