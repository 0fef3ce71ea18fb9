"""What one file says of another holds: selectors, ports, settings, secrets, ConfigMaps, probes, commands, targets."""

import importlib.util
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from local import secret_files
from shared.process import admin, settings
from shared.process.settings import PREFIX, SECRETS, Settings
from tests.infra.k8s.manifests import (
    K8S,
    NAME,
    OURS,
    OVERLAYS,
    Object,
    address,
    container,
    container_ports,
    matches,
    named,
    of_kind,
    overlay,
    pods,
    settings_of,
)
from tests.infra.tools import ROOT

PORTS = {  # of our containers, and the setting whose default each must be
    "gateway": {"ocpp": "gateway_port", "admin": "gateway_admin_port"},
    "rollup": {"admin": "rollup_admin_port"},
    "api": {"http": "api_port"},
    "migrate": {},
}
SECRETS_AT = "/run/secrets"


@pytest.mark.parametrize("place", OVERLAYS)
def test_workloads_select_their_own_pods_and_nobody_elses(place: str) -> None:
    for one in of_kind(overlay(place), "Deployment", "StatefulSet"):
        name = one["metadata"]["name"]
        assert {pod for pod, made in pods(overlay(place)).items() if _selects(one["spec"]["selector"], made)} == {name}


def _selects(selector: Mapping[str, Object], pod: Object) -> bool:
    return matches(selector, pod["metadata"]["labels"])


@pytest.mark.parametrize("place", OVERLAYS)
def test_services_lead_to_ports_that_a_container_names(place: str) -> None:
    for one in of_kind(overlay(place), "Service"):
        behind = [
            pod
            for pod in pods(overlay(place)).values()
            if matches({"matchLabels": one["spec"]["selector"]}, pod["metadata"]["labels"])
        ]
        assert len(behind) == 1, address(one)
        for port in one["spec"]["ports"]:
            assert container_ports(behind[0])[port["targetPort"]] == port["port"], address(one)


@pytest.mark.parametrize("place", OVERLAYS)
@pytest.mark.parametrize("name", OURS)
def test_container_ports_are_the_settings_defaults(place: str, name: str) -> None:
    defaults = {port: Settings.model_fields[field].default for port, field in PORTS[name].items()}
    assert container_ports(pods(overlay(place))[name]) == defaults
    changed = {f"{PREFIX}{field.upper()}" for field in PORTS[name].values()} & settings_of(overlay(place), name).keys()
    assert not changed, "a port that is set must be changed here, too"


@pytest.mark.parametrize("place", OVERLAYS)
def test_each_process_is_found_replica_by_replica_and_by_one_door(place: str) -> None:
    """The headless Services bear compose's names, so that Prometheus finds every replica by the same configuration."""
    for name, door in {"gateway": "ocpp", "api": "web", "rollup": None}.items():
        headless = named(overlay(place), "Service", name)["spec"]
        assert (headless["clusterIP"], headless["publishNotReadyAddresses"]) == ("None", True)
        if door:
            assert "clusterIP" not in named(overlay(place), "Service", door)["spec"]


@pytest.mark.parametrize("place", OVERLAYS)
@pytest.mark.parametrize("name", OURS)
def test_the_process_starts_with_what_it_is_given(place: str, name: str, tmp_path: Path) -> None:
    """Its environment and its mounted secrets, through the code that reads them."""
    secrets = _secrets(pods(overlay(place))[name], tmp_path)
    given = settings_of(overlay(place), name)
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields} | {f"{PREFIX}{one}_FILE" for one in SECRETS}
    assert given.keys() <= known
    assert {value for variable, value in given.items() if variable.endswith("_FILE")} == {
        f"{SECRETS_AT}/{secret}" for secret in secrets
    }
    here = {variable: value.replace(SECRETS_AT, str(tmp_path)) for variable, value in given.items()}
    shown = settings.load(here)
    assert shown.kafka_bootstrap_servers
    assert bool(shown.metrics_token) is (name != "migrate")
    assert bool(shown.read_token and shown.admin_token) is (name == "api")


def _secrets(pod: Object, directory: Path) -> set[str]:
    """The secret files that the pod mounts, written into a directory as `make secrets` makes them."""
    (volume,) = (one["secret"] for one in pod["spec"]["volumes"] if "secret" in one)
    (mounted,) = (one for one in container(pod)["volumeMounts"] if one["name"] == "secrets")
    assert (volume["secretName"], mounted["mountPath"], mounted["readOnly"]) == ("plugwatch", SECRETS_AT, True)
    made = _made(directory / "made")
    for item in volume["items"]:
        (directory / item["path"]).write_text(made[item["key"]])
    return {item["path"] for item in volume["items"]}


