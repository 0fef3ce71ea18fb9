import pytest

from ingest.ocpp.errors import Code
from ingest.ocpp.versions import DIALECTS, choose, spelled

SPELLED_IN_16 = {
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
}
SPELLED_IN_2X = (SPELLED_IN_16 - {"FormationViolation", "OccurenceConstraintViolation"}) | {
    "FormatViolation",
    "OccurrenceConstraintViolation",
    "RpcFrameworkError",
    "MessageTypeNotSupported",
}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.1", "ocpp1.6"], "ocpp2.1"),
        (["ocpp1.6", "ocpp2.1"], "ocpp1.6"),
        (["ocpp0.1", "ocpp2.0.1"], "ocpp2.0.1"),
        (["ocpp2.0"], None),
        (["OCPP1.6"], None),
        (["ocpp1.5", ""], None),
        ([], None),
    ],
)
def test_the_chargers_first_token_that_we_know_is_spoken(offered: list[str], chosen: str | None) -> None:
    assert choose(offered) == chosen


@pytest.mark.parametrize(
    ("protocol", "words"), [("ocpp1.6", SPELLED_IN_16), ("ocpp2.0.1", SPELLED_IN_2X), ("ocpp2.1", SPELLED_IN_2X)]
)
def test_codes_are_spelled_from_the_set_of_the_version(protocol: str, words: set[str]) -> None:
    assert {spelled(code, DIALECTS[protocol]) for code in Code} <= words


def test_the_two_spellings_differ_where_the_specifications_do() -> None:
    assert spelled(Code.OCCURRENCE, DIALECTS["ocpp1.6"]) == "OccurenceConstraintViolation"
    assert spelled(Code.OCCURRENCE, DIALECTS["ocpp2.0.1"]) == "OccurrenceConstraintViolation"
    assert spelled(Code.FORMAT, DIALECTS["ocpp1.6"]) == "FormationViolation"
    assert spelled(Code.FORMAT, DIALECTS["ocpp2.1"]) == "FormatViolation"
