"""What a dialect of OCPP is: a table of the actions a charger may send, each with shape, reply and facts.

Facts are what a message says, without whose and when: the session makes events of them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct, structs

from ingest.ocpp.commands import Command
from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.shapes import Payload, Shape
from ingest.ocpp.shapes.leniency import lenient
from shared.words.event import HIGHEST_PLACE, MOST_PLACES
from shared.words.instant import to_text

Registration = Literal["ACCEPTED", "PENDING", "REJECTED"]
Reply = Mapping[str, object]


MOST_VALUES = 8  #: of one place in one frame: a queue of a few is history, one of thousands a flood


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decides. ``authorize`` answers every idTag; ``strict`` refuses all that may be refused."""

    heartbeat_interval_s: int = 300
    authorize: Literal["accept", "refuse"] = "accept"
    strict: bool = False


class Circumstances(Struct, frozen=True):
    """What a reply may depend on besides the message; ``now`` in ms, ``transaction_id`` gives a new one > 0."""

    now: int
    registration: Registration
    policy: Policy
    transaction_id: Callable[[], int]


class Boot(Struct, frozen=True):
    """The charger started and says what it is."""

    vendor: str
    model: str
    serial: str | None
    firmware: str | None
    reason: str | None


class Status(Struct, frozen=True):
    """A place has a status; ``timestamp`` is the charger's, as sent."""

    evse_id: int
    connector_id: int
    reported: str
    timestamp: str | None
    error_code: str | None = None
    vendor_error_code: str | None = None
    vendor_id: str | None = None
    info: str | None = None


Fact = Boot | Status


class Part(Struct, frozen=True):
    """Where a frame stands in an inventory report: part ``number`` (from 0), with ``more`` to come.

    ``unread`` are EVSEs of which it lists a place with no word that we know: that place was not left out.
    """

    request_id: int | None
    number: int | None
    more: bool
    unread: frozenset[int]


def nothing(payload: Payload) -> tuple[Fact, ...]:
    """The facts in a message that says nothing about status."""
    return ()


def always(payload: Payload) -> bool:
    """Such a message is there to tell a fact."""
    return True


EMPTY = Shape({})


class Action(Struct, frozen=True):
    """What a charger may send: the reply (JSON when it is always the same), what it tells, its shape.

    ``tells``: whether a payload that has not its shape meant to tell a fact, and so must be refused. A
    message that tells none is answered whatever is in it, unless the reply ``echoes`` its fields.
    ``shape`` is the official one, ``lenient`` what of it is asked of everybody.
    """

    reply: bytes | Callable[[Payload, Circumstances], Reply] = b"{}"
    facts: Callable[[Payload], tuple[Fact, ...]] = nothing
    tells: Callable[[Payload], bool] = always
    part: Callable[[Payload], Part] | None = None
    echoes: bool = False
    shape: Shape = EMPTY
    lenient: Shape = EMPTY

    def take(self, payload: Payload, *, strict: bool) -> tuple[Fact, ...]:
        """The facts in a payload.

        Raises:
            OcppError: they, or for the strict anything else, are not as they must be.
        """
        if self.facts is nothing and not (strict or self.echoes):
            return ()
        try:
            (self.shape if strict else self.lenient).check(payload)
            return self.facts(payload)
        except OcppError:
            if strict or self.tells(payload):
                raise
            return ()


def actions(shapes: Mapping[str, Shape], known: Mapping[str, Action]) -> Mapping[str, Action]:
    """An action for each of ``shapes``: as ``known`` by that name, or answered by ``{}``."""
    plain = Action()
    return {
        name: structs.replace(known.get(name, plain), shape=shape, lenient=lenient(shape))
        for name, shape in shapes.items()
    }


class Dialect(Struct, frozen=True):
    """One version of OCPP-J.

    ``answers`` are the shapes of what a charger answers us, ``refused`` the actions that go the other way;
    ``unreadable_id`` is the id of a CALLERROR to a frame without one (None: no reply); ``spelling`` holds
    the codes that are spelled unlike `Code`.
    """

    actions: Mapping[str, Action]
    answers: Mapping[str, Shape]
    refused: frozenset[str]
    message_types: frozenset[int]
    refuses_unknown_types: bool
    unreadable_id: str | None
    spelling: Mapping[Code, str]
    encode: Callable[[Command, int], tuple[str, Reply]]


def place(number: int | float) -> int:
    """The number of an EVSE or a connector.

    Raises:
        OcppError: it is not in 0..255.
    """
    if not 0 <= number <= HIGHEST_PLACE:
        raise OcppError(Code.PROPERTY, f"ids of EVSEs and connectors are 0 to {HIGHEST_PLACE}")
    return int(number)


def thinned(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts of a frame with at most `MOST_VALUES` of one place: the first ones and the last.

    Raises:
        OcppError: they are about more places than a charge point may have.
    """
    if len(facts) <= MOST_VALUES:
        return facts
    places = [(fact.evse_id, fact.connector_id) for fact in facts if isinstance(fact, Status)]
    left = Counter(places)
    if len(left.keys() - {(0, 0)}) > MOST_PLACES:
        raise OcppError(Code.PROPERTY, f"a charge point has at most {MOST_PLACES} EVSEs and connectors")
    seen: Counter[tuple[int, int]] = Counter()
    kept = []
    for fact, place in zip(facts, places, strict=True):
        seen[place] += 1
        left[place] -= 1
        if seen[place] < MOST_VALUES or not left[place]:
            kept.append(fact)
    return tuple(kept)


def boot_reply(payload: Payload, circumstances: Circumstances) -> Reply:
    """BootNotification: the registration, our clock, the heartbeat interval (s); the same in all versions."""
    return {
        "status": circumstances.registration.capitalize(),
        "currentTime": to_text(circumstances.now),
        "interval": circumstances.policy.heartbeat_interval_s,
    }


def time_reply(payload: Payload, circumstances: Circumstances) -> Reply:
    """Heartbeat: our clock."""
    return {"currentTime": to_text(circumstances.now)}


def authorization(circumstances: Circumstances) -> Reply:
    """The verdict on an idTag (1.6) or idToken (2.x)."""
    return {"status": "Accepted" if circumstances.policy.authorize == "accept" else "Invalid"}
