"""k8s/apply keeps the order of the waves, k8s/kind-up says what it lacks; kubectl only writes down what it is told."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.infra.k8s.manifests import K8S, NAME, Object, address, overlay
from tests.infra.tools import ROOT, output

STAND_IN = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$LOG"
case "$*" in
  kustomize*) kustomize build "$2" ;;
  *"get statefulset"*) printf 'statefulset.apps/%s\\n' postgres redis redpanda ;;
  *"get job"*) printf 'job.batch/%s\\n' migrate topic-init ;;
  *"get deployment"*) printf 'deployment.apps/%s\\n' api gateway rollup prometheus ;;
  *"$BREAKS"*) exit 1 ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    stand_in = tmp_path / "bin" / "kubectl"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}:{ROOT / '.cache' / 'bin'}:/usr/bin:/bin"
    return {"PATH": path, "LOG": str(tmp_path / "log"), "BREAKS": "nothing"}


def test_the_scripts_are_sound() -> None:
    output("shellcheck", K8S / "apply", K8S / "kind-up")


def test_apply_goes_by_waves(environment: Mapping[str, str]) -> None:
    done = _run("apply", "k8s/overlays/kind", environment)
    assert done.returncode == 0, done.stderr
    steps = [line.removeprefix("--namespace plugwatch ") for line in Path(environment["LOG"]).read_text().splitlines()]
    order = [
        "kustomize",
        "delete job migrate topic-init",
        "apply .* notin (rollup, gateway, api)",
        "rollout status statefulset.apps/postgres",
        "wait --for=condition=Complete job.batch/migrate",
        "apply .* in (rollup)",
        "rollout status deployment/rollup",
        "apply .* in (gateway, api)",
        "rollout status deployment.apps/gateway",
    ]
    at = [next(i for i, step in enumerate(steps) if _fits(step, wanted)) for wanted in order]
    assert at == sorted(at)


def _fits(step: str, wanted: str) -> bool:
    start, _, end = wanted.partition(" .* ")
    return step.startswith(start) and end in step


def test_apply_ends_when_the_migration_fails(environment: Mapping[str, str]) -> None:
    done = _run("apply", "k8s/overlays/kind", {**environment, "BREAKS": "job.batch/migrate"})
    assert done.returncode == 1
    assert "kubectl --namespace plugwatch logs job.batch/migrate" in done.stderr
    assert "(rollup)" not in Path(environment["LOG"]).read_text()


def test_the_three_selections_of_apply_are_everything_once() -> None:
    """Rollups alone in the middle, gateways and API last, the rest before."""

    def step(one: Object) -> str:
        name = one["metadata"].get("labels", {}).get(NAME)
        return "second" if name == "rollup" else "third" if name in ("gateway", "api") else "first"

    found = {address(one): step(one) for one in overlay("kind")}
    assert {key for key, at in found.items() if at == "third" and key.startswith("Deployment/")} == {
        "Deployment/gateway", "Deployment/api",
    }  # fmt: skip
    assert found["Deployment/rollup"] == "second"
    assert {found[key] for key in ("Job/migrate", "StatefulSet/postgres", "Namespace/plugwatch")} == {"first"}
    assert all(at == "first" for key, at in found.items() if key.startswith(("ConfigMap/", "NetworkPolicy/")))


@pytest.mark.parametrize("missing", ["kind", "kubectl"])
def test_kind_up_says_what_it_needs(missing: str, tmp_path: Path) -> None:
    for program in {"docker", "kind", "kubectl", "python3", "dirname"} - {missing}:
        (tmp_path / program).symlink_to("/usr/bin/true" if program != "dirname" else "/usr/bin/dirname")
    done = _run("kind-up", "", {"PATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"make kind-up needs {missing}, which is not here; k8s/README.md says how else\n"


def _run(script: str, argument: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    command = ["/bin/bash", str(K8S / script), *([argument] if argument else [])]
    assert os.access(K8S / script, os.X_OK)
    return subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False, timeout=120
    )


def test_the_makefile_calls_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "\n\t@k8s/kind-up\n" in makefile
    ci = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert "make kind-up" in [step.get("run") for step in ci["jobs"]["kind"]["steps"]]
