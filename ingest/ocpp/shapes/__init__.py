"""The shape of a payload: which fields there are, which must be there, what each may hold, and how many.

A shape says what the official JSON schema says; ``v16``, ``v201`` and ``v21`` are made from those by
`tools.ocpp_shapes`. What of it a server need not insist on is in ``leniency``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.units import is_time

Payload = dict[str, Any]


class Kind(Struct, frozen=True):
    """What a field may hold.

    ``types`` are JSON's; ``whole``: 1.0 is an integer, too (draft-06). ``test`` is of the value,
    ``words`` what it may be; ``shape`` is an object's, ``items`` (``least`` to ``most``) are an array's.
    """

    name: str
    types: frozenset[type]
    whole: bool = False
    test: Callable[[Any], bool] | None = None
    words: frozenset[str] = frozenset()
    shape: "Shape | None" = None
    items: "Kind | None" = None
    least: int = 0
    most: float = float("inf")

    def check(self, name: str, value: Any) -> None:
        """Nothing, if the field ``name`` may hold ``value``.

        Raises:
            OcppError: TYPE, PROPERTY or OCCURRENCE (too few items, or too many); of what is inside, FORMAT, too.
        """
        if type(value) not in self.types:
            if not (self.whole and type(value) is float and value.is_integer()):
                raise OcppError(Code.TYPE, f"{name} must be {self.name}")
            value = int(value)
        if self.test is not None and not self.test(value):
            raise OcppError(Code.PROPERTY, f"{name} has a value that is not allowed")
        if self.shape is not None:
            self.shape.check(value)
        elif type(value) is list:
            if not self.least <= len(value) <= self.most:
                raise OcppError(Code.OCCURRENCE, f"{name} has too few items, or too many")
            if self.items is not None:
                for item in value:
                    self.items.check(f"each of {name}", item)


class Shape:
    """A JSON object's fields by name; a name that ends in ``!`` is required.

    ``closed``: there are no others. ``nulls``: a null is an absent field.
    """

    __slots__ = ("_flat", "_required", "closed", "fields", "nulls")

    def __init__(self, fields: Mapping[str, Kind], *, closed: bool = True, nulls: bool = False) -> None:
        self.fields = {name.rstrip("!"): kind for name, kind in fields.items()}
        self._required = tuple(name.rstrip("!") for name in fields if name.endswith("!"))
        self._flat = {name: (kind.types - {dict, list}, kind.test) for name, kind in self.fields.items()}
        self.closed = closed
        self.nulls = nulls

    @property
    def required(self) -> frozenset[str]:
        """The names of the fields that must be there."""
        return frozenset(self._required)

    def check(self, payload: Payload) -> None:
        """Nothing, if ``payload`` has this shape.

        Raises:
            OcppError: OCCURRENCE, TYPE, PROPERTY, or FORMAT for a field that nobody knows.
        """
        for name in self._required:
            if payload.get(name) is None and (self.nulls or name not in payload):
                raise OcppError(Code.OCCURRENCE, f"{name} is required")
        flat = self._flat
        for name, value in payload.items():
            if name not in flat:
                if self.closed:
                    raise OcppError(Code.FORMAT, f"{name} is not a field of this message")
                continue
            types, test = flat[name]  # most fields hold neither objects nor arrays: this is the hot path
            if type(value) not in types:
                if not (value is None and self.nulls):
                    self.fields[name].check(name, value)
            elif test is not None and not test(value):
                raise OcppError(Code.PROPERTY, f"{name} has a value that is not allowed")


_INT: frozenset[type] = frozenset({int})
_NUMBER: frozenset[type] = frozenset({int, float})
_TEXT: frozenset[type] = frozenset({str})

INTEGER = Kind("an integer", _INT)
WHOLE = Kind("an integer", _INT, whole=True)
NUMBER = Kind("a number", _NUMBER)
BOOLEAN = Kind("true or false", frozenset({bool}))
TEXT = Kind("a string", _TEXT)
TIME = Kind("a string", _TEXT, test=is_time)
ANYTHING = Kind("anything", frozenset({str, int, float, bool, dict, list, type(None)}))

_INFINITY = float("inf")


def whole(least: float = -_INFINITY, most: float = _INFINITY) -> Kind:
    """An integer from ``least`` to ``most``."""
    return Kind("an integer", _INT, whole=True, test=lambda value: least <= value <= most)


def number(least: float = -_INFINITY, most: float = _INFINITY) -> Kind:
    """A number from ``least`` to ``most``."""
    return Kind("a number", _NUMBER, test=lambda value: least <= value <= most)


def text(most: int) -> Kind:
    """A string of at most ``most`` characters."""
    return Kind("a string", _TEXT, test=lambda value: len(value) <= most)


def names(text: str) -> frozenset[str]:
    """Those that are written in ``text`` with spaces between them."""
    return frozenset(text.split())


def word(words: str) -> Kind:
    """One of the `names` in ``words``."""
    known = names(words)
    return Kind("a string", _TEXT, test=known.__contains__, words=known)


def array(items: Kind, least: int = 0, most: float = _INFINITY) -> Kind:
    """An array of ``least`` to ``most`` of ``items``."""
    return Kind("an array", frozenset({list}), items=items, least=least, most=most)


def record(fields: Mapping[str, Kind], *, closed: bool = True) -> Kind:
    """An object with these fields; not ``closed``: and any others."""
    return Kind("an object", frozenset({dict}), shape=Shape(fields, closed=closed))
