"""A charger's answer to a command of ours, read as its dialect spells it."""

from ingest.ocpp import frame
from ingest.ocpp.commands import Command, status_of
from ingest.ocpp.dialects.dialect import Dialect
from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.outcome import Answer
from ingest.ocpp.shapes import Shape
from ingest.ocpp.units import clean
from ingest.ocpp.versions import spelled

_LONGEST = 255  #: text of an answer that is handed on, in characters


def read(
    command: Command,
    received: frame.CallResult | frame.CallError,
    dialect: Dialect,
    shape: Shape | None,
    *,
    is_late: bool = False,
) -> Answer:
    """What ``received`` says to ``command``; with a ``shape``, an answer that has another one is an error."""
    if isinstance(received, frame.CallError):
        return Answer(command, None, clean(f"{received.code}: {received.description}", _LONGEST), is_late)
    payload = {} if received.payload is None else received.payload
    try:
        if type(payload) is not dict:
            raise OcppError(Code.TYPE, "the payload must be an object")
        if shape is not None:
            shape.check(payload)
        return Answer(command, clean(status_of(payload), _LONGEST), None, is_late)
    except OcppError as error:
        return Answer(command, None, clean(f"{spelled(error.code, dialect)}: {error.description}", _LONGEST), is_late)
