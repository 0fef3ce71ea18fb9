"""NetworkPolicies allow every edge that the code and the monitoring configuration make, and no other one."""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import pytest
import yaml

from shared.process.settings import Settings
from tests.infra.k8s.manifests import (
    NAME,
    Object,
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

#: The composition roots: only they read settings, so what a process dials is what they read.
ROOTS = {
    "gateway": "ingest/gateway/__main__.py",
    "rollup": "ingest/rollup/__main__.py",
    "api": "api/main.py",
    "migrate": "shared/migrate.py",
}
STORES = {
    "database_url": ("postgres", 5432),
    "redis_url": ("redis", 6379),
    "kafka_bootstrap_servers": ("redpanda", 9092),
}
CHARGERS, CLIENTS = ("gateway", 9000), ("api", 8000)  #: whom the world may reach: OCPP, and the API
WORLD = ipaddress.ip_network("0.0.0.0/0")


class Edge(NamedTuple):
    source: str
    target: str
    port: int


def dialled_stores() -> set[Edge]:
    """Who dials which store: by what each composition root reads of the settings."""
    return {
        Edge(process, *store)
        for process, root in ROOTS.items()
        for setting, store in STORES.items()
        if re.search(rf"given\.{setting}\b", (ROOT / root).read_text())
    }


def watched() -> set[Edge]:
    """Who watches whom in kind: by Prometheus's, Grafana's and the exporters' own configuration, as the pods get it."""
    objects = overlay("kind")
    config = _mounted("prometheus", "prometheus.yml")
    edges = set()
    for job in config["scrape_configs"]:
        prober = [rule["replacement"] for rule in job["relabel_configs"] if rule.get("target_label") == "__address__"]
        targets = [(one["names"][0], one["port"]) for one in job.get("dns_sd_configs", ())]
        targets += [_host(target) for one in job.get("static_configs", ()) for target in one["targets"]]
        for address in prober:
            edges.add(Edge("prometheus", *_host(address)))
        source = _host(prober[0])[0] if prober else "prometheus"
        edges |= {Edge(source, *target) for target in targets if target[0] != "localhost"}
    for one in config["alerting"]["alertmanagers"]:
        edges |= {Edge("prometheus", *_host(target)) for part in one["static_configs"] for target in part["targets"]}
    for source in _mounted("grafana", "prometheus.yaml")["datasources"]:
        edges.add(Edge("grafana", *_host(source["url"].removeprefix("http://"))))
    exporter = settings_of(objects, "postgres-exporter")["DATA_SOURCE_URI"]
    edges.add(Edge("postgres-exporter", *_host(exporter.partition("/")[0])))
    (argument,) = (one for one in container(pods(objects)["redis-exporter"])["args"] if one.startswith("--redis.addr="))
    edges.add(Edge("redis-exporter", *_host(argument.partition("redis://")[2])))
    return edges


def _mounted(pod: str, file: str) -> Any:
    """A configuration file in the ConfigMaps that a pod mounts."""
    names = {one["configMap"]["name"] for one in pods(overlay("kind"))[pod]["spec"]["volumes"] if "configMap" in one}
    maps = [one["data"] for one in of_kind(overlay("kind"), "ConfigMap") if one["metadata"]["name"] in names]
    (found,) = (data[file] for data in maps if file in data)
    return yaml.safe_load(found)


def _host(target: str) -> tuple[str, int]:
    host, _, port = target.partition(":")
    return host, int(port)


def rules(objects: Sequence[Object], pod: Object, direction: Literal["Ingress", "Egress"]) -> Iterator[Object] | None:
    """The rules that hold for a pod; None where no policy selects it, so that everything is allowed."""
    policies = [
        one["spec"]
        for one in of_kind(objects, "NetworkPolicy")
        if direction in one["spec"]["policyTypes"] and matches(one["spec"]["podSelector"], pod["metadata"]["labels"])
    ]
    return (rule for policy in policies for rule in policy.get(direction.lower(), ())) if policies else None


def allows(
    objects: Sequence[Object], pod: Object, direction: Literal["Ingress", "Egress"], peer: Object, port: int
) -> bool:
    """Whether a pod of this namespace may be talked to by, or talk to, another one of it."""
    found = rules(objects, pod, direction)
    if found is None:
        return True
    word = "from" if direction == "Ingress" else "to"
    return any(
        any(one.get("protocol", "TCP") == "TCP" and one["port"] == port for one in rule["ports"])
        and (word not in rule or any(_is(one, peer["metadata"]["labels"]) for one in rule[word]))
        for rule in found
    )


def _is(peer: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    inside = "ipBlock" not in peer and "namespaceSelector" not in peer  # the world is not this namespace
    return inside and matches(peer["podSelector"], labels)


def allowed(place: str, direction: Literal["Ingress", "Egress"]) -> set[Edge]:
    """Every pair of pods that the policies of one side let talk, on a port that the target listens on."""
    objects, there = overlay(place), pods(overlay(place))
    return {
        Edge(source, target, port)
        for source, caller in there.items()
        for target, called in there.items()
        for port in container_ports(called).values()
        if (
            allows(objects, caller, "Egress", called, port)
            if direction == "Egress"
            else allows(objects, called, "Ingress", caller, port)
        )
    }


def doors(place: str) -> set[Edge]:
    """From everybody, also of this namespace, through the two doors."""
    return {Edge(name, *door) for name in pods(overlay(place)) for door in (CHARGERS, CLIENTS)}


def test_the_code_says_who_dials_whom() -> None:
    """Or the tests below compare nothing with nothing."""
    said = dialled_stores()
    assert {edge.target for edge in said if edge.source == "api"} == {"postgres", "redis"}
    assert {edge.target for edge in said if edge.source == "migrate"} == {"postgres"}
    assert {edge.target for edge in said if edge.source == "gateway"} == {"postgres", "redis", "redpanda"}
    assert {edge.target for edge in said if edge.source == "rollup"} == {"postgres", "redis", "redpanda"}


def test_edges_in_kind_are_exactly_those_that_are_made() -> None:
    made = dialled_stores() | watched() | {Edge("topic-init", "redpanda", 9092)}
    assert allowed("kind", "Egress") == made
    assert allowed("kind", "Ingress") == made | doors("kind")


def test_edges_inside_production_are_the_probes_of_health() -> None:
    ports = {"gateway": "gateway_admin_port", "rollup": "rollup_admin_port", "api": "api_port"}
    probed = {Edge("blackbox", name, Settings.model_fields[port].default) for name, port in ports.items()}
    assert allowed("production", "Egress") == probed
    assert allowed("production", "Ingress") == probed | doors("production")


@pytest.mark.parametrize("place", ["kind", "production"])
def test_what_no_policy_names_is_denied(place: str) -> None:
    denied = named(overlay(place), "NetworkPolicy", "default-deny")["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("place", ["kind", "production"])
def test_from_outside_only_the_two_doors_are_open(place: str) -> None:
    opened = set()
    for name, pod in pods(overlay(place)).items():
        found = rules(overlay(place), pod, "Ingress")
        assert found is not None, f"no policy selects {name}"
        opened |= {(name, one["port"]) for rule in found if "from" not in rule for one in rule["ports"]}
    assert opened == {CHARGERS, CLIENTS}


def test_prometheus_of_another_namespace_reaches_every_port_with_metrics() -> None:
    objects = overlay("production")
    reached = set()
    for name, pod in pods(objects).items():
        for rule in rules(objects, pod, "Ingress") or ():
            for peer in rule.get("from", ()):
                if peer.get("namespaceSelector") == {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}:
                    assert peer["podSelector"] == {"matchLabels": {NAME: "prometheus"}}
                    reached |= {
                        (name, one["port"]) for one in rule["ports"] if one["port"] in container_ports(pod).values()
                    }
    assert reached == {("gateway", 9100), ("rollup", 9101), ("api", 8000), ("blackbox", 9115)}


def test_production_reaches_its_managed_stores_and_nothing_else_outside() -> None:
    objects = overlay("production")
    by_port = {port: store for store, port in STORES.values()}
    reached, networks = set(), {}
    for name, pod in pods(objects).items():
        for rule in rules(objects, pod, "Egress") or ():
            for block in (peer["ipBlock"]["cidr"] for peer in rule["to"] if "ipBlock" in peer):
                for one in rule["ports"]:
                    reached.add(Edge(name, by_port[one["port"]], one["port"]))
                    networks[by_port[one["port"]]] = ipaddress.ip_network(block)
    assert reached == dialled_stores()
    assert all(one.prefixlen > WORLD.prefixlen for one in networks.values())
    assert not any(one.overlaps(two) for one in networks.values() for two in networks.values() if one is not two)


def test_of_kind_only_alertmanager_may_leave_the_cluster() -> None:
    leaves = {
        name
        for name, pod in pods(overlay("kind")).items()
        for rule in rules(overlay("kind"), pod, "Egress") or ()
        if any("ipBlock" in peer for peer in rule.get("to", ({"ipBlock": {}},)))
    }
    assert leaves == {"alertmanager"}


@pytest.mark.parametrize("place", ["kind", "production"])
def test_everybody_resolves_names(place: str) -> None:
    wanted = {("UDP", 53), ("TCP", 53)}
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    for name, pod in pods(overlay(place)).items():
        found = [rule["ports"] for rule in rules(overlay(place), pod, "Egress") or () if rule.get("to") == [dns]]
        assert [{(one["protocol"], one["port"]) for one in ports} for ports in found] == [wanted], name
