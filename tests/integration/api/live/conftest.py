"""The application on a port."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.api.live.streams import served
from tests.integration.api.served import Api


@pytest.fixture
async def port(api: Api) -> AsyncIterator[int]:
    async with served(api) as port:
        yield port
