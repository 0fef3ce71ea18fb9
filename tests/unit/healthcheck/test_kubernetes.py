"""Objects as `kubectl get --output json` prints them, and what they come to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import healthcheck
from healthcheck import Result

KUBECTL = "kubectl --namespace plugwatch"
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def workload(name: str, kind: str = "Deployment", replicas: int = 2, **status: Any) -> Result:
    spec = {"replicas": replicas, "template": {"spec": {"containers": [{"name": name}]}}}
    item = {"kind": kind, "metadata": {"name": name}, "spec": spec, "status": status}
    return healthcheck.workload(item, KUBECTL)


def pod(container: str = "gateway", of: str = "ReplicaSet", **status: Any) -> Result | None:
    meta = {"name": f"{container}-7d9c", "namespace": "plugwatch", "ownerReferences": [{"kind": of}]}
    item = {"kind": "Pod", "metadata": meta, "spec": {"containers": [{"name": container}]}}
    return healthcheck.pod(item | {"status": {"phase": "Running"} | status}, NOW, KUBECTL)


def condition(name: str, status: str = "True", **more: str) -> list[dict[str, str]]:
    return [{"type": name, "status": status, **more}]


def test_all_replicas_ready_is_ok_some_is_degraded() -> None:
    well = workload("gateway", readyReplicas=2, updatedReplicas=2)
    assert (well.subject, well.state, well.detail) == ("deployment/gateway", "ok", "2 of 2 ready")
    assert well.facts == {"wanted": 2, "ready": 2, "updated": 2}
    assert workload("gateway", readyReplicas=1, updatedReplicas=2).state == "degraded"


def test_a_roll_out_is_told_and_bearable() -> None:
    rolling = workload("api", readyReplicas=2, updatedReplicas=1)
    assert (rolling.state, rolling.detail) == ("ok", "2 of 2 ready, 1 of them new")


def test_none_ready_is_unhealthy_for_postgres_and_degraded_for_what_readyz_or_nobody_judges() -> None:
    assert workload("postgres", "StatefulSet", 1).state == "unhealthy"
    assert workload("gateway").state == "degraded"
    assert workload("redis", "StatefulSet", 1).state == "degraded"
    assert workload("grafana", replicas=0).state == "degraded"


@pytest.mark.parametrize(("met", "state"), [("Complete", "ok"), ("Failed", "unhealthy"), ("FailureTarget", "degraded")])
def test_a_job_is_judged_by_its_condition(met: str, state: str) -> None:
    assert workload("migrate", "Job", conditions=condition(met)).state == state


def test_a_pod_that_is_well_gets_no_line() -> None:
    assert pod(containerStatuses=[{"name": "gateway", "restartCount": 0, "state": {"running": {}}}]) is None


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_has_ended_was_replaced_already(phase: str) -> None:
    assert pod(phase=phase) is None


def test_a_jobs_pods_are_its_jobs_affair() -> None:
    waiting = [{"name": "migrate", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    assert pod("migrate", "Job", containerStatuses=waiting) is None
    assert pod("migrate", "ReplicaSet", containerStatuses=waiting) is not None


def test_a_crash_loop_is_named_and_its_last_words_are_a_command_away() -> None:
    waiting = [{"name": "gateway", "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    found = pod(containerStatuses=waiting)
    assert found is not None
    assert found.detail == "gateway: CrashLoopBackOff, restarted 7 times"
    assert found.hint == f"{KUBECTL} logs pod/gateway-7d9c --container gateway --previous"


def test_an_image_that_cannot_be_pulled_is_named() -> None:
    found = pod(initContainerStatuses=[{"name": "wait", "state": {"waiting": {"reason": "ImagePullBackOff"}}}])
    assert found is not None
    assert "ImagePullBackOff" in found.detail
    assert "describe" in found.hint


def test_a_restart_counts_for_ten_minutes() -> None:
    def restarted(ago_s: int) -> Result | None:
        ended = (NOW - timedelta(seconds=ago_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
        last = {"terminated": {"finishedAt": ended, "reason": "OOMKilled"}}
        return pod(
            containerStatuses=[{"name": "gateway", "restartCount": 1, "state": {"running": {}}, "lastState": last}]
        )

    recently = restarted(599)
    assert recently is not None
    assert recently.detail == "gateway: restarted once, after OOMKilled"
    assert restarted(601) is None


def test_a_pod_that_no_node_takes_says_why() -> None:
    found = pod(phase="Pending", conditions=condition("PodScheduled", "False", message="0/3 nodes are available"))
    assert found is not None
    assert found.detail == "no node takes it: 0/3 nodes are available"


def test_ours_are_known_by_their_container_beside_any_sidecar() -> None:
    containers = [{"name": "istio-proxy"}, {"name": "rollup"}]
    assert healthcheck.component({"spec": {"containers": containers}}) == "rollup"
    assert healthcheck.component({"spec": {"template": {"spec": {"containers": containers}}}}) == "rollup"
    assert healthcheck.component({"spec": {"containers": [{"name": "redis"}]}}) == "redis"
