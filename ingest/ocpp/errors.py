"""Why a frame is refused: one neutral set of codes, which each version spells in its own way (`versions`)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Code(StrEnum):
    """The CALLERROR codes of all versions; the values are the words of 2.x (1.6J §4.2.3, 2.0.1 Part 4 §4.3)."""

    NOT_IMPLEMENTED = "NotImplemented"  #: an action that no version of the dialect knows
    NOT_SUPPORTED = "NotSupported"  #: a known action, which is not ours to answer
    INTERNAL = "InternalError"
    PROTOCOL = "ProtocolError"
    SECURITY = "SecurityError"  #: not accepted yet
    FORMAT = "FormatViolation"
    PROPERTY = "PropertyConstraintViolation"  #: right type, wrong value
    OCCURRENCE = "OccurrenceConstraintViolation"  #: a required field is missing
    TYPE = "TypeConstraintViolation"
    GENERIC = "GenericError"
    RPC_FRAMEWORK = "RpcFrameworkError"  #: the frame itself, not what is in it
    MESSAGE_TYPE = "MessageTypeNotSupported"


class OcppError(Exception):
    """This frame is refused: its sender gets a CALLERROR, it is counted, the session goes on."""

    def __init__(self, code: Code, description: str, details: Mapping[str, object] = _NOTHING) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details
