"""What kustomize makes of k8s/, and how the parts of it are found. Rendered once a run."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.infra.tools import ROOT, output

Object = Mapping[str, Any]

K8S = ROOT / "k8s"
OVERLAYS = ("kind", "production")
OURS = ("gateway", "rollup", "api", "migrate")
WORKLOADS = ("Deployment", "StatefulSet", "Job")
NAME = "app.kubernetes.io/name"
CUSTOM = {"argoproj.io", "gateway.networking.k8s.io", "keda.sh", "monitoring.coreos.com"}  #: API groups of definitions
WAVE = "argocd.argoproj.io/sync-wave"


@cache
def overlay(name: str) -> Sequence[Object]:
    """Every object of an overlay."""
    return build(K8S / "overlays" / name)


def build(directory: Path) -> Sequence[Object]:
    """Every object of a kustomization."""
    return [one for one in yaml.safe_load_all(output("kustomize", "build", directory)) if one]


def composed(directory: Path, components: Iterable[str]) -> Sequence[Object]:
    """The base with components of ours, by a kustomization that is made in `directory`."""
    here = os.path.relpath(K8S, directory.resolve())
    content = {"resources": [f"{here}/base"], "components": [f"{here}/components/{one}" for one in components]}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(content))
    return build(directory)


def of_kind(objects: Iterable[Object], *kinds: str) -> Iterator[Object]:
    return (one for one in objects if one["kind"] in kinds)


def named(objects: Iterable[Object], kind: str, name: str) -> Object:
    """The only object of that kind and name."""
    (found,) = (one for one in of_kind(objects, kind) if one["metadata"]["name"] == name)
    return found


def address(one: Object) -> str:
    return f"{one['kind']}/{one['metadata']['name']}"


def labels(one: Object) -> Mapping[str, str]:
    found: Mapping[str, str] = one["metadata"].get("labels", {})
    return found


def pods(objects: Iterable[Object]) -> Mapping[str, Object]:
    """The pod template of each workload, by the workload's name; no name is taken twice."""
    found: dict[str, Object] = {}
    for one in of_kind(objects, *WORKLOADS):
        assert one["metadata"]["name"] not in found
        found[one["metadata"]["name"]] = one["spec"]["template"]
    return found


def container(pod: Object) -> Object:
    """The one container of a pod: there are no sidecars here."""
    assert not pod["spec"].get("initContainers")
    (only,) = pod["spec"]["containers"]
    found: Object = only
    return found


def container_ports(pod: Object) -> Mapping[str, int]:
    return {port["name"]: port["containerPort"] for port in container(pod).get("ports", ())}


def matches(selector: Mapping[str, Any], given: Mapping[str, str]) -> bool:
    """Whether labels fulfil a label selector; an empty one takes everything."""
    for key, value in selector.get("matchLabels", {}).items():
        if given.get(key) != value:
            return False
    for wanted in selector.get("matchExpressions", ()):
        assert wanted["operator"] == "In", wanted
        if given.get(wanted["key"]) not in wanted["values"]:
            return False
    return True


def settings_of(objects: Iterable[Object], name: str) -> Mapping[str, str]:
    """The environment of one of our processes, as the kubelet makes it."""
    objects = list(objects)
    process = container(pods(objects)[name])
    environment: dict[str, str] = {}
    for source in process.get("envFrom", ()):
        environment |= named(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
    return environment | {one["name"]: one["value"] for one in process.get("env", ())}
