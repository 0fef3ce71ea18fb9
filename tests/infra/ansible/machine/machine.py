"""The machine that the playbook is run against: systemd booted in a root directory, reached by ssh on 127.0.0.1.

It refuses to run without root: namespaces and mounts are root's.
"""

import os
import subprocess
from pathlib import Path

import pytest

from local.ports import free_port, listens
from local.process import Process
from tests.infra.ansible.machine import root

BOOT = Path(__file__).with_name("boot.sh")
USER = "ops"


class Machine(Process):
    """One machine under `directory`, gone with the test session."""

    def __init__(self, directory: Path, suite: str, hostname: str) -> None:
        if os.geteuid() != 0:
            pytest.fail("the machine is booted in namespaces of its own: run `make test-ansible` as root")
        self.root = directory / "root"
        self.key = directory / "key"
        self.known_hosts = directory / "known_hosts"
        self.port = free_port()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        root.unpack(
            self.root,
            suite,
            hostname=hostname,
            sshd=f"Port {self.port}\nListenAddress 127.0.0.1\nPasswordAuthentication no\n",
            user=USER,
            public_key=self.key.with_suffix(".pub").read_text(),
        )
        host_key = (self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {host_key}")
        super().__init__(
            "machine", ["unshare", "--mount", "bash", BOOT, self.root], directory / "boot.log", ready_within_s=60
        )

    def answers(self) -> bool:
        return listens(self.port) and self.sh("systemctl is-system-running").strip() in ("running", "degraded")

    @property
    def ssh(self) -> list[str]:
        """Options of ssh that lead here."""
        options = {"UserKnownHostsFile": self.known_hosts, "IdentityFile": self.key, "IdentitiesOnly": "yes"}
        return [part for option, value in options.items() for part in ("-o", f"{option}={value}")]

    def sh(self, script: str) -> str:
        """What a script prints that root runs there, errors too; its status is in the script's own hands."""
        done = subprocess.run(
            ["ssh", *self.ssh, "-p", str(self.port), f"{USER}@127.0.0.1", "sudo bash -s"],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.stdout + done.stderr

    def state(self) -> str:
        """What a run that changes nothing leaves as it is: packages, users, units and what lies in the usual places."""
        return self.sh(
            "dpkg-query -W; getent passwd group; systemctl list-unit-files --no-legend;"
            "find /etc /opt /usr/local /var/lib/github-runner -not -name '*.pyc' -printf '%p %y %m %u %s %T@\\n' | sort"
        )
