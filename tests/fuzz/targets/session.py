"""Text frames into an OCPP session, in each dialect: events that the topic takes, at most one reply, and that a frame.

The first byte chooses the dialect, the policy and the registration; then frames, one a line.
"""

import json

from ingest.ocpp.commands import ChangeAvailability
from ingest.ocpp.dialects.dialect import Policy, Registration
from ingest.ocpp.frame import LONGEST_DESCRIPTION
from ingest.ocpp.session import Outcome, Session
from ingest.ocpp.versions import DIALECTS
from shared.words import codec

NOW = 1_800_000_000_000

_PROTOCOLS = tuple(DIALECTS)
_REGISTRATIONS: tuple[Registration, ...] = ("ACCEPTED", "ACCEPTED", "PENDING", "REJECTED")
_COMMAND = ChangeAvailability(operative=False, evse_id=2, connector_id=1, intent=9)

WORDS = sorted(
    {name for dialect in DIALECTS.values() for name in (*dialect.actions, *dialect.refused)}
    | {field for dialect in DIALECTS.values() for action in dialect.actions.values() for field in action.shape.fields}
)


def run(data: bytes) -> None:
    """Plays a session."""
    choice = data[0] if data else 0
    session = Session(
        protocol=_PROTOCOLS[choice % len(_PROTOCOLS)],
        charge_point_id="CP1",
        charge_point_key=7,
        epoch=NOW,
        gateway_id="gw-1",
        registration=_REGISTRATIONS[choice >> 2 & 3],
        policy=Policy(strict=bool(choice & 16)),
        transaction_id=lambda: 1,
    )
    if choice & 32:
        session.command(_COMMAND)
    sequence = -1
    for number, line in enumerate(data[1:].split(b"\n")):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            continue  # the gateway closes such a socket (1007)
        outcome = session.receive(text, NOW + number)
        for event in outcome.events:
            assert codec.decode(codec.encode(event)) == event
            assert event.sequence > sequence, "events are in order"
            sequence = event.sequence
        _check(outcome)


def _check(outcome: Outcome) -> None:
    assert len(outcome.replies) <= 1
    for reply in outcome.replies:
        match json.loads(reply.decode()):
            case [3, str(message_id), dict()]:
                assert outcome.error_code is None
            case [4, str(message_id), str(code), str(description), dict()]:
                assert code == outcome.error_code
                assert not outcome.events, "what is refused tells nothing"
                assert len(description) <= LONGEST_DESCRIPTION
            case other:
                raise AssertionError(f"no answer of OCPP-J: {other}")
        assert outcome.message_id in (None, message_id)
    if outcome.kind == "call":
        assert outcome.replies, "a CALL is answered"
