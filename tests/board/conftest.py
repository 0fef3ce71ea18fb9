"""The real system as `make run` starts it, a browser for all tests, and stations that are a test's own."""

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.apart import Apart
from local.web import Api
from tests.board.browser import browsing

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What run.json says of a system without chargers, and where what it printed is."""
    home = tmp_path_factory.mktemp("board")
    with Apart(home, settings={"CLOSE_GRACE_S": "2", "PUBLIC_STATUS": "true"}) as system:
        yield json.loads(system.run_file.read_text()) | {"printed": home / "run.log"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, out of the npm lock of this folder."""
    path = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
    assert shutil.which("npm"), "axe-core comes by npm: apt install nodejs npm"
    return path.read_text()


@pytest.fixture
def api(run: dict[str, Any]) -> Api:
    return Api(run["api"], run["admin_token"])


@pytest.fixture
def charge_point(api: Api) -> Callable[[str], tuple[str, str]]:
    """Makes a station of this name with one charge point; their ids."""

    def made(name: str) -> tuple[str, str]:
        station = f"T{next(_numbers):03}"
        api.create("/v1/stations", {"id": station, "name": name, "latitude": 52.1, "longitude": 5.1})
        api.create(f"/v1/stations/{station}/charge-points", {"id": f"{station}-A"})
        return station, f"{station}-A"

    return made
