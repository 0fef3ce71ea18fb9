"""Roll-outs: nothing is cut off, nothing is out of order, and each number of replicas has one owner."""

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api import main as api_main
from ingest.gateway import __main__ as gateway_main
from ingest.gateway.metrics import Metrics as GatewayMetrics
from ingest.gateway.server import Server
from ingest.rollup.metrics import Metrics as RollupMetrics
from shared import migrate
from shared.process import settings
from tests.infra.k8s.manifests import (
    K8S,
    OVERLAYS,
    WAVE,
    Object,
    address,
    composed,
    container,
    matches,
    named,
    of_kind,
    overlay,
    pods,
    settings_of,
)

PROCESSES = ("gateway", "rollup", "api")
CLOSING_S = 10  #: after the flush: the lease (2), tasks (1), the admin server (2), the pool (3), and Redis
SCALES = {"autoscaling": ("api", "gateway"), "gateway-by-connections": (), "keda": ("rollup",)}
SCALED = tuple(SCALES)


def given(place: str, name: str) -> settings.Settings:
    """The settings that a process has in a place, secrets aside."""
    told = {key: value for key, value in settings_of(overlay(place), name).items() if not key.endswith("_FILE")}
    return settings.load(told | {"PLUGWATCH_DATABASE_URL": "postgresql://x", "PLUGWATCH_REDIS_URL": "redis://x"})


@pytest.mark.parametrize("place", OVERLAYS)
def test_a_gateway_has_time_to_say_good_bye(place: str) -> None:
    spec = pods(overlay(place))["gateway"]["spec"]
    leaving_s = container({"spec": spec})["lifecycle"]["preStop"]["sleep"]["seconds"]
    last_sockets = re.search(r"time\.monotonic\(\) \+ (\d+)", inspect.getsource(Server.drain))
    assert last_sockets
    needed_s = leaving_s + given(place, "gateway").drain_s + int(last_sockets[1]) + gateway_main.FLUSH_S + CLOSING_S
    assert needed_s < spec["terminationGracePeriodSeconds"]
    assert leaving_s >= 3, "kube-proxy on every node must have heard of it"


@pytest.mark.parametrize("place", OVERLAYS)
def test_an_api_has_time_to_finish(place: str) -> None:
    spec = pods(overlay(place))["api"]["spec"]
    leaving_s = container({"spec": spec})["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert leaving_s + api_main.STOPPING_S + CLOSING_S < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("place", OVERLAYS)
def test_no_roll_out_takes_away_before_it_has_added(place: str) -> None:
    for name in PROCESSES:
        strategy = named(overlay(place), "Deployment", name)["spec"]["strategy"]
        assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_chargers_settle_before_the_next_gateway_leaves() -> None:
    """Those of one gateway are away for at most the drain; it is over before the next one's begins."""
    spec = named(overlay("production"), "Deployment", "gateway")["spec"]
    assert spec["minReadySeconds"] >= given("production", "gateway").drain_s
    longest_s = 12 * (spec["minReadySeconds"] + spec["template"]["spec"]["terminationGracePeriodSeconds"])
    assert spec["progressDeadlineSeconds"] >= longest_s, "a roll-out of 12 gateways would count as failed"


@pytest.mark.parametrize("place", OVERLAYS)
def test_each_process_has_a_budget_and_is_spread(place: str) -> None:
    for name in PROCESSES:
        budget = named(overlay(place), "PodDisruptionBudget", name)["spec"]
        pod = pods(overlay(place))[name]
        assert budget["maxUnavailable"] == 1
        assert matches(budget["selector"], pod["metadata"]["labels"])
        spread = pod["spec"]["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        assert all(matches(one["labelSelector"], pod["metadata"]["labels"]) for one in spread)


def autoscalers(objects: Sequence[Object]) -> Mapping[str, Object]:
    """What scales each Deployment."""
    found = [
        (one["spec"]["scaleTargetRef"]["name"], one)
        for one in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject")
    ]
    assert len(dict(found)) == len(found), "two autoscalers would fight"
    return dict(found)


@pytest.mark.parametrize("components", [(), ("autoscaling",), ("keda",), SCALED], ids="+".join)
def test_replicas_have_one_owner(components: Sequence[str], tmp_path: Path) -> None:
    objects = composed(tmp_path, components)
    scaled = autoscalers(objects)
    assert scaled.keys() == {name for one in components for name in SCALES[one]}
    for name in PROCESSES:
        assert ("replicas" in named(objects, "Deployment", name)["spec"]) is (name not in scaled)


def test_production_owns_no_number_that_an_autoscaler_owns() -> None:
    assert autoscalers(overlay("production")).keys() == set(PROCESSES)
    assert not [name for name in PROCESSES if "replicas" in named(overlay("production"), "Deployment", name)["spec"]]


def test_rollups_are_never_more_than_partitions() -> None:
    created = re.search(r"topic create (\S+) .* -p (\d+) ", container(pods(overlay("kind"))["topic-init"])["args"][0])
    assert created
    assert created[1] == settings.Settings.model_fields["topic"].default
    assert autoscalers(overlay("production"))["rollup"]["spec"]["maxReplicaCount"] == int(created[2])


def test_gateways_go_slowly_and_one_by_one() -> None:
    down = autoscalers(overlay("production"))["gateway"]["spec"]["behavior"]["scaleDown"]
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 600}]
    assert down["stabilizationWindowSeconds"] >= 1800


