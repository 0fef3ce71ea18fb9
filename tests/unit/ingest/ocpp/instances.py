"""Payloads made up by a JSON schema, and the same with one thing changed that may or may not be a mistake."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

_AT = "2026-05-01T12:34:56.789Z"
_ANYTHING: tuple[Any, ...] = (None, True, 0, 1, 1.0, -1, 1.5, 10**12, "", "x", _AT, "Available", [], [1], {}, {"a": 1})


def instance(schema: Any, root: Any, chance: Random) -> Any:
    """A value that ``schema`` allows; optional fields are in it by chance."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    least, most = schema.get("minimum"), schema.get("maximum")
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            fields = schema.get("properties", {})
            made = {
                name: instance(fields[name], root, chance)
                for name in chance.sample(sorted(fields), len(fields))
                if name in required or chance.random() < 0.3
            }
            return made if schema.get("additionalProperties") is False else made | {"vendorFoo": 1}
        case "array":
            few = schema.get("minItems", 0)
            many = min(schema.get("maxItems", few + 2), few + 2)
            return [instance(schema["items"], root, chance) for _ in range(chance.randint(few, many))]
        case "string" if schema.get("format") == "date-time":
            return chance.choice([_AT, "2026-05-01T12:34:56Z", "2026-05-01T14:34:56+02:00"])
        case "string":
            return "é" * chance.choice([0, 1, min(5, schema.get("maxLength", 5)), schema.get("maxLength", 300)])
        case "integer" | "number" as kind:
            low = least if least is not None else -3 if most is None else most - 3
            high = most if most is not None else low + 3
            whole = chance.randint(int(low), int(high))
            return min(whole + 0.25, high) if kind == "number" and chance.random() < 0.5 else whole
        case "boolean":
            return chance.choice([True, False])
        case _:
            return chance.choice(_ANYTHING)


def mutated(payload: Any, chance: Random) -> Any:
    """A copy of ``payload`` with one thing changed, anywhere in it."""
    changed = copy.deepcopy(payload)
    holder, key = chance.choice([*_places(changed)] or [(changed, "vendorFoo")])
    value = holder[key] if not isinstance(holder, dict) or key in holder else None
    match chance.randrange(6):
        case 0 if isinstance(holder, dict):
            holder.pop(key, None)
        case 1 if isinstance(holder, dict):
            holder["vendorBar"] = 1
        case 2 if isinstance(holder, dict):
            holder[key] = None
        case 3:
            holder[key] = chance.choice(_ANYTHING)
        case _:
            match value:
                case str():
                    holder[key] = chance.choice([value + "x", value * 200 + "x" * 3000, value.lower(), "yesterday"])
                case list():
                    holder[key] = chance.choice([[], value * 400, [*value, None]])
                case bool() | None | dict():
                    holder[key] = chance.choice(_ANYTHING)
                case _:
                    holder[key] = chance.choice([float(value), value + 0.5, -value - 1, value + 10**7])
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in ``value``: what holds it, and the key or index there."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(inner)
