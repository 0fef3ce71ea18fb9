"""Every pod meets Pod Security `restricted` to the letter, says what it needs, and comes from a pinned image."""

import re
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.infra.k8s.manifests import NAME, OURS, OVERLAYS, Object, address, container, labels, named, overlay, pods
from tests.infra.tools import ROOT

PROFILES = {"RuntimeDefault", "Localhost"}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
HOST = ("hostNetwork", "hostPID", "hostIPC")
WRITES_ITS_ROOT = {"redpanda", "topic-init"}  # rpk keeps its configuration in /etc

ALL_PODS = [pytest.param(pod, id=f"{place}-{name}") for place in OVERLAYS for name, pod in pods(overlay(place)).items()]


def unrestricted(pod: Object) -> Iterator[str]:
    """What the `restricted` Pod Security Standard forbids, control by control (and with it `baseline`)."""
    spec = pod["spec"]
    context = spec.get("securityContext", {})
    yield from (key for key in HOST if spec.get(key))
    if (
        "sysctls" in context
        or "windowsOptions" in context
        or "seLinuxOptions" in context
        or "appArmorProfile" in context
    ):
        yield "sysctls, Windows, SELinux and AppArmor options are nobody's here"
    for volume in spec.get("volumes", ()):
        yield from (f"volume of type {kind}" for kind in volume.keys() - {"name"} - VOLUMES)
    for one in (*spec.get("initContainers", ()), *spec["containers"]):
        own = one.get("securityContext", {})
        if own.get("privileged") or own.get("procMount", "Default") != "Default":
            yield "privileged, or /proc unmasked"
        if own.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation is not false"
        if own.get("capabilities") != {"drop": ["ALL"]}:
            yield "capabilities are not dropped"
        if own.get("runAsNonRoot", context.get("runAsNonRoot")) is not True:
            yield "runAsNonRoot is not true"
        if not own.get("runAsUser", context.get("runAsUser")):
            yield "no numeric user, or root"
        if own.get("seccompProfile", context.get("seccompProfile", {})).get("type") not in PROFILES:
            yield "no seccomp profile"
        yield from ("hostPort" for port in one.get("ports", ()) if port.get("hostPort"))
        handlers = [one.get(f"{name}Probe", {}) for name in ("startup", "liveness", "readiness")]
        handlers += one.get("lifecycle", {}).values()
        for handler in handlers:
            yield from ("probe of another host" for ask in ("httpGet", "tcpSocket") if handler.get(ask, {}).get("host"))


@pytest.mark.parametrize("pod", ALL_PODS)
def test_pods_are_restricted(pod: Object) -> None:
    assert list(unrestricted(pod)) == []


@pytest.mark.parametrize("place", OVERLAYS)
def test_the_namespace_enforces_it(place: str) -> None:
    given = labels(named(overlay(place), "Namespace", "plugwatch"))
    assert {given[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {"restricted"}


@pytest.mark.parametrize("pod", ALL_PODS)
def test_pods_have_no_token_no_service_variables_and_a_root_that_cannot_be_written(pod: Object) -> None:
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["enableServiceLinks"] is False, "a Service plugwatch-x would set PLUGWATCH_X_PORT"
    writes = pod["metadata"]["labels"][NAME] in WRITES_ITS_ROOT
    assert container(pod)["securityContext"]["readOnlyRootFilesystem"] is not writes


@pytest.mark.parametrize("pod", ALL_PODS)
def test_pods_say_what_they_need(pod: Object) -> None:
    resources = container(pod)["resources"]
    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}, "memory has an end; CPU that is not used is for whoever wants it"
    bounded = [one["emptyDir"].get("sizeLimit") for one in pod["spec"].get("volumes", ()) if "emptyDir" in one]
    assert all(bounded)


@pytest.mark.parametrize("place", OVERLAYS)
def test_ours_run_as_the_user_of_their_image_with_an_account_of_their_own(place: str) -> None:
    for name in OURS:
        spec = pods(overlay(place))[name]["spec"]
        account = named(overlay(place), "ServiceAccount", spec["serviceAccountName"])
        assert (account["metadata"]["name"], account["automountServiceAccountToken"]) == (name, False)
        users = {spec["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")}
        image = "api" if name == "api" else "ingest"
        assert users == set(map(int, _last("USER", image).split(":")))


def _last(instruction: str, image: str) -> str:
    found: list[str] = re.findall(rf"^{instruction} (.*)$", (ROOT / f"Dockerfile.{image}").read_text(), re.MULTILINE)
    return found[-1]


@pytest.mark.parametrize("place", OVERLAYS)
def test_labels_are_everywhere(place: str) -> None:
    for one in overlay(place):
        assert labels(one).get("app.kubernetes.io/part-of") == "plugwatch", address(one)
        if not address(one).startswith("ConfigMap/") or labels(one).get("app.kubernetes.io/component") == "settings":
            assert {NAME, "app.kubernetes.io/component"} <= labels(one).keys(), address(one)
    for name, pod in pods(overlay(place)).items():
        given = pod["metadata"]["labels"]
        assert (given[NAME], given["app.kubernetes.io/part-of"]) == (name, "plugwatch")


@pytest.mark.parametrize("pod", ALL_PODS)
def test_images_are_pinned(pod: Object) -> None:
    image = container(pod)["image"]
    assert re.search(r":[^/]+$|@sha256:[0-9a-f]{64}$", image), image
    assert not image.endswith(":latest")


def test_third_party_images_are_those_of_compose() -> None:
    services: Mapping[str, Object] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    here = {name: container(pod)["image"] for name, pod in pods(overlay("kind")).items() if name not in OURS}
    assert here == {name: services[name]["image"] for name in here}
    absent = {name for name, one in services.items() if "profiles" not in one} - here.keys() - set(OURS)
    assert absent == {"proxy"}, "a Service stands where the proxy does in compose"


def test_production_takes_the_released_images_and_kind_those_of_this_machine() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    for name in OURS:
        image = f"ghcr.io/plugwatch/plugwatch-{'api' if name == 'api' else 'ingest'}"
        assert container(pods(overlay("kind"))[name])["image"] == f"{image}:dev"
        released = container(pods(overlay("production"))[name])["image"]
        assert re.fullmatch(rf"{image}(:v{re.escape(version[1])}|(:v[0-9.]+)?@sha256:[0-9a-f]{{64}})", released), (
            released
        )