def _made(directory: Path) -> Mapping[str, str]:
    directory.mkdir()
    for name, content in secret_files.missing(directory):
        (directory / name).write_text(content)
    return {path.name: path.read_text() for path in directory.iterdir()}


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_secret_file_that_is_named_is_mounted_and_of_a_known_key(place: str, tmp_path: Path) -> None:
    made = _made(tmp_path / "made")
    for name, pod in pods(overlay(place)).items():
        items = [
            item for volume in pod["spec"].get("volumes", ()) for item in volume.get("secret", {}).get("items", ())
        ]
        assert {item["key"] for item in items} <= made.keys(), name
        spoken = chain(container(pod).get("args", ()), _values(container(pod)))
        assert set(re.findall(rf"{SECRETS_AT}/(\w+)", " ".join(spoken))) <= {item["path"] for item in items}, name


def _values(process: Object) -> Iterator[str]:
    yield from (one["value"] for one in process.get("env", ()))
    for kind in ("startup", "liveness", "readiness"):
        yield from process.get(f"{kind}Probe", {}).get("exec", {}).get("command", ())


def test_production_s_secret_is_documented_key_by_key() -> None:
    wanted = {
        item["key"]
        for pod in pods(overlay("production")).values()
        for volume in pod["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", ())
    }
    told = re.search(r"create secret generic plugwatch \\\n(.*?)```", (K8S / "README.md").read_text(), re.DOTALL)
    assert told
    assert set(re.findall(r"--from-file=(\w+)=", told[1])) == wanted


def test_no_secret_is_committed() -> None:
    assert not [address(one) for place in OVERLAYS for one in of_kind(overlay(place), "Secret")]


@pytest.mark.parametrize("place", OVERLAYS)
def test_config_maps_that_are_named_exist(place: str) -> None:
    there = {one["metadata"]["name"] for one in of_kind(overlay(place), "ConfigMap")}
    used = set()
    for pod in pods(overlay(place)).values():
        used |= {one["configMap"]["name"] for one in pod["spec"].get("volumes", ()) if "configMap" in one}
        used |= {one["configMapRef"]["name"] for one in container(pod).get("envFrom", ())}
        assert {one["name"] for one in container(pod)["volumeMounts"]} - _claimed(pod) == {
            one["name"] for one in pod["spec"].get("volumes", ())
        } - _claimed(pod)
    sidecar = {"grafana-dashboards"} if place == "production" else set()  # by its label, for Grafana's sidecar
    assert there == used | sidecar


def _claimed(pod: Object) -> set[str]:
    return {"data"} if pod["metadata"]["labels"][NAME] in ("postgres", "redpanda") else set()


@pytest.mark.parametrize("name", OURS)
def test_the_module_that_is_run_exists_in_its_image(name: str) -> None:
    process = container(pods(overlay("production"))[name])
    assert "command" not in process, "the image's entrypoint is `python -m`"
    (module,) = process["args"]
    assert importlib.util.find_spec(module) is not None
    dockerfile = (ROOT / f"Dockerfile.{'api' if name == 'api' else 'ingest'}").read_text()
    assert 'ENTRYPOINT ["python", "-m"]' in dockerfile
    assert re.search(rf"^COPY {module.split('.')[0]} ", dockerfile, re.MULTILINE)


def test_probes_ask_routes_that_every_process_has() -> None:
    async def readiness() -> tuple[bool, Mapping[str, str]]:
        return True, {}

    routes = {route.path for route in admin.routes(readiness, CollectorRegistry(), ())}
    assert "admin.routes(" in (ROOT / "api" / "app.py").read_text()
    asked = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for name in ("gateway", "rollup", "api"):
        process = container(pods(overlay("production"))[name])
        got = {probe: process[probe]["httpGet"] for probe in asked}
        assert {probe: get["path"] for probe, get in got.items()} == asked
        assert {get["port"] for get in got.values()} == {"http" if name == "api" else "admin"}
        assert set(asked.values()) <= routes


def test_a_probe_waits_longer_than_readiness_asks() -> None:
    asks = re.search(r"asyncio\.timeout\((\d+)\)", Path(admin.__file__).read_text().partition("async def probed")[2])
    assert asks
    for name in ("gateway", "rollup", "api"):
        assert container(pods(overlay("production"))[name])["readinessProbe"]["timeoutSeconds"] > int(asks[1])
