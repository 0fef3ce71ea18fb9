"""What a release does by make, done: in a copy of the repository with an origin, and stand-ins for gh and skopeo."""

import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infra.tools import PLACES, ROOT, output

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
RELEASE = f"v{VERSION}"
INGEST, API = f"sha256:{'1' * 64}", f"sha256:{'a' * 64}"
DIGESTS = {"RELEASE": RELEASE, "INGEST_DIGEST": INGEST, "API_DIGEST": API}
OVERLAY = "k8s/overlays/production/kustomization.yaml"
APPLICATION = "k8s/argocd/application.yaml"
NEEDED = (".github", "k8s", "monitoring", "Makefile", "pyproject.toml")
# A stand-in writes down how it was called and what it was given; skopeo knows one image that is named already.
STAND_IN = """#!/bin/bash
printf '%s ' "${0##*/}" "$@" >> "$CALLS"; echo >> "$CALLS"
case "$*" in
  *--notes-file*) cat >> "$CALLS" ;;
  inspect*:v9.9.9) echo sha256:taken ;;
  inspect*) exit 1 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clone as the workflow has it: the tag's commit, no credentials."""

    directory: Path
    origin: Path
    stand_ins: Path

    def make(self, target: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = [f"{name}={value}" for name, value in environment.items()]
        return subprocess.run(
            ["env", *given, f"CALLS={self.stand_ins / 'calls'}",
             "bash", "-c", 'PATH="$0:$PATH" exec make "$@"', self.stand_ins, target, f"BIN={ROOT / PLACES[1]}"],
            cwd=self.directory, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def git(self, *words: str) -> str:
        return output("git", *words, directory=self.directory).strip()

    @property
    def calls(self) -> str:
        return (self.stand_ins / "calls").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    directory, origin, stand_ins = tmp_path / "checkout", tmp_path / "origin.git", tmp_path / "bin"
    directory.mkdir()
    for name in NEEDED:
        source, target = ROOT / name, directory / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    stand_ins.mkdir()
    for name in ("gh", "skopeo"):
        (stand_ins / name).write_text(STAND_IN)
        (stand_ins / name).chmod(0o755)
    output("git", "init", "--quiet", "--bare", origin)
    made = Checkout(directory, origin, stand_ins)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("add", "--all")
    commit(made, "everything")
    made.git("remote", "add", "origin", str(origin))
    made.git("push", "--quiet", "origin", "main")
    made.git("checkout", "--quiet", "--detach")
    return made


def commit(checkout: Checkout, message: str) -> None:
    checkout.git(
        "-c",
        "user.name=Somebody",
        "-c",
        "user.email=somebody@example.org",
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        message,
    )


def changed(checkout: Checkout) -> list[str]:
    """The lines that differ from the commit, without their indentation."""
    lines = checkout.git("diff", "--unified=0").splitlines()
    return [line[0] + line[1:].strip() for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_the_tag_of_the_version_on_main_is_released(checkout: Checkout) -> None:
    done = checkout.make("release-version", RELEASE=RELEASE)
    assert (done.returncode, done.stdout) == (0, f"release={RELEASE}\n")


@pytest.mark.parametrize("tag", ["v9.9.9", VERSION, "", f"{RELEASE}; touch here", "$(touch here)"])
def test_another_tag_is_not(tag: str, checkout: Checkout) -> None:
    done = checkout.make("release-version", RELEASE=tag)
    assert done.returncode != 0
    assert "pyproject.toml says" in done.stderr
    assert "release=" not in done.stdout
    assert not (checkout.directory / "here").exists()


def test_a_commit_that_is_not_on_main_is_not_released(checkout: Checkout) -> None:
    commit(checkout, "not reviewed")
    done = checkout.make("release-version", RELEASE=RELEASE)
    assert done.returncode != 0
    assert "is not on main" in done.stderr


def test_production_gets_the_digests_and_nothing_else_changes(checkout: Checkout) -> None:
    done = checkout.make("bump-production", **DIGESTS)
    assert done.returncode == 0, done.stderr
    added = [line.partition(" # ")[0] for line in changed(checkout) if line[0] == "+"]
    assert added == [f"+targetRevision: production-{RELEASE}", f"+digest: {INGEST}", f"+digest: {API}"]
    assert len(changed(checkout)) == 2 * len(added)


def test_production_is_bumped_again_by_the_next_release(checkout: Checkout) -> None:
    checkout.make("bump-production", **DIGESTS)
    checkout.git("add", "--all")
    commit(checkout, "bumped")
    done = checkout.make(
        "bump-production", **DIGESTS | {"RELEASE": "v9.9.9", "API_DIGEST": INGEST, "INGEST_DIGEST": API}
    )
    assert done.returncode == 0, done.stderr
    added = [line for line in changed(checkout) if line[0] == "+"]
    assert added[1:] == [f"+digest: {API} # v9.9.9", f"+digest: {INGEST} # v9.9.9"]
    assert len(changed(checkout)) == 2 * len(added)


@pytest.mark.parametrize("digest", ["", "latest", "sha256:1", f"{INGEST}/;s/x/y/", f"{INGEST}\n"])
def test_what_is_no_digest_changes_nothing(digest: str, checkout: Checkout) -> None:
    assert checkout.make("bump-production", **DIGESTS | {"API_DIGEST": digest}).returncode != 0
    assert changed(checkout) == []


def test_an_overlay_that_would_not_run_the_digest_is_noticed(checkout: Checkout) -> None:
    overlay = checkout.directory / OVERLAY
    overlay.write_text(overlay.read_text().replace("plugwatch/plugwatch-api\n", "plugwatch/plugwatch-apis\n"))
    done = checkout.make("bump-production", **DIGESTS)
    assert done.returncode != 0
    assert f"does not run plugwatch-api@{API}" in done.stderr


def test_the_pull_request_is_one_commit_upon_the_release_under_a_tag_to_pin(checkout: Checkout) -> None:
    released = checkout.git("rev-parse", "HEAD")
    done = checkout.make("propose-production", **DIGESTS)
    assert done.returncode == 0, done.stderr
    branch, tag = f"refs/heads/deploy/{RELEASE}", f"refs/tags/production-{RELEASE}"
    refs = {ref: commit for commit, ref in (line.split("\t") for line in checkout.git("ls-remote").splitlines())}
    assert refs[branch] == refs[tag] == checkout.git("rev-parse", "HEAD")
    assert checkout.git("rev-parse", "HEAD^") == refs["refs/heads/main"] == released
    assert checkout.git("diff", "--name-only", "HEAD^", "HEAD").split() == [APPLICATION, OVERLAY]
    assert [call.split()[:3] for call in checkout.calls.splitlines()] == [
        ["gh", "auth", "setup-git"],
        ["gh", "pr", "create"],
        ["gh", "workflow", "run"],
    ]


def test_the_notes_name_both_digests(checkout: Checkout) -> None:
    assert checkout.make("github-release", **DIGESTS).returncode == 0
    assert checkout.calls.startswith(f"gh release create {RELEASE} --verify-tag --generate-notes")
    for image, digest in (("ingest", INGEST), ("api", API)):
        assert f"| `ghcr.io/plugwatch/plugwatch-{image}:{RELEASE}` | `{digest}` |" in checkout.calls


def test_an_image_goes_out_by_its_digest(checkout: Checkout) -> None:
    assert checkout.make("publish-image", IMAGE="plugwatch-api", DIGEST=API).returncode == 0
    copy = "skopeo copy --all --preserve-digests"
    assert (
        checkout.calls.strip() == f"{copy} oci-archive:plugwatch-api.tar docker://ghcr.io/plugwatch/plugwatch-api@{API}"
    )


def test_a_name_that_is_free_is_given(checkout: Checkout) -> None:
    assert checkout.make("tag-image", IMAGE="plugwatch-api", DIGEST=API, RELEASE=RELEASE).returncode == 0
    assert checkout.calls.strip().endswith(
        f"docker://ghcr.io/plugwatch/plugwatch-api@{API} docker://ghcr.io/plugwatch/plugwatch-api:{RELEASE}"
    )


def test_a_name_that_is_taken_is_never_moved(checkout: Checkout) -> None:
    done = checkout.make("tag-image", IMAGE="plugwatch-api", DIGEST=API, RELEASE="v9.9.9")
    assert done.returncode != 0
    assert "raise the version" in done.stderr
    assert "copy" not in checkout.calls


def test_a_release_may_be_run_again(checkout: Checkout) -> None:
    assert checkout.make("tag-image", IMAGE="plugwatch-api", DIGEST="sha256:taken", RELEASE="v9.9.9").returncode == 0
    assert "copy" not in checkout.calls
