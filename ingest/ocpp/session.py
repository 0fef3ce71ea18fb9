"""One charger's OCPP session as a state machine: a text frame in; events, replies and an answer out.

It has no socket and no clock: ``now`` is ms UTC. What it returns is in order, and a reply must not
leave before the log has the events beside it. Nothing a charger sends makes `Session.receive` raise.
"""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from ingest.ocpp import answers, frame
from ingest.ocpp.calls import Busy, Calls
from ingest.ocpp.commands import ChangeAvailability, Command
from ingest.ocpp.dialects.dialect import Action, Circumstances, Fact, Part, Policy, Registration, Status, thinned
from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.events import Events
from ingest.ocpp.inventory import Inventory
from ingest.ocpp.outcome import Answer, Outcome
from ingest.ocpp.versions import DIALECTS, spelled
from shared.words.event import EndReason, Event, SessionBegan, SessionEnded

__all__ = ["Answer", "Busy", "Outcome", "Policy", "Registration", "Session"]

UNKNOWN_ACTION = "<unknown>"


class Session:
    """The session of one websocket. ``registration`` may be changed while it lives.

    Args:
        protocol: the negotiated sub-protocol, a key of `versions.DIALECTS`.
        epoch: claimed for this websocket; with the sequence, which counts events from 0, it orders them.
        transaction_id: gives a new id > 0 for each 1.6 StartTransaction.
    """

    __slots__ = (
        "_calls",
        "_dialect",
        "_events",
        "_inventory",
        "_policy",
        "_transaction_id",
        "registration",
    )

    def __init__(
        self,
        *,
        protocol: str,
        charge_point_id: str,
        charge_point_key: int,
        epoch: int,
        gateway_id: str,
        registration: Registration,
        policy: Policy,
        transaction_id: Callable[[], int],
    ) -> None:
        self._dialect = DIALECTS[protocol]
        self._events = Events(
            charge_point_id=charge_point_id,
            charge_point_key=charge_point_key,
            epoch=epoch,
            gateway_id=gateway_id,
            protocol=protocol,
        )
        self._policy = policy
        self._transaction_id = transaction_id
        self._calls = Calls(epoch)
        self._inventory: Inventory | None = None
        self.registration: Registration = registration

    @property
    def outstanding(self) -> Command | None:
        """The command that the charger has not answered yet."""
        call = self._calls.outstanding
        return call.command if call else None

    def began(self, now: int, *, identity_conflict: bool = False, leased: bool = False) -> SessionBegan:
        """The session's first event; or, later, its announcement again: a lease lost, another registration."""
        return self._events.began(now, identity_conflict=identity_conflict, leased=leased)

    def ended(self, reason: EndReason, last_seen_at: int, now: int) -> SessionEnded:
        """The session's last event; ``last_seen_at`` (ms) is when the charger was last heard."""
        return self._events.ended(reason, last_seen_at, now)

    def receive(self, text: str | bytes, now: int) -> Outcome:
        """What a text frame means and what to reply. Never raises."""
        received = frame.parse(text, self._dialect.message_types)
        match received:
            case frame.Call():
                return self._answered(received, now)
            case frame.CallResult() | frame.CallError():
                return self._heard(received, now)
            case frame.CallResultError():
                return Outcome(kind="result_error")
            case frame.Send():
                return Outcome(kind="send")
            case frame.Blank():
                return Outcome(kind="ignored")
            case frame.BadAnswer(id=message_id):
                return self._misheard(message_id, now)
            case frame.UnknownType(id=message_id):
                if not self._dialect.refuses_unknown_types:
                    return Outcome(kind="ignored")
                return self._malformed(message_id, Code.MESSAGE_TYPE, "no such message type in this version")
            case frame.BadCall(id=message_id, description=description):
                return self._malformed(message_id, Code.RPC_FRAMEWORK, description)

    def internal_error(self, message_id: str, why: str = "not stored in time, send it again later") -> bytes:
        """The CALLERROR for a CALL whose events the log did not take; a report that it was among is not whole."""
        self._inventory = None
        return self._error(message_id, OcppError(Code.INTERNAL, why))

    def command(self, command: Command) -> bytes:
        """The CALL that asks for ``command``; its answer comes in an `Outcome`.

        Raises:
            Busy: another command is outstanding.
        """
        return frame.call(*self._calls.send(command, self._dialect.encode))

    def check(self, command: Command) -> None:
        """Nothing, if the charger's version can be asked for ``command``.

        Raises:
            Unsupported: it cannot.
        """
        self._dialect.encode(command, 0)

    def give_up(self) -> None:
        """The outstanding command has had its time; an answer that still comes counts, as a late one."""
        self._calls.give_up()

    def _answered(self, call: frame.Call, now: int) -> Outcome:
        """The outcome of a CALL: its facts as events and its reply, or a CALLERROR and nothing else."""
        version = self._dialect
        action = version.actions.get(call.action)
        name = call.action if action is not None or call.action in version.refused else UNKNOWN_ACTION
        try:
            if self.registration != "ACCEPTED" and call.action != "BootNotification":
                raise OcppError(Code.SECURITY, f"the charge point is {self.registration}: send BootNotification")
            if action is None:
                raise _no_such_action(known=name is not UNKNOWN_ACTION)
            payload = {} if call.payload is None else call.payload
            if type(payload) is not dict:
                raise OcppError(Code.TYPE, "the payload must be an object")
            said = action.take(payload, strict=self._policy.strict)
            facts = thinned(said)
        except OcppError as error:
            return Outcome(
                kind="call",
                replies=(self._error(call.id, error),),
                message_id=call.id,
                action=name,
                error_code=spelled(error.code, version),
            )
        first = self._events.sequence
        events = tuple([self._event(fact, now) for fact in facts])
        if action.part is not None:
            events += self._inventoried(action.part(payload), first, facts, now)
        return Outcome(
            kind="call",
            events=events,
            replies=(frame.result(call.id, self._reply(action, payload, now)),),
            message_id=call.id,
            action=name,
            told=self.registration if name == "BootNotification" else None,
            left_out=len(said) - len(facts),
        )

    def _inventoried(self, part: Part, first: int, facts: tuple[Fact, ...], now: int) -> tuple[Event, ...]:
        """The event of a report that is whole with this frame, all parts from 0 having come (2.x B07)."""
        known = self._inventory if part.number else Inventory(part.request_id, first)
        self._inventory = None
        if known is None or not known.take(part, facts):
            return ()
        if part.more:
            self._inventory = known
            return ()
        evse_ids = known.listed()
        if not evse_ids:
            return ()
        return (self._events.inventory_reported(evse_ids, known.first_sequence, now),)

    def _reply(self, action: Action, payload: dict[str, Any], now: int) -> bytes:
        reply = action.reply
        if isinstance(reply, bytes):
            return reply
        return frame.encode(reply(payload, Circumstances(now, self.registration, self._policy, self._transaction_id)))

    def _event(self, fact: Fact, now: int) -> Event:
        if isinstance(fact, Status):
            return self._events.status(fact, now)
        return self._events.booted(fact, now)

    def _heard(self, received: frame.CallResult | frame.CallError, now: int) -> Outcome:
        """The outcome of an answer, if it is one to a command of ours."""
        found = self._calls.answered(received.id)
        if found is None:
            return Outcome(kind="unsolicited")
        (_, action, command), is_late = found
        shape = self._dialect.answers[action] if self._policy.strict else None
        answer = answers.read(command, received, self._dialect, shape, is_late=is_late)
        return Outcome(
            kind="result" if isinstance(received, frame.CallResult) else "error",
            events=(self._events.command_answered(command, answer.status, now),)
            if isinstance(command, ChangeAvailability)
            else (),
            answer=answer,
        )

    def _misheard(self, message_id: str | None, now: int) -> Outcome:
        """The outcome of an answer that cannot be read: it is one all the same, and no better one will come."""
        if message_id is None:
            return Outcome(kind="malformed")
        unread = frame.CallError(message_id, spelled(Code.RPC_FRAMEWORK, self._dialect), "its answer cannot be read")
        return structs.replace(self._heard(unread, now), kind="malformed")

    def _malformed(self, message_id: str | None, code: Code, description: str) -> Outcome:
        """The outcome of a frame that is no CALL: a CALLERROR if it has an id, or the version has one for that."""
        answered = message_id if message_id is not None else self._dialect.unreadable_id
        if answered is None:
            return Outcome(kind="malformed")
        return Outcome(
            kind="malformed",
            replies=(self._error(answered, OcppError(code, description)),),
            message_id=message_id,
            error_code=spelled(code, self._dialect),
        )

    def _error(self, message_id: str, error: OcppError) -> bytes:
        return frame.error(message_id, spelled(error.code, self._dialect), error.description, error.details)


def _no_such_action(*, known: bool) -> OcppError:
    if known:
        return OcppError(Code.NOT_SUPPORTED, "this action goes from us to a charger, or is no CALL")
    return OcppError(Code.NOT_IMPLEMENTED, "no such action in this version")
