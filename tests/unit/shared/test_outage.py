"""An outage is one line when it begins and one when it is over."""

import logging

import pytest

from shared.stores.outage import Outage


def test_it_is_said_once_and_once_more_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outage = Outage(logging.getLogger("test"), "it is away", "it is back")
    outage.ended()
    for _ in range(5):
        outage.began(OSError("refused"))
        assert outage
    outage.ended()
    outage.ended()
    assert not outage
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "it is away"),
        ("INFO", "it is back"),
    ]