def test_metrics_that_scale_exist_in_the_code(tmp_path: Path) -> None:
    names = set()
    for kind in (GatewayMetrics, RollupMetrics):
        registry = CollectorRegistry()
        kind(registry)
        names |= {metric.name for metric in registry.collect()}
    objects = composed(tmp_path, SCALED)
    by_connections = [
        one["pods"]["metric"]["name"] for one in autoscalers(objects)["gateway"]["spec"]["metrics"] if "pods" in one
    ]
    (trigger,) = autoscalers(objects)["rollup"]["spec"]["triggers"]
    used = {*by_connections, *re.findall(r"plugwatch_\w+", trigger["metadata"]["query"])}
    assert used == {"plugwatch_gateway_connections", "plugwatch_rollup_lag_records"}
    assert used <= names
    adapter = (K8S / "components" / "gateway-by-connections" / "adapter-values.yaml").read_text()
    assert set(re.findall(r"plugwatch_\w+", adapter)) == set(by_connections)


def wave(one: Object) -> int:
    return int(one["metadata"].get("annotations", {}).get(WAVE, "0"))


def test_waves_migrate_then_roll_up_then_let_chargers_in() -> None:
    """A rollup stops at a record of a newer version, so rollups are first; an autoscaler without a target is broken."""
    objects = overlay("production")
    at = {address(one): wave(one) for one in objects}
    before = [key for key in at if key.split("/")[0] in ("Namespace", "ConfigMap", "ServiceAccount", "NetworkPolicy")]
    assert {at[key] for key in before} == {-1}
    assert at["Job/migrate"] == 0
    assert {key: n for key, n in at.items() if key.endswith("/rollup") and n not in (-1, 3)} == {
        "Service/rollup": 1, "Deployment/rollup": 1, "PodDisruptionBudget/rollup": 1,
    }  # fmt: skip
    assert {at[f"Deployment/{name}"] for name in ("gateway", "api", "blackbox")} == {2}
    last = [
        one
        for one in objects
        if one["kind"] in ("HorizontalPodAutoscaler", "ScaledObject", "HTTPRoute", "PodMonitor", "PrometheusRule")
    ]
    assert {wave(one) for one in last} == {3}
    assert {address(one) for one in objects if WAVE not in one["metadata"].get("annotations", {})} == set()


def test_the_migration_is_a_hook_that_each_sync_makes_anew() -> None:
    notes: Mapping[str, Any] = named(overlay("production"), "Job", "migrate")["metadata"]["annotations"]
    assert notes["argocd.argoproj.io/hook"] == "Sync"
    assert notes["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    spec = named(overlay("production"), "Job", "migrate")["spec"]
    assert "pg_advisory_lock" in inspect.getsource(migrate.migrate), "two syncs at once would migrate twice"
    lock = re.search(r"pg_advisory_lock.*timeout=(\d+)", inspect.getsource(migrate.migrate))
    assert lock
    assert migrate.WAIT_S + int(lock[1]) < spec["activeDeadlineSeconds"]


def test_no_proxy_s_timeout_ends_a_websocket() -> None:
    for route in of_kind(overlay("production"), "HTTPRoute"):
        endless = [
            rule["timeouts"]["request"] for rule in route["spec"]["rules"] if rule["backendRefs"][0]["name"] == "ocpp"
        ]
        assert endless in ([], ["0s"])
        for rule in route["spec"]["rules"]:
            backend = named(overlay("production"), "Service", rule["backendRefs"][0]["name"])
            assert rule["backendRefs"][0]["port"] in {port["port"] for port in backend["spec"]["ports"]}
    stream = [
        rule
        for rule in named(overlay("production"), "HTTPRoute", "web")["spec"]["rules"]
        if rule["timeouts"]["request"] == "0s"
    ]
    assert [rule["matches"][0]["path"]["value"] for rule in stream] == ["/v1/stream"]
