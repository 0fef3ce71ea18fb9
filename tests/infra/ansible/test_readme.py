"""What ansible/README.md says exists: commands, options, variables, files."""

import re
import shlex
from itertools import pairwise

import pytest
import yaml

from tests.infra.ansible.files import ANSIBLE, ROLES, defaults
from tests.infra.tools import ROOT, output

README = (ANSIBLE / "README.md").read_text()
COMMANDS = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
SETTINGS = {name for role in ROLES for name in defaults(role)} | {"rollout_batch"}


def values(command: list[str], *options: str) -> list[str]:
    """What follows these options."""
    return [value for option, value in pairwise(command) if option in options]


@pytest.mark.parametrize("command", [one for one in COMMANDS if one[0].startswith("ansible")], ids=shlex.join)
def test_a_command_names_what_is_there(command: list[str]) -> None:
    known = output(command[0], *(["encrypt"] if command[0] == "ansible-vault" else []), "--help")
    assert all(part in known for part in command if part.startswith("-"))
    assert all((ANSIBLE / path).exists() for path in values(command, "-i"))
    assert {tag for tags in values(command, "--tags") for tag in tags.split(",")} <= set(ROLES)
    assert {setting.split("=")[0] for setting in values(command, "-e")} <= SETTINGS
    if command[0] == "ansible-playbook":
        assert "playbook.yml" in command


def test_every_variable_that_is_named_exists() -> None:
    named = set(re.findall(rf"(?<![\w/])((?:{'|'.join(ROLES)})_[a-z_]+|rollout_batch)\b", README))
    assert len(named) > 5
    assert named <= SETTINGS


def test_every_role_and_the_play_s_own_variable_are_told() -> None:
    assert all(f"`{role}`" in README for role in ROLES)
    (play,) = yaml.safe_load((ANSIBLE / "playbook.yml").read_text())
    assert re.findall(r"\w+", play["serial"])[0] in README


def test_every_target_and_file_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make\s+([a-z]+-[a-z]+)", README)) <= targets
    for path in re.findall(r"`((?:roles|group_vars|inventory)/[\w*/.]+)`", README):
        assert path == "group_vars/runners/vault.yml" or list(ANSIBLE.glob(path)), path
