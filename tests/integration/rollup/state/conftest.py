"""The store that a batch is applied by."""

import pytest

from ingest.rollup.state.store import Store
from shared.stores.postgres import Pool
from tests.integration.rollup.state.applying import a_store


@pytest.fixture
def store(pool: Pool, topic: str) -> Store:
    return a_store(pool, topic)
