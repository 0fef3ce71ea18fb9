"""The cases of `tests/vectors`: read, made unique for one run, and compared. No I/O but the reading.

The grammar is that of tests/vectors/README.md, of which only what the cases use is understood; anything else raises.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

FILES = sorted((Path(__file__).parents[1] / "vectors").glob("*.json"))
TIME_SCALE = 30  #: how much faster than in the case time passes, where it passes
CLOCKS_AGREE_S = 5

Json = Any


@dataclass(frozen=True, slots=True)
class Connect:
    path: str
    subprotocols: Sequence[str]
    basic: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Op:
    before_frame: int
    op: Literal["close", "connect", "advance"]
    socket: int = 0
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    version: str
    basis: str
    source: str
    frames: Sequence[str]
    expect: Sequence[str | list[str]]
    state: Mapping[str, Json]
    note: str = ""
    connect: Connect | None = None
    expect_handshake: Mapping[str, Json] = field(default_factory=dict)
    config: Mapping[str, Json] = field(default_factory=dict)
    sockets: Sequence[Mapping[str, str]] = ()
    frame_socket: Sequence[int] = ()
    ops: Sequence[Op] = ()
    reply: Sequence[Mapping[str, Json]] = ()
    reply_id: Sequence[str | None] = ()
    state_if_error: Mapping[str, Json] | None = None
    state_ignores: Sequence[str] = ()

    @property
    def takes_time(self) -> bool:
        return any(op.op == "advance" for op in self.ops)

    def opening(self, socket: int) -> Connect:
        """How a socket is opened; accounts for a password that the case configures but does not present."""
        if self.connect:
            return self.connect
        return Connect(f"/ocpp/{self.sockets[socket]['cp']}", [f"ocpp{self.version}"])


def case_of(raw: Mapping[str, Json]) -> Case:
    connect = raw.get("connect")
    basic = connect and connect.get("basic")
    return Case(
        **{
            **raw,
            "connect": connect and Connect(connect["path"], connect["subprotocols"], tuple(basic) if basic else None),
            "ops": [Op(**op) for op in raw.get("ops", ())],
        }
    )


def raw_cases() -> list[dict[str, Json]]:
    return [raw for file in FILES for raw in json.loads(file.read_text("utf-8"))]


def read_cases() -> list[Case]:
    return [case_of(raw) for raw in raw_cases()]


def unique(name: str, token: str) -> Case:
    """The case with charge point CP1 and station S1 called CP1-token and S1-token everywhere."""
    (raw,) = (raw for raw in raw_cases() if raw["name"] == name)
    explicit = {"sockets": [{"cp": "CP1"}], **raw}
    return case_of(json.loads(re.sub(r"\b(CP1|S1)\b", rf"\1-{token}", json.dumps(explicit))))


def filled_in(frame: str, now: datetime) -> str:
    """The frame with its placeholders replaced, `{{NOW+n}}` n seconds from now."""

    def value(found: re.Match[str]) -> str:
        match found[1], found[2]:
            case "NOW", None:
                return f"{now:%Y-%m-%dT%H:%M:%SZ}"
            case "NOW", seconds:
                return f"{now + timedelta(seconds=int(seconds)):%Y-%m-%dT%H:%M:%SZ}"
            case "NOW_NAIVE", None:
                return f"{now:%Y-%m-%dT%H:%M:%S}"
            case "NOW.1234567", None:
                return f"{now:%Y-%m-%dT%H:%M:%S}.1234567Z"
            case _:
                raise ValueError(f"placeholder {found[0]}")

    return re.sub(r"\{\{([A-Z_.0-9]+)([+-]\d+)?\}\}", value, frame)


def id_in(frame: str) -> str | None:
    """The message id of a frame, if there is one to read."""
    try:
        message = json.loads(frame)
    except ValueError:
        return None
    match message:
        case [_, str(message_id), *_]:
            return message_id
        case _:
            return None


def fits(reply: Sequence[Json] | None, expected: str | list[str]) -> bool:
    """Whether a reply (None: there was none) is one of the alternatives."""
    if isinstance(expected, list):
        return any(fits(reply, alternative) for alternative in expected)
    kind, _, codes = expected.partition(":")
    match kind, reply:
        case "ignored", None:
            return True
        case "CALLRESULT", [3, str(), dict()]:
            return True
        case "CALLERROR", [4, str(), str(code), str(), dict()]:
            return not codes or code in codes.split(",")
        case _:
            return False


def misfits(found: Json, wanted: Json, at: str = "reply") -> list[str]:
    """Where a payload is not what a partial match wants."""
    match wanted:
        case dict():
            if not isinstance(found, dict):
                return [f"{at} is {found!r}"]
            extra = [f"{at}.{name} must be absent" for name in wanted.get("_absent", ()) if name in found]
            named = ((name, one) for name, one in wanted.items() if name != "_absent")
            return extra + [text for name, one in named for text in misfits(found.get(name), one, f"{at}.{name}")]
        case list():
            return [] if any(not misfits(found, one) for one in wanted) else [f"{at} is {found!r}, not in {wanted}"]
        case str() if wanted in KINDS:
            return [] if KINDS[wanted](found) else [f"{at} is {found!r}, not {wanted}"]
        case _:
            return [] if found == wanted else [f"{at} is {found!r}, not {wanted!r}"]


def _is_int(value: Json) -> bool:
    return type(value) is int


def _is_now(value: Json, most_decimals: int = 9) -> bool:
    if not (isinstance(value, str) and (found := re.fullmatch(r"(\S+?)(?:\.(\d+))?Z", value))):
        return False
    moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    return abs(time.time() - moment.timestamp()) < CLOCKS_AGREE_S and len(found[2] or "") <= most_decimals


KINDS: Mapping[str, Callable[[Json], bool]] = {
    "int": _is_int,
    "int>0": lambda value: _is_int(value) and value > 0,
    "utc-now": _is_now,
    "utc-now<=3dec": lambda value: _is_now(value, most_decimals=3),
}


def differences(state: Mapping[str, Json], ignored: Sequence[str], charge_point: Json, station: Json) -> list[str]:
    """Where what the API shows is not the state of the case. `ocpi` is not looked at."""
    found: list[str] = []
    if "connectors" in state:
        found += _connector_differences(state["connectors"], ignored, charge_point)
    shown_evses = {str(evse["id"]): evse["status"] for evse in charge_point["evses"]}
    found += misfits(shown_evses, state.get("evses", {}), "evses")
    for name, document in (("charge_point", charge_point), ("station", station)):
        wanted = dict(state.get(name, {}))
        if "counts" in wanted and document["counts"] != wanted.pop("counts"):
            found.append(f"{name}.counts is {document['counts']}")
        found += misfits(document, wanted, name)
    if unknown := set(state) - {"connectors", "evses", "charge_point", "station", "ocpi"}:
        found.append(f"the case has {unknown}, which nobody compares")
    return found


def _connector_differences(connectors: Mapping[str, Json], ignored: Sequence[str], charge_point: Json) -> list[str]:
    shown = {f"{evse['id']}:{c['id']}": c for evse in charge_point["evses"] for c in evse["connectors"]}
    wanted = {_address(key): value for key, value in connectors.items()}
    if set(shown) - set(map(_address, ignored)) != set(wanted):
        return [f"connectors are {sorted(shown)}, not {sorted(wanted)}"]
    found = []
    for address, fields in wanted.items():
        renamed = {"raw": "reported", "normalized": "normalized", "effective": "status"}
        comparable = {renamed[name]: value for name, value in fields.items() if name != "event_time"}
        found += misfits(shown[address], comparable, f"connectors.{address}")
        if fields.get("event_time") == "received":
            found += misfits(shown[address], {"since": shown[address]["received_at"]}, f"connectors.{address}")
    return found


def _address(key: str) -> str:
    """A 1.6 connector n is EVSE n, connector 1."""
    return key if ":" in key else f"{key}:1"
