"""Which machine a URL means."""

import pytest

from loadtest.locality import is_local


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:9000/ocpp", "ws://localhost/ocpp", "ws://[::1]:9000/ocpp", "ws://127.0.0.2/"]
)
def test_this_machine_is_local(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize(
    "url",
    ["ws://10.0.0.1/ocpp", "ws://127.0.0.1.example.org/", "ws://localhost.example.org/", "ws://user@example.org/"],
)
def test_another_machine_is_not(url: str) -> None:
    assert not is_local(url)
