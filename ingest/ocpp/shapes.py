"""The shape of a payload: which fields there are, which must be there, what each may hold.

A missing required field, a wrong JSON type and a wrong word are always refused; what a server may
refuse but need not (unknown fields, over-long text, unreadable times) only by the strict check,
because a refused status is a lost one. A null is an absent field.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from ingest.ocpp.errors import Code, OcppError
from ingest.ocpp.units import is_time

Payload = dict[str, Any]


class Kind(Struct, frozen=True):
    """What a field may hold: JSON types, a shape inside, a test of the value (``always``, or for the strict only)."""

    name: str
    types: frozenset[type]
    test: Callable[[Any], bool] | None = None
    always: bool = False
    inner: "Shape | None" = None


class Shape:
    """A JSON object's fields by name; a name that ends in ``!`` is required."""

    __slots__ = ("_required", "fields")

    def __init__(self, fields: Mapping[str, Kind]) -> None:
        self.fields = {name.rstrip("!"): kind for name, kind in fields.items()}
        self._required = tuple(name.rstrip("!") for name in fields if name.endswith("!"))

    @property
    def required(self) -> frozenset[str]:
        """The names of the fields that must be there."""
        return frozenset(self._required)

    def extended(self, fields: Mapping[str, Kind]) -> "Shape":
        """This shape with ``fields`` added, or replaced where the name is the same."""
        replaced = {name.rstrip("!") for name in fields}
        kept = {
            name + "!" * (name in self._required): kind for name, kind in self.fields.items() if name not in replaced
        }
        return Shape({**kept, **fields})

    def check(self, payload: Payload, *, strict: bool) -> None:
        """Nothing, if ``payload`` has this shape.

        Raises:
            OcppError: OCCURRENCE, TYPE, PROPERTY, or (strict) FORMAT for a field that nobody knows.
        """
        for name in self._required:
            if payload.get(name) is None:
                raise OcppError(Code.OCCURRENCE, f"{name} is required")
        fields = self.fields
        for name, value in payload.items():
            kind = fields.get(name)
            if kind is None:
                if strict:
                    raise OcppError(Code.FORMAT, f"{name} is not a field of this message")
            elif type(value) not in kind.types:
                if value is not None and not (kind is INTEGER and type(value) is float and value.is_integer()):
                    raise OcppError(Code.TYPE, f"{name} must be {kind.name}")
            elif kind.test is not None and (kind.always or strict) and not kind.test(value):
                raise OcppError(Code.PROPERTY, f"{name} has a value that is not allowed")
            elif kind.inner is not None:
                for one in value if type(value) is list else (value,):
                    if type(one) is not dict:
                        raise OcppError(Code.TYPE, f"{name} must hold objects")
                    kind.inner.check(one, strict=strict)


INTEGER = Kind("an integer", frozenset({int}))
NUMBER = Kind("a number", frozenset({int, float}))
BOOLEAN = Kind("true or false", frozenset({bool}))
OBJECT = Kind("an object", frozenset({dict}))
LIST = Kind("an array", frozenset({list}))
ANYTHING = Kind("anything", frozenset({str, int, float, bool, dict, list}))
TEXT = Kind("a string", frozenset({str}))
TIME = Kind("a string", frozenset({str}), test=is_time)


def text(limit: int) -> Kind:
    """A string; longer than ``limit`` characters only for the strict a mistake."""
    return Kind("a string", frozenset({str}), test=lambda value: len(value) <= limit)


def word(words: Collection[str]) -> Kind:
    """One of ``words``, always: the field decides what we do."""
    return Kind("a string", frozenset({str}), test=frozenset(words).__contains__, always=True)


def usual_word(words: Collection[str]) -> Kind:
    """One of ``words``; another one only for the strict a mistake."""
    return Kind("a string", frozenset({str}), test=frozenset(words).__contains__)


def one(shape: Shape) -> Kind:
    """An object of this shape."""
    return Kind("an object", frozenset({dict}), inner=shape)


def many(shape: Shape) -> Kind:
    """An array of objects of this shape."""
    return Kind("an array", frozenset({list}), inner=shape)
