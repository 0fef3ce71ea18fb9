"""A frame as an operator may see it: without what identifies a driver or opens a door.

idTags and idTokens, passwords and keys become ``***``, wherever in the payload they stand. Whatever
cannot be understood (no JSON, no OCPP frame, the free text of DataTransfer) is shown by its length alone.
"""

import re
from typing import Any

import msgspec

MASK = "***"

#: Members of which nothing is shown but a ``type``; folded, for a charger may be careless.
_SECRET = frozenset(
    {
        *("idtag", "parentidtag", "idtoken", "groupidtoken", "additionalidtoken", "customeridentifier"),
        *("password", "apnpassword", "basicauthpassword", "authorizationkey", "vpn"),
    }
)
#: Configuration keys (1.6) and variables (2.x) whose values are hidden.
_SECRET_KEYS = frozenset({"authorizationkey", "basicauthpassword"})
_VALUES = frozenset({"value", "attributevalue", "variableattribute"})
_FREE_TEXT = "data"  #: DataTransfer, NotifyCustomerInformation
_CREDENTIALS = re.compile(r"://[^/@\s]*@")  #: of a URL
_PAYLOAD_AT = {2: 3, 3: 2, 4: 4, 5: 4, 6: 3}  #: by message type
_LONGEST_WORD = 255


def masked(text: str | bytes, limit: int) -> str:
    """The frame without its secrets, as compact JSON, cut off after ``limit`` bytes."""
    size = len(text.encode()) if isinstance(text, str) else len(text)
    try:
        frame = msgspec.json.decode(text)
        if not _is_frame(frame):
            return _length(size)
        *words, payload = frame
        shown = msgspec.json.encode([*words, _payload(payload)])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return _length(size)
    return shown.decode() if len(shown) <= limit else shown[: limit - 3].decode(errors="ignore") + "…"


def _is_frame(frame: Any) -> bool:
    """Whether it has an OCPP frame's shape, so that we know where its payload is."""
    if not isinstance(frame, list) or not frame or type(frame[0]) is not int:
        return False
    at = _PAYLOAD_AT.get(frame[0])
    if at is None or len(frame) != at + 1 or not isinstance(frame[at], dict):
        return False
    return all(isinstance(word, str) and len(word) <= _LONGEST_WORD for word in frame[1:at])


def _payload(payload: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = _shown(payload, hidden=False)
    if _FREE_TEXT in payload:
        shown[_FREE_TEXT] = _length(len(msgspec.json.encode(payload[_FREE_TEXT])))
    return shown


def _shown(value: Any, *, hidden: bool) -> Any:
    match value:
        case dict():
            secret_values = _names_a_secret(value)
            return {
                name: _shown(
                    inner,
                    hidden=(hidden and name != "type")
                    or name.lower() in _SECRET
                    or (secret_values and name.lower() in _VALUES),
                )
                for name, inner in value.items()
            }
        case list():
            return [_shown(inner, hidden=hidden) for inner in value]
        case None | bool():
            return value
        case _ if hidden:
            return MASK
        case str():
            return _CREDENTIALS.sub(f"://{MASK}@", value)
        case _:
            return value


def _names_a_secret(value: dict[str, Any]) -> bool:
    variable = value.get("variable")
    names = (value.get("key"), variable.get("name") if isinstance(variable, dict) else None)
    return any(isinstance(name, str) and name.lower() in _SECRET_KEYS for name in names)


def _length(size: int) -> str:
    return f"({size} bytes)"
