"""What the publishers serve, made on the spot: a signed apt repository, programs and archives that say their version.

The key that signs lasts as long as the test.
"""

import hashlib
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STUBS = Path(__file__).with_name("stubs")
OTHERS = ("docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin")


@dataclass(frozen=True, slots=True)
class Publishers:
    """The folders under `site`, a folder a host name."""

    site: Path

    def docker(self, suite: str, versions: list[str], work: Path) -> str:
        """An apt repository with these versions of Docker; gives the SHA-256 of its key."""
        repository = self.site / "download.docker.com/linux/debian"
        pool = repository / "pool"
        pool.mkdir(parents=True)
        for version in versions:
            self._package(work, pool, "docker-ce", version, f"Depends: {', '.join(OTHERS)}, python3")
            for name in OTHERS:
                self._package(work, pool, name, version, "")
        index = "".join(self._stanza(deb, repository) for deb in sorted(pool.glob("*.deb"))).encode()
        packages = repository / f"dists/{suite}/stable/binary-amd64/Packages"
        packages.parent.mkdir(parents=True)
        packages.write_bytes(index)
        release = repository / f"dists/{suite}/Release"
        release.write_text(
            f"Suite: {suite}\nCodename: {suite}\nArchitectures: amd64\nComponents: stable\n"
            f"SHA256:\n {_sha256(packages)} {len(index)} stable/binary-amd64/Packages\n"
        )
        return self._sign(release, repository / "gpg", work / "gnupg")

    def kubectl(self, version: str) -> str:
        return self._program(self.site / f"dl.k8s.io/release/v{version}/bin/linux/amd64/kubectl", f"kubectl {version}")

    def helm(self, version: str, work: Path) -> str:
        program = work / "helm" / version
        self._program(program, f"helm {version}")
        return _archive(
            self.site / f"get.helm.sh/helm-v{version}-linux-amd64.tar.gz",
            {"linux-amd64/helm": program, "linux-amd64/LICENSE": program},
        )

    def runner(self, version: str) -> str:
        files = {str(path.relative_to(STUBS / "runner")): path for path in (STUBS / "runner").rglob("*.*")}
        return _archive(
            self.site
            / f"github.com/actions/runner/releases/download/v{version}/actions-runner-linux-x64-{version}.tar.gz",
            files,
        )

    def _program(self, path: Path, says: str) -> str:
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\necho {says}\n")
        return _sha256(path)

    def _package(self, work: Path, pool: Path, name: str, version: str, field: str) -> None:
        tree = work / "deb" / f"{name}-{version}"
        control = tree / "DEBIAN/control"
        control.parent.mkdir(parents=True)
        control.write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: nobody <nobody@localhost>\n"
            f"Description: stands for {name}\n{field}".rstrip()
            + "\n"
        )
        if name == "docker-ce":
            for source, target in (("dockerd", "usr/bin"), ("docker.service", "lib/systemd/system")):
                (tree / target).mkdir(parents=True)
                (tree / target / source).write_bytes((STUBS / "docker" / source).read_bytes())
            (tree / "usr/bin/dockerd").chmod(0o755)
            (tree / "DEBIAN/postinst").write_text(
                "#!/bin/sh\ngetent group docker >/dev/null || groupadd --system docker\n"
            )
            (tree / "DEBIAN/postinst").chmod(0o755)
        file = f"{name}_{version.partition(':')[2]}.deb"
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, pool / file], check=True, stdout=subprocess.DEVNULL
        )

    def _stanza(self, deb: Path, repository: Path) -> str:
        fields = subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True, text=True).stdout
        file = f"Filename: {deb.relative_to(repository)}\nSize: {deb.stat().st_size}\nSHA256: {_sha256(deb)}"
        return f"{fields.rstrip()}\n{file}\n\n"

    def _sign(self, release: Path, key: Path, home: Path) -> str:
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        try:
            subprocess.run(
                [*gpg, "--quick-gen-key", "nobody@localhost", "ed25519", "sign"], check=True, capture_output=True
            )
            subprocess.run([*gpg, "--output", release.with_name("InRelease"), "--clearsign", release], check=True)
            subprocess.run([*gpg, "--output", key, "--armor", "--export"], check=True)
        finally:
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
        return _sha256(key)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _archive(path: Path, files: Mapping[str, Path]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, file in files.items():
            member = archive.gettarinfo(file, name)
            member.mode = 0o755
            member.uid = member.gid = 1001  # as it was built elsewhere
            with file.open("rb") as content:
                archive.addfile(member, content)
    return _sha256(path)
