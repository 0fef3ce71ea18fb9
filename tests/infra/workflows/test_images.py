"""One name for one image in workflows, Dockerfiles, compose and Kubernetes; one version of what comes from others."""

import re
import tomllib
from collections import defaultdict
from typing import Any

from tests.infra.tools import ROOT
from tests.infra.workflows.workflows import ACTIONS, GITHUB, WORKFLOWS, jobs, read

REGISTRY = "ghcr.io/plugwatch/"
BUILD = jobs("build")["build"]
BUILT: dict[str, str] = {leg["image"]: leg["dockerfile"] for leg in BUILD.body["strategy"]["matrix"]["include"]}
COMPOSE = read(ROOT / "docker-compose.yml")
MANIFESTS = sorted((ROOT / "k8s").rglob("*.yaml"))
PRODUCTION = ROOT / "k8s/overlays/production/kustomization.yaml"
IMAGE = re.compile(
    r"^\s*(?:- )?image: [\"']?(?P<name>[^\s\"'@]+?)(?::(?P<tag>[\w.-]+))?(?:@\S+)?[\"']?(?: #.*)?$", re.M
)


def images_of(text: str) -> list[tuple[str, str | None]]:
    return [(image["name"], image["tag"]) for image in IMAGE.finditer(text)]


def argument(dockerfile: str, name: str) -> str:
    """The default of an ARG that names an image, else the image of the stage so called."""
    text = (ROOT / dockerfile).read_text()
    found = re.search(rf"^ARG {name.upper()}_IMAGE=(\S+)$", text, re.M) or re.search(
        rf"^FROM (\S+) AS {name}$", text, re.M
    )
    assert found, f"{dockerfile} names no image of {name}"
    return found[1]


def test_every_dockerfile_of_a_process_is_built() -> None:
    assert sorted(BUILT.values()) == sorted(path.name for path in ROOT.glob("Dockerfile.*"))


def test_an_image_says_its_own_name() -> None:
    for image, dockerfile in BUILT.items():
        assert f'org.opencontainers.image.title="{image}"' in (ROOT / dockerfile).read_text()


def test_an_image_takes_what_its_build_tells_it() -> None:
    for step in BUILD.steps:
        if "build-push-action" in step.get("uses", ""):
            told = {line.partition("=")[0] for line in step["with"]["build-args"].splitlines()}
            for dockerfile in BUILT.values():
                known = set(re.findall(r"^ARG (\w+)", (ROOT / dockerfile).read_text(), re.M))
                assert told <= known, f"{dockerfile} has no {told - known}"


def test_a_build_gives_the_digest_of_each_image() -> None:
    assert WORKFLOWS["build"]["on"]["workflow_call"]["outputs"].keys() == BUILT.keys()
    assert BUILD.body["outputs"].keys() == BUILT.keys()
    for image, output in BUILD.body["outputs"].items():
        assert f"matrix.image == '{image}'" in output


def test_a_release_publishes_what_is_built() -> None:
    publish = jobs("release")["publish"]
    legs = publish.body["strategy"]["matrix"]["include"]
    assert {leg["image"]: leg["digest"] for leg in legs} == {
        image: f"${{{{ needs.build.outputs.{image} }}}}" for image in BUILT
    }
    (attest,) = (step for step in publish.steps if "actions/attest@" in step.get("uses", ""))
    assert attest["with"]["subject-name"] == f"{REGISTRY}${{{{ matrix.image }}}}"
    assert f"REGISTRY ?= {REGISTRY.removesuffix('/')}\n" in (GITHUB / "release.mk").read_text()


def test_an_image_is_named_only_when_it_is_attested() -> None:
    steps = [step.get("run") or step["uses"].partition("@")[0] for step in jobs("release")["publish"].steps]
    outward = [step for step in steps if step.startswith("make ") or step == "actions/attest"]
    assert outward == ["make publish-image", "actions/attest", "make tag-image"]


def test_a_release_is_built_from_no_cache_that_others_write() -> None:
    for step in BUILD.steps:
        for key, value in step.get("with", {}).items():
            if key.startswith("cache"):
                assert value is False or str(value).startswith("${{ !inputs.publishable"), f"{key}: {value}"
    assert WORKFLOWS["release"]["jobs"]["build"]["with"]["publishable"] is True


def test_compose_builds_the_same_images() -> None:
    services: dict[str, dict[str, Any]] = COMPOSE["services"]
    built = {
        service["image"].partition(":")[0]: service["build"]["dockerfile"]
        for service in services.values()
        if "build" in service
    }
    assert {image: built.get(image) for image in BUILT} == BUILT


def test_kubernetes_runs_the_published_images() -> None:
    text = "\n".join(path.read_text() for path in MANIFESTS)
    assert set(re.findall(rf"{REGISTRY}([\w-]+)", text)) == BUILT.keys()
    assert [image["name"] for image in read(PRODUCTION)["images"]] == [f"{REGISTRY}{image}" for image in BUILT]


def test_an_image_of_others_has_one_version() -> None:
    versions: dict[str, set[str | None]] = defaultdict(set)
    for path in (ROOT / "docker-compose.yml", *MANIFESTS):
        for name, tag in images_of(path.read_text()):
            if not name.startswith((REGISTRY, "plugwatch-")):
                versions[name].add(tag)
    assert len(versions) > 5
    assert {name: tags for name, tags in versions.items() if len(tags) > 1 or None in tags} == {}


def test_ci_tests_on_the_oldest_python_that_is_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (action,) = ACTIONS
    python = read(action)["inputs"]["python-version"]["default"]
    assert f">={python}" == project["requires-python"]


def test_images_are_made_by_the_uv_that_made_the_locks() -> None:
    locked = re.match(r"uv==([\w.]+)", (ROOT / "requirements/uv.txt").read_text())
    assert locked
    for dockerfile in (*BUILT.values(), "loadtest/Dockerfile"):
        assert argument(dockerfile, "uv").endswith(f":{locked[1]}")
