from ingest.ocpp.errors import Code, OcppError


def test_an_error_carries_what_a_callerror_needs() -> None:
    error = OcppError(Code.TYPE, "connectorId must be an integer")
    assert (error.code, error.description, dict(error.details)) == (Code.TYPE, "connectorId must be an integer", {})
    assert str(error) == "TypeConstraintViolation: connectorId must be an integer"
