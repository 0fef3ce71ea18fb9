"""The versions of OCPP-J by their sub-protocol, and how each spells what it refuses (1.6 §4.2.3, 2.x Part 4 §4.3)."""

from collections.abc import Mapping, Sequence
from typing import Final

from ingest.ocpp import frame
from ingest.ocpp.dialects.dialect import Dialect
from ingest.ocpp.errors import Code

from .dialects import v16, v21, v201

_RPC: Final = frozenset({frame.CALL, frame.RESULT, frame.ERROR})

DIALECTS: Final[Mapping[str, Dialect]] = {
    "ocpp1.6": Dialect(
        actions=v16.ACTIONS,
        answers=v16.ANSWERS,
        refused=v16.REFUSED,
        encode=v16.encode,
        message_types=_RPC,
        refuses_unknown_types=False,
        unreadable_id=None,
        spelling={
            Code.FORMAT: "FormationViolation",
            Code.OCCURRENCE: "OccurenceConstraintViolation",  # one r: 1.6 errata §5.1, not to be fixed
            Code.RPC_FRAMEWORK: "FormationViolation",
            Code.MESSAGE_TYPE: "GenericError",
        },
    ),
    "ocpp2.0.1": Dialect(
        actions=v201.ACTIONS,
        answers=v201.ANSWERS,
        refused=v201.REFUSED,
        encode=v201.encode,
        message_types=_RPC,
        refuses_unknown_types=True,
        unreadable_id="-1",
        spelling={},
    ),
    "ocpp2.1": Dialect(
        actions=v21.ACTIONS,
        answers=v21.ANSWERS,
        refused=v21.REFUSED,
        encode=v21.encode,
        message_types=_RPC | {frame.RESULT_ERROR, frame.SEND},
        refuses_unknown_types=False,
        unreadable_id="-1",
        spelling={},
    ),
}


def choose(offered: Sequence[str]) -> str | None:
    """The sub-protocol to speak: the first of the charger's tokens that we know, in its exact case; None if none."""
    return next((token for token in offered if token in DIALECTS), None)


def spelled(code: Code, dialect: Dialect) -> str:
    """The word of ``dialect`` for ``code``."""
    return dialect.spelling.get(code, code.value)
