"""A Debian as a cloud gives it: systemd, ssh, sudo, Python, nothing of ours. Bootstrapped once, kept as an archive."""

import hashlib
import subprocess
from pathlib import Path

from tests.infra.tools import ROOT, output

PACKAGES = ("systemd-sysv", "dbus", "openssh-server", "sudo", "python3")
KEPT = ROOT / ".cache" / "ansible-machine"


def archive(suite: str) -> Path:
    """Where the root is kept; made if it is not there. Takes half a minute and a Debian mirror."""
    key = hashlib.sha256(repr((suite, PACKAGES)).encode()).hexdigest()[:12]
    kept = KEPT / f"{suite}-{key}.tar"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        making = kept.with_suffix(".part.tar")
        output(
            "mmdebstrap",
            "--variant=apt",
            f"--include={','.join(PACKAGES)}",
            "--aptopt=APT::Install-Recommends false",
            "--dpkgopt=force-unsafe-io",
            suite,
            making,
        )
        making.rename(kept)
    return kept


def unpack(directory: Path, suite: str, *, hostname: str, sshd: str, user: str, public_key: str) -> None:
    """A fresh root in `directory`: `user` logs in by key and may do all by sudo; `sshd` is its sshd's configuration."""
    directory.mkdir()
    subprocess.run(["tar", "-xf", archive(suite), "-C", directory], check=True)
    (directory / "etc/hostname").write_text(f"{hostname}\n")
    (directory / "etc/hosts").write_text(f"127.0.0.1 localhost {hostname}\n")
    (directory / "etc/resolv.conf").unlink(missing_ok=True)
    (directory / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
    (directory / "etc/ssh/sshd_config.d/test.conf").write_text(sshd)
    # What would take apt's lock in the middle of a test.
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        (directory / "etc/systemd/system" / timer).symlink_to("/dev/null")
    subprocess.run(["chroot", directory, "useradd", "--create-home", "--shell", "/bin/bash", user], check=True)
    (directory / "etc/sudoers.d" / user).write_text(f"{user} ALL=(ALL) NOPASSWD: ALL\n")
    keys = directory / "home" / user / ".ssh" / "authorized_keys"
    keys.parent.mkdir()
    keys.write_text(public_key)
    subprocess.run(["chroot", directory, "chown", "-R", f"{user}:", f"/home/{user}/.ssh"], check=True)
