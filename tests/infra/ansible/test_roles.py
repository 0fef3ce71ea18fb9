"""The roles' files against each other: arguments and defaults, addresses, hashes, and what deals with tokens."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.infra.ansible.files import ANSIBLE, ROLES, defaults, options, tasks
from tests.infra.tools import output

KINDS: dict[str, type] = {"str": str, "path": str, "int": int, "bool": bool, "list": list, "dict": dict}
SECRETS = ("github_runner_headers", "github_runner_token", "github_runner_pat")


@pytest.mark.parametrize("role", ROLES)
def test_every_default_is_an_argument_of_its_kind(role: str) -> None:
    assert {name: type(value) for name, value in defaults(role).items()} == {
        name: KINDS[option["type"]] for name, option in options(role).items()
    }


@pytest.mark.parametrize("role", ROLES)
def test_every_hash_is_one_and_no_architecture_lacks_it(role: str) -> None:
    pinned = {name: value for name, value in defaults(role).items() if name.endswith("_sha256")}
    for value in pinned.values():
        hashes = value if isinstance(value, dict) else {"amd64": value, "arm64": value}
        assert set(hashes) in ({"amd64", "arm64"}, {"x64", "arm64"})
        assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes.values())


def test_every_address_is_a_variable() -> None:
    places = [
        file
        for folder in ("tasks", "handlers", "templates", "vars")
        for file in ANSIBLE.glob(f"roles/*/{folder}/*")
        if "://" in file.read_text()
    ]
    assert places == []


def test_every_download_is_checked() -> None:
    downloads = [task["ansible.builtin.get_url"] for task in tasks() if "ansible.builtin.get_url" in task]
    assert len(downloads) == 4
    assert all(download["checksum"].startswith("sha256:{{") for download in downloads)


def test_the_token_is_used_on_the_machine_of_ansible_alone() -> None:
    asking = [task for task in tasks() if "ansible.builtin.uri" in task]
    assert len(asking) >= 5
    for task in asking:
        assert (task.get("delegate_to"), task.get("become"), task.get("no_log")) == ("localhost", False, True), task[
            "name"
        ]


def test_what_holds_a_secret_is_not_logged() -> None:
    for task in tasks():
        says = json.dumps(task)
        if any(secret in says for secret in SECRETS) and "ansible.builtin.assert" not in task:
            masked = "replace(github_runner_token.json.token, '***')" in says
            assert task.get("no_log") or masked, task["name"]


def test_asserts_show_no_secret() -> None:
    for task in tasks():
        message = json.dumps(task.get("ansible.builtin.assert", {}).get("fail_msg", ""))
        assert not re.search(r"{{[^}]*(" + "|".join(SECRETS) + r")[^}]*}}", message), task["name"]


def test_nothing_is_excused_from_the_linter() -> None:
    assert not list(ANSIBLE.glob(".ansible-lint*"))
    excused = [
        file
        for file in ANSIBLE.rglob("*.yml")
        if re.search("noqa|yamllint disable|skip_ansible_lint", file.read_text())
    ]
    assert excused == []


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(("distribution", "release"), [("Debian", "trixie"), ("Ubuntu", "noble")])
def test_docker_has_its_repository_for(distribution: str, release: str, machine: str) -> None:
    facts = {"distribution": distribution, "distribution_release": release, "architecture": machine}
    template = ANSIBLE / "roles/docker/templates/docker.sources.j2"
    said = output(
        *("ansible", "localhost", "-c", "local", "-i", "localhost,", "-m", "ansible.builtin.debug"),
        *("-a", f"msg={{{{ lookup('ansible.builtin.template', '{template}') }}}}"),
        *("-e", f"@{ANSIBLE}/roles/docker/defaults/main.yml"),
        *("-e", json.dumps({"ansible_facts": facts, "ansible_managed": "by Ansible"})),
    )
    answer: dict[str, Any] = json.loads(said[said.index("{") :])
    assert yaml.safe_load(answer["msg"]) == {
        "Types": "deb",
        "URIs": f"https://download.docker.com/linux/{distribution.lower()}",
        "Suites": release,
        "Components": "stable",
        "Architectures": {"x86_64": "amd64", "aarch64": "arm64"}[machine],
        "Signed-By": "/etc/apt/keyrings/docker.asc",
    }
