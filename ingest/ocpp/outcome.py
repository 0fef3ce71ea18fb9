"""What a session makes of a frame: the value that crosses from the pure half to the gateway."""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from ingest.ocpp.commands import Command
from ingest.ocpp.dialects.dialect import Registration
from shared.words.event import Event

Kind = Literal["call", "result", "error", "result_error", "send", "unsolicited", "ignored", "malformed"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A charger's answer to a command of ours.

    ``status`` is its word, None if it sent a CALLERROR (or nothing that can be read); ``error`` is
    "code: description" then. ``is_late`` when we had given it up.
    """

    command: Command
    status: str | None
    error: str | None
    is_late: bool = False


class Outcome(Struct, frozen=True, kw_only=True):
    """What a frame meant. ``replies`` may go out once the log has ``events``.

    ``message_id`` is that of the CALL it answers, for `Session.internal_error`; ``action`` is a name
    that the version knows or ``<unknown>`` (a metric label; "" when it was no CALL); ``error_code``
    is the CALLERROR code of the reply as spelled; ``told`` is the registration that a reply to
    BootNotification tells; ``left_out`` counts values of a place that are no events, for there were
    too many in the frame.
    """

    kind: Kind
    events: tuple[Event, ...] = ()
    replies: tuple[bytes, ...] = ()
    message_id: str | None = None
    action: str = ""
    error_code: str | None = None
    answer: Answer | None = None
    told: Registration | None = None
    left_out: int = 0
