"""The server that the files of this folder send their bytes to."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.shared.wire import Server, served


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with served() as server:
        yield server
