"""Argo CD may do what the production overlay needs and no more, and does it at a pinned revision."""

import re

import yaml

from tests.infra.k8s.manifests import K8S, build, container, named, overlay, pods
from tests.infra.tools import ROOT

ARGOCD = build(K8S / "argocd")
PROJECT = named(ARGOCD, "AppProject", "plugwatch")["spec"]
APPLICATION = named(ARGOCD, "Application", "plugwatch")["spec"]


def test_the_project_allows_exactly_the_kinds_that_production_has() -> None:
    def kind(api_version: str, name: str) -> tuple[str, str]:
        group = api_version.rpartition("/")[0]
        return group, name

    wanted = {kind(one["apiVersion"], one["kind"]) for one in overlay("production")}
    allowed = {
        scope: {(one["group"], one["kind"]) for one in PROJECT[f"{scope}ResourceWhitelist"]}
        for scope in ("cluster", "namespace")
    }
    assert allowed["cluster"] == {("", "Namespace")}
    assert allowed["namespace"] == wanted - allowed["cluster"]


def test_the_application_stays_within_the_project() -> None:
    assert APPLICATION["project"] == "plugwatch"
    assert PROJECT["sourceRepos"] == [APPLICATION["source"]["repoURL"]]
    assert PROJECT["destinations"] == [APPLICATION["destination"]]
    assert APPLICATION["destination"]["namespace"] == "plugwatch"
    assert (ROOT / APPLICATION["source"]["path"] / "kustomization.yaml").is_file()


def test_the_revision_is_pinned_to_a_release() -> None:
    assert re.fullmatch(r"(production-)?v\d+\.\d+\.\d+", APPLICATION["source"]["targetRevision"])


def test_what_runs_is_kept_as_it_is_in_git() -> None:
    policy = APPLICATION["syncPolicy"]
    assert policy["automated"] == {"prune": True, "selfHeal": True}
    assert {"CreateNamespace=true", "ServerSideApply=true", "PruneLast=true"} == set(policy["syncOptions"])
    assert policy["retry"]["limit"] > 0
    notes = named(overlay("production"), "Namespace", "plugwatch")["metadata"]["annotations"]
    assert notes["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false", "the Secret would go with it"
    assert {"kind": "Secret", "name": "plugwatch"} in PROJECT["orphanedResources"]["ignore"]


def test_the_images_are_those_that_the_workflow_builds() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "build.yml").read_text())
    built = {one["image"] for one in workflow["jobs"]["build"]["strategy"]["matrix"]["include"]}
    run = {container(pods(overlay("production"))[name])["image"] for name in ("gateway", "rollup", "api", "migrate")}
    assert {re.split("[:@]", one.removeprefix("ghcr.io/plugwatch/"))[0] for one in run} == built
