"""docker-compose.yml held to the schema, to the code's settings, and to what each service must have."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.gateway.__main__ import FLUSH_S
from local.secret_files import missing
from local.system.programs import PARTITIONS
from shared.process.settings import PREFIX, SECRETS, Settings
from tests.infra.tools import ROOT, output

COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS = ("gateway", "rollup", "api", "migrate")
ONE_SHOT = ("migrate", "topic-init", "demo-stations", "load")
#: Their images have nothing to ask with, or nothing to ask.
UNASKED = ("redis-exporter", "console", "simulator")


def services(*names: str) -> list[Any]:
    return [pytest.param(SERVICES[name], id=name) for name in names]


every_service = pytest.mark.parametrize("service", services(*SERVICES))
every_of_ours = pytest.mark.parametrize("service", services(*OURS))


def test_it_is_valid() -> None:
    output("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")
    assert "version" not in COMPOSE


@every_of_ours
def test_every_variable_is_a_setting(service: Mapping[str, Any]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {f"{PREFIX}{name}_FILE" for name in SECRETS}
    assert set(service["environment"]) <= known


@every_service
def test_every_secret_file_is_mounted_and_made(service: Mapping[str, Any], tmp_path: Path) -> None:
    mounted = {f"/run/secrets/{name}" for name in service.get("secrets", ())}
    named = set(re.findall(r"/run/secrets/\w+", yaml.safe_dump(dict(service))))
    assert named <= mounted
    for name, content in missing(tmp_path):
        (tmp_path / name).write_text(content)
    assert set(service.get("secrets", ())) <= {one.name for one in tmp_path.iterdir()} & set(COMPOSE["secrets"])


@every_service
def test_it_is_bounded_and_comes_back(service: Mapping[str, Any], request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert "container_name" not in service
    assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")
    if name not in (*ONE_SHOT, *UNASKED):
        assert service["healthcheck"]["test"]


@pytest.mark.parametrize("service", services(*OURS, "proxy", "demo-stations", "simulator", "load"))
def test_ours_can_write_nothing_and_have_no_rights(service: Mapping[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@every_service
def test_only_this_machine_reaches_it(service: Mapping[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("service", services("gateway", "rollup"))
def test_what_is_scaled_has_no_port_on_the_host(service: Mapping[str, Any]) -> None:
    assert "ports" not in service


@every_service
def test_its_image_is_pinned(service: Mapping[str, Any]) -> None:
    if service["image"].startswith("plugwatch-"):
        return
    assert re.search(r":v?\d+\.\d+(\.\d+)?$", service["image"]), service["image"]


def test_the_order_of_starting() -> None:
    after = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    assert after["migrate"]["postgres"]["condition"] == "service_healthy"
    assert after["topic-init"]["redpanda"]["condition"] == "service_healthy"
    for name in ("gateway", "rollup"):
        assert after[name]["migrate"]["condition"] == "service_completed_successfully"
        assert after[name]["topic-init"]["condition"] == "service_completed_successfully"
    for name in ("gateway", "rollup", "api"):
        assert after["prometheus"][name]["condition"] == "service_healthy"


def test_a_gateway_may_drain_and_flush_before_it_is_killed() -> None:
    grace_s = int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s"))
    assert grace_s > Settings.model_fields["drain_s"].default + FLUSH_S


def test_topics_are_those_of_the_settings_with_the_partitions_of_make_run() -> None:
    made = "\n".join(SERVICES["topic-init"]["command"])
    for name in ("topic", "dead_letter_topic"):
        assert f"rpk topic create {Settings.model_fields[name].default} " in made
    assert f"-p {PARTITIONS} " in made


@every_service
def test_mounted_files_exist(service: Mapping[str, Any]) -> None:
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        assert not source.startswith(".") or (ROOT / source).exists(), source
