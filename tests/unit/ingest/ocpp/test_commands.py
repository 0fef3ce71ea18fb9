import pytest

from ingest.ocpp.commands import status_of
from ingest.ocpp.errors import OcppError


def test_the_status_word_of_an_answer_is_its_status() -> None:
    assert status_of({"status": "Scheduled", "statusInfo": {}}) == "Scheduled"


@pytest.mark.parametrize("payload", [{}, {"status": None}, {"status": 1}, {"status": ""}, {"status": "\ud800"}])
def test_an_answer_without_a_status_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(OcppError, match="no status"):
        status_of(payload)
