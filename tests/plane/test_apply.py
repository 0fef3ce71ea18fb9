"""Both overlays on a real API server with real controllers: admitted by Pod Security, rolled out in their order."""

import subprocess
import urllib.error
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.infra.k8s.manifests import CUSTOM, K8S, overlay, pods
from tests.infra.tools import ROOT, tool
from tests.plane.plane import Object, Plane

NAMESPACE = "/api/v1/namespaces/plugwatch"
DEPLOYMENTS = "/apis/apps/v1/namespaces/plugwatch/deployments"


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    made = Plane(tmp_path)
    with made.running():
        yield made


def apply(plane: Plane, place: str, wait: str = "120s") -> "subprocess.CompletedProcess[str]":
    path = f"{Path(tool('kubectl')).parent}:/usr/bin:/bin"
    home = str(plane.kubeconfig.parent)  # for what kubectl remembers
    environment = {"PATH": path, "HOME": home, "KUBECONFIG": str(plane.kubeconfig), "WAIT": wait}
    command = [str(K8S / "apply"), str(K8S / "overlays" / place)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600)


def test_kind_rolls_out_in_its_order_and_again(plane: Plane) -> None:
    done = apply(plane, "kind")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert set(plane.started) == pods(overlay("kind")).keys()
    first = {name: plane.started.index(name) for name in plane.started}
    assert max(first["migrate"], first["topic-init"]) < first["rollup"] < min(first["gateway"], first["api"])
    assert len(plane.ask("GET", f"{NAMESPACE}/pods")["items"]) == len(plane.started)

    before, job = {one["metadata"]["name"]: one for one in plane.ask("GET", DEPLOYMENTS)["items"]}, _migrate(plane)
    again = apply(plane, "kind")
    assert again.returncode == 0, again.stdout + again.stderr
    for one in plane.ask("GET", DEPLOYMENTS)["items"]:
        assert one["metadata"]["generation"] == before[one["metadata"]["name"]]["metadata"]["generation"]
    assert _migrate(plane)["metadata"]["uid"] != job["metadata"]["uid"], "it must run again"


def _migrate(plane: Plane) -> Object:
    found: Object = plane.ask("GET", "/apis/batch/v1/namespaces/plugwatch/jobs/migrate")
    return found


def test_a_migration_that_fails_leaves_the_rest_alone(plane: Plane) -> None:
    plane.refused.add("migrate")
    done = apply(plane, "kind", wait="15s")
    assert done.returncode == 1
    assert "job.batch/migrate did not complete" in done.stderr
    assert not {"rollup", "gateway", "api"} & set(plane.started)


def test_production_is_taken_and_an_autoscaler_keeps_its_number(plane: Plane) -> None:
    _define(plane, {(one["apiVersion"], one["kind"]) for one in overlay("production")})
    done = apply(plane, "production")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" serverside-applied") == len(overlay("production"))

    scale: Object = plane.ask("GET", f"{DEPLOYMENTS}/gateway/scale")
    scale["spec"]["replicas"] = 4  # as the autoscaler does
    plane.ask("PUT", f"{DEPLOYMENTS}/gateway/scale", scale)
    again = apply(plane, "production")
    assert again.returncode == 0, again.stdout + again.stderr
    assert plane.ask("GET", f"{DEPLOYMENTS}/gateway")["spec"]["replicas"] == 4


def _define(plane: Plane, kinds: Iterable[tuple[str, str]]) -> None:
    """Definitions for the kinds that Kubernetes does not know; what is in them `test_render` checks."""
    for version, kind in kinds:
        group, _, name = version.partition("/")
        if group not in CUSTOM:
            continue
        plural, anything = f"{kind.lower()}s", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        told = {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in"},
            },
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural},
                "versions": [told],
            },
        }
        plane.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)


def test_pod_security_refuses_a_pod_that_is_not_restricted(plane: Plane) -> None:
    namespace = next(one for one in overlay("kind") if one["kind"] == "Namespace")
    plane.ask("POST", "/api/v1/namespaces", dict(namespace))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "x"},
        "spec": {"containers": [{"name": "x", "image": "x"}]},
    }
    with pytest.raises(urllib.error.HTTPError) as refusal:
        plane.ask("POST", f"{NAMESPACE}/pods", pod)
    assert "violates PodSecurity" in refusal.value.read().decode()
