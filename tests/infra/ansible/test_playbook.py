"""The playbook with its inventory, vault, Vagrantfile and scripts: what can be told without a machine."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.infra.ansible.files import ANSIBLE, ROLES
from tests.infra.tools import ROOT, output, tool


def test_the_playbook_is_ansible() -> None:
    output("ansible-playbook", "-i", "inventory/hosts", "playbook.yml", "--syntax-check", directory=ANSIBLE)


def test_every_role_is_run_and_can_be_run_alone() -> None:
    (play,) = yaml.safe_load((ANSIBLE / "playbook.yml").read_text())
    assert {role["role"]: role["tags"] for role in play["roles"]} == {name: [name] for name in ROLES}


def test_the_inventory_is_this_machine_in_both_groups() -> None:
    inventory = json.loads(output("ansible-inventory", "-i", "inventory/hosts", "--list", directory=ANSIBLE))
    assert inventory["machines"]["hosts"] == inventory["runners"]["hosts"] == ["localhost"]
    known = inventory["_meta"]["hostvars"]["localhost"]
    assert known["ansible_connection"] == "local"
    assert known["github_runner_scope"] == "repos/plugwatch/plugwatch"
    assert "vault_github_runner_pat" not in known, "the example is never loaded, or it would be a value"


def test_the_vault_is_made_as_its_example_says(tmp_path: Path) -> None:
    example = ANSIBLE / "group_vars/vault.example.yml"
    (variable,) = yaml.safe_load(example.read_text())
    assert variable in (ANSIBLE / "group_vars/runners/main.yml").read_text()
    (tmp_path / "pass").write_text("a password of no worth")
    shutil.copy(example, tmp_path / "vault.yml")
    output("ansible-vault", "encrypt", "--vault-password-file", tmp_path / "pass", tmp_path / "vault.yml")
    assert (tmp_path / "vault.yml").read_text().startswith("$ANSIBLE_VAULT;")
    shown = output("ansible-vault", "view", "--vault-password-file", tmp_path / "pass", tmp_path / "vault.yml")
    assert yaml.safe_load(shown) == {variable: ""}


def test_no_secret_is_committed() -> None:
    subprocess.run(["git", "check-ignore", "-q", "ansible/.vault_pass"], cwd=ROOT, check=True)
    for vault in ANSIBLE.rglob("vault.yml"):
        assert vault.read_text().startswith("$ANSIBLE_VAULT;"), f"{vault} is not encrypted"


def test_the_vagrantfile_is_ruby() -> None:
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("ruby is not here: the Vagrantfile's syntax is not checked")
    subprocess.run([ruby, "-c", ANSIBLE / "Vagrantfile"], check=True)


def test_the_machines_scripts_are_sound() -> None:
    scripts = [
        file
        for file in Path(__file__).with_name("machine").rglob("*")
        if file.is_file() and file.read_bytes().startswith((b"#!/bin/bash", b"#!/bin/sh"))
    ]
    assert len(scripts) == 4
    subprocess.run([tool("shellcheck"), *scripts], check=True)
