"""The Pythons of this machine; and one that it lacks, in the root of a Debian that has it (which takes root)."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infra.tools import ROOT, output

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SUITES = {"3.14": "forky"}
PACKAGES = ("python3", "python3-venv", "make", "ca-certificates", "procps")
# What a process in the other root sees: its own /proc, our devices, and nothing else of this machine but its network.
ENTER = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'


@dataclass(frozen=True, slots=True)
class Python:
    """`command` stands before what is to run in `directory`, which that command sees as `seen_as`."""

    program: str
    command: tuple[str | Path, ...]
    directory: Path
    seen_as: Path


def python(version: str, directory: Path) -> Python:
    """A Python of that version, at home in `directory`; skips the test where this machine can have none."""
    asked = os.environ.get("PYTHONS", " ".join(VERSIONS)).split()
    if version not in asked:
        pytest.skip(f"PYTHONS asks for {' '.join(asked)}")
    if found := _of_path(version) or _of_pyenv(version):
        return Python(found, (), directory, directory)
    if version in SUITES and os.geteuid() == 0 and shutil.which("mmdebstrap"):
        root = _unpacked(SUITES[version], directory / "root")
        return Python(f"python{version}", ("unshare", "--mount", "sh", "-c", ENTER, root), root / "srv", Path("/srv"))
    pytest.skip(f"there is no python{version} here, nor root's rights and mmdebstrap to bootstrap a Debian that has it")


def _of_path(version: str) -> str | None:
    if (found := shutil.which(f"python{version}")) is None:
        return None
    asked = [found, "-c", "import sys; print(sys.executable)"]  # pyenv has shims that refuse
    return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10).stdout.strip() or None


def _of_pyenv(version: str) -> str | None:
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    return next((str(path) for path in root.glob(f"versions/{version}.*/bin/python{version}")), None)


def _unpacked(suite: str, root: Path) -> Path:
    archive = ROOT / ".cache" / "pythons" / f"{suite}.tar"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        making = archive.with_suffix(".part.tar")
        options = ("--variant=minbase", f"--include={','.join(PACKAGES)}", "--dpkgopt=force-unsafe-io")
        apt = ("--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Check-Valid-Until false")
        output("mmdebstrap", *options, *apt, suite, making)
        making.rename(archive)
    root.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", root], check=True)
    for path in ("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"):  # the way to the packages
        if Path(path).exists():
            (root / path.lstrip("/")).unlink(missing_ok=True)
            shutil.copy(path, root / path.lstrip("/"))
    return root
