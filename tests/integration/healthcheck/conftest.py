"""A whole system to be checked, as `make run` starts it."""

from collections.abc import Iterator

import pytest

from tests.e2e.system import running
from tests.integration.healthcheck.checked import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("checked")
    with running(directory):
        yield System(directory / "run.json")
