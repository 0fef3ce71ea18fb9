"""Every overlay, and every component on the bare base, is what the API server takes: by name, schema and freshness."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
import yaml

from k8s import generate
from tests.infra.k8s.manifests import CUSTOM, K8S, OVERLAYS, Object, address, composed, overlay
from tests.infra.tools import output, tool

HERE = Path(__file__).parent
VERSIONS = ("1.35.0", "1.36.0", "1.37.0")
CLUSTER_WIDE = {"Namespace"}
COMPONENTS = ("autoscaling", "keda", "monitoring", "networkpolicy", "gateway-api")
COMBINATIONS = [
    (),
    *((one,) for one in COMPONENTS),
    ("autoscaling", "gateway-by-connections"),
    (*COMPONENTS, "gateway-by-connections"),
]


def objects(of: str | Sequence[str], directory: Path) -> Sequence[Object]:
    """Those of an overlay by its name, or of the base with components."""
    return overlay(of) if isinstance(of, str) else composed(directory, of)


def spelled(of: str | Sequence[str]) -> str:
    return of if isinstance(of, str) else "+".join(("base", *of))


def test_combinations_leave_no_component_out() -> None:
    there = {one.name for one in (K8S / "components").iterdir()} - {"restricted"}  # that one is in the base
    assert there == set(chain(*COMBINATIONS))


@pytest.mark.parametrize("of", [*OVERLAYS, *COMBINATIONS], ids=spelled)
def test_no_object_is_there_twice_and_all_are_in_the_namespace(of: str | Sequence[str], tmp_path: Path) -> None:
    made = objects(of, tmp_path)
    assert [one for one, n in Counter(map(address, made)).items() if n > 1] == []
    assert {address(one) for one in made if one["metadata"].get("namespace") != "plugwatch"} == {
        address(one) for one in made if one["kind"] in CLUSTER_WIDE
    }


@pytest.mark.parametrize("of", [*OVERLAYS, COMBINATIONS[-1]], ids=spelled)
def test_every_version_of_kubernetes_takes_it(of: str | Sequence[str], tmp_path: Path) -> None:
    native = [one for one in objects(of, tmp_path) if one["apiVersion"].split("/")[0] not in CUSTOM]
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(yaml.safe_dump_all(native))
    for version in VERSIONS:
        said = output("kubernetes-validate", "--strict", "-k", version, rendered)
        assert said.count(" passed for resource ") == len(native), said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_validator_would_say_so(version: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: x}, automountServiceAccountTokens: false}"
    )
    command = [tool("kubernetes-validate"), "--strict", "-k", version, str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False).returncode


def test_custom_resources_fit_their_definitions() -> None:
    argocd = [yaml.safe_load(path.read_text()) for path in sorted((K8S / "argocd").glob("*.yaml"))]
    ours = [one for one in (*overlay("production"), *argocd) if one["apiVersion"].split("/")[0] in CUSTOM]
    assert {one["kind"] for one in ours} == {
        "Application", "AppProject", "HTTPRoute", "PodMonitor", "PrometheusRule", "ScaledObject",
    }  # fmt: skip
    assert _faults(ours) == []


def test_a_field_that_no_definition_knows_is_found() -> None:
    scaled = json.loads(json.dumps(next(one for one in overlay("production") if one["kind"] == "ScaledObject")))
    scaled["spec"]["triggers"][0]["metadatas"] = {}
    scaled["spec"]["maxReplicaCount"] = "12"
    assert [fault.split(": ", 1)[1] for fault in _faults([scaled])] == [
        "data/spec/maxReplicaCount must be integer",
        ".spec.triggers.0.metadatas is not in the schema",
    ]


def _faults(objects: Sequence[Object]) -> list[str]:
    assert (HERE / "node_modules").is_dir(), "run `make infra-check`, which installs the schemas first"
    done = subprocess.run(
        [tool("node"), HERE / "crds.mjs"], input=json.dumps(objects), capture_output=True, text=True, check=False
    )
    assert not done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("path", generate.generated(), ids=lambda path: path.name)
def test_generated_files_are_current(path: Path) -> None:
    assert path.read_text() == generate.generated()[path], "`make k8s-render` makes it anew"


def test_prometheus_understands_the_configuration_of_kind(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("x")
    config = tmp_path / "prometheus.yml"
    config.write_text(generate.SCRAPING.read_text().replace("/run/secrets/metrics_token", str(token)))
    output("promtool", "check", "config", "--syntax-only", config)
