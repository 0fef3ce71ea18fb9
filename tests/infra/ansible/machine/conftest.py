"""A booted machine, the addresses it knows, and the runs that prepare it: made once, in the order of the tests."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.infra.ansible.machine.control import Control, Run
from tests.infra.ansible.machine.github import GitHub
from tests.infra.ansible.machine.internet import Internet
from tests.infra.ansible.machine.machine import Machine
from tests.infra.ansible.machine.publishers import Publishers
from tests.infra.tools import ROOT


def default(role: str, name: str) -> str:
    """A version as the role's defaults have it."""
    return str(yaml.safe_load((ROOT / f"ansible/roles/{role}/defaults/main.yml").read_text())[name])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--suite", default="bookworm", help="the Debian release that the roles are run on")


@pytest.fixture(scope="session")
def suite(pytestconfig: pytest.Config) -> str:
    return str(pytestconfig.getoption("--suite", "bookworm"))


@pytest.fixture(scope="session")
def github() -> GitHub:
    return GitHub()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, suite: str) -> tuple[Path, dict[str, object]]:
    """The publishers' files, and the hashes of what the defaults name."""
    work = tmp_path_factory.mktemp("published")
    publishers = Publishers(work / "site")
    return work / "site", {
        "docker_key_sha256": publishers.docker(suite, ["5:28.1.0~stub", "5:29.0.0~stub"], work),
        "kubectl_sha256": {"amd64": publishers.kubectl(default("kubectl", "kubectl_version"))},
        "helm_sha256": {"amd64": publishers.helm(default("helm", "helm_version"), work)},
        "github_runner_sha256": {"x64": publishers.runner(default("github_runner", "github_runner_version"))},
    }


@pytest.fixture(scope="session")
def internet(published: tuple[Path, dict[str, object]], github: GitHub) -> Iterator[Internet]:
    with Internet(published[0], github) as running:
        yield running


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, suite: str) -> Iterator[Machine]:
    home = tmp_path_factory.mktemp("machine")
    try:
        with Machine(home, suite, "ci-1") as running:
            yield running
    finally:
        shutil.rmtree(home / "root", ignore_errors=True)


@pytest.fixture(scope="session")
def control(
    tmp_path_factory: pytest.TempPathFactory,
    machine: Machine,
    internet: Internet,
    github: GitHub,
    published: tuple[Path, dict[str, object]],
) -> Control:
    quick = {"github_runner_poll_s": 1, "github_runner_online_timeout_s": 20, "github_runner_idle_timeout_s": 20}
    variables = {**internet.variables(), **published[1], **quick}
    return Control(tmp_path_factory.mktemp("control"), machine, github.pat, variables)


@dataclass(frozen=True, slots=True)
class Preparation:
    """The runs from nothing to a machine that is ready, in their order, and the machine's state around the check."""

    bare_check: Run
    untouched: tuple[str, str]
    check: Run
    first: Run
    second: Run
    check_after: Run


@pytest.fixture(scope="session")
def prepared(machine: Machine, control: Control) -> Preparation:
    bare_check = control.play("--check", "--diff")
    machine.sh("apt-get update && apt-get install --yes --no-install-recommends python3-apt")
    before = machine.state()
    check = control.play("--check", "--diff")
    after = machine.state()
    return Preparation(
        bare_check,
        (before, after),
        check,
        first=control.play(),
        second=control.play(),
        check_after=control.play("--check", "--diff"),
    )
