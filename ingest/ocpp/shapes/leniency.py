"""What we put up with: of an official shape, what is asked of a charger unless `Policy.strict`.

A refused status is a lost one. So what a server may refuse but need not is let be: unknown fields,
over-long texts, too many or too few items, numbers out of range, unreadable times, words that decide
nothing. A null is an absent field, 1.0 an integer. What stays: required fields, JSON types, statuses.
"""

from ingest.ocpp.shapes import Kind, Shape

#: Fields whose words decide what we do: another word is refused.
DECIDING = frozenset({"status", "connectorStatus"})
#: Objects of which we read nothing: whatever is in them.
UNREAD = frozenset({"customData", "variableCharacteristics"})


def lenient(shape: Shape) -> Shape:
    """``shape`` without what a server may forgive."""
    fields = {name + "!" * (name in shape.required): _lenient(name, kind) for name, kind in shape.fields.items()}
    return Shape(fields, closed=False, nulls=True)


def _lenient(name: str, kind: Kind) -> Kind:
    return Kind(
        kind.name,
        kind.types,
        whole=int in kind.types,
        test=kind.test if name in DECIDING else None,
        shape=lenient(kind.shape) if kind.shape is not None and name not in UNREAD else None,
        items=_lenient(name, kind.items) if kind.items is not None and kind.items.shape is not None else None,
    )
