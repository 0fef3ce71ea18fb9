import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.ingest.ocpp.dialects.said import NOW


@pytest.fixture
def told(session: Callable[..., Any]) -> Callable[..., Any]:
    """The outcome of one CALL to a fresh session."""

    def outcome(action: str, payload: object, **options: Any) -> Any:
        return session("ocpp2.0.1", **options).receive(json.dumps([2, "1", action, payload]), NOW)

    return outcome
