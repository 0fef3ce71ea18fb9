"""The machine from which Ansible is run: the README's own command, with an inventory, a vault and a vault password."""

import logging
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.infra.ansible.machine.machine import USER, Machine
from tests.infra.tools import ROOT, tool

log = logging.getLogger(__name__)

RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=.*)$", re.MULTILINE)
FAILURE = re.compile(r"^(?:fatal|failed|ERROR|\[ERROR\]).*?(?=^\S)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of ansible-playbook: all it said (-vvv), and its recap."""

    status: int
    text: str

    @property
    def recap(self) -> dict[str, int]:
        line = RECAP.findall(self.text)[-1][1]
        return {name: int(count) for name, count in (part.split("=") for part in line.split())}

    @property
    def failures(self) -> list[str]:
        return FAILURE.findall(self.text)

    def __str__(self) -> str:
        return "\n".join(
            [*self.failures, RECAP.findall(self.text)[-1][1] if RECAP.search(self.text) else self.text[-3000:]]
        )


class Control:
    """Runs the playbook against `machine` with `variables`; `directory` holds all it leaves."""

    def __init__(self, directory: Path, machine: Machine, pat: str, variables: dict[str, Any]) -> None:
        self.directory = directory
        self.variables = variables
        host = {
            "ansible_host": "127.0.0.1",
            "ansible_port": machine.port,
            "ansible_user": USER,
            "ansible_ssh_common_args": " ".join(machine.ssh),
        }
        group = directory / "inventory/group_vars/runners"
        group.mkdir(parents=True)
        (directory / "inventory/hosts.yml").write_text(
            yaml.safe_dump({"runners": {"hosts": {"ci-1.example.org": host}}})
        )
        (directory / ".vault_pass").write_text("a password of no worth")
        vault = yaml.safe_dump({"vault_github_runner_pat": pat})
        sealed = self._run("ansible-vault", "encrypt", "--vault-password-file", directory / ".vault_pass", stdin=vault)
        (group / "vault.yml").write_text(sealed.text[sealed.text.index("$ANSIBLE_VAULT") :])

    def play(self, *arguments: str, **variables: Any) -> Run:
        """One run, with these variables beside the usual ones."""
        (self.directory / "variables.yml").write_text(yaml.safe_dump(self.variables | variables))
        run = self._run(
            "ansible-playbook",
            *("-i", self.directory / "inventory", "playbook.yml"),
            *("--vault-password-file", self.directory / ".vault_pass"),
            *("--extra-vars", f"@{self.directory / 'variables.yml'}", "-vvv", *arguments),
        )
        log.info("ansible-playbook %s: %s", " ".join(arguments), run)
        return run

    def _run(self, program: str, *arguments: str | Path, stdin: str | None = None) -> Run:
        settings = [
            f"ANSIBLE_HOME={self.directory / 'home'}",
            f"ANSIBLE_LOG_PATH={self.directory / 'ansible.log'}",
            "ANSIBLE_NOCOLOR=1",
        ]
        done = subprocess.run(
            ["env", *settings, tool(program), *map(str, arguments)],
            cwd=ROOT / "ansible",
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return Run(done.returncode, done.stdout)
