"""JSON schemas of what is answered, made of the structs that are answered.

Every field is there in every answer, unless its type has ``UnsetType``. Answers may get new fields. What has a few
words (a status, a reason) is one schema, wherever it comes.
"""

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from shared.words.documents import Instant, Registration
from shared.words.status import Connectivity, Health, Reason, Status

__all__ = ["AT", "Instant", "components", "name", "ref", "with_words"]

PREFIX = "#/components/schemas/"
AT = "2026-03-01T08:15:30.123Z"  #: in examples

_WORDS = {
    "Status": Status,
    "Health": Health,
    "Connectivity": Connectivity,
    "Reason": Reason,
    "Registration": Registration,
}
_BY_WORDS = {frozenset(get_args(words)): name for name, words in _WORDS.items()}


def name(type_: Any) -> str:
    """What the schema of a struct is called: ``StationDocument`` is Station, ``Page[Knock]`` is KnockPage."""
    (of,) = get_args(type_) or (None,)
    if of is not None:
        return f"{name(of)}{type_.__origin__.__name__}"
    return str(type_.__name__).removesuffix("Document")


def ref(type_: Any) -> dict[str, Any]:
    """Where the schema of a struct is."""
    return {"$ref": PREFIX + name(type_)}


def components(types: Iterable[Any]) -> dict[str, Any]:
    """The schemas of these structs and of all in them, by name."""
    every = list(dict.fromkeys(types))
    _, found = msgspec.json.schema_components(every, ref_template=PREFIX + "{name}")
    named = {given: _renamed(given) for given in found}
    return {named[given]: _tidied(schema, named) for given, schema in sorted(found.items())} | {
        called: {"type": "string", "enum": list(get_args(words))} for called, words in _WORDS.items()
    }


def with_words(schema: Any) -> Any:
    """``schema`` with a reference in the place of each list of words that has a name; those themselves stay."""
    own = schema["components"]["schemas"]
    kept = {called: own[called] for called in _WORDS}
    made = _with_refs(schema)
    made["components"]["schemas"] |= kept
    return made


def _with_refs(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_refs(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    words = schema.get("enum")
    called = (
        _BY_WORDS.get(frozenset(words)) if isinstance(words, list) and all(isinstance(w, str) for w in words) else None
    )
    if called is None:
        return {key: _with_refs(value) for key, value in schema.items()}
    beside = {key: value for key, value in schema.items() if key not in ("enum", "type", "title")}
    return {"allOf": [{"$ref": PREFIX + called}], **beside} if beside else {"$ref": PREFIX + called}


def _renamed(given: str) -> str:
    """As ``name``, of what msgspec calls a struct: ``Page_Knock_``."""
    generic, _, of = given.rstrip("_").partition("_")
    return of.removesuffix("Document") + generic if of else given.removesuffix("Document")


def _tidied(schema: Any, named: dict[str, str], *, top: bool = True) -> Any:
    if isinstance(schema, list):
        return [_tidied(one, named, top=False) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: _tidied(value, named, top=False)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    if "$ref" in made and made["$ref"].startswith(PREFIX):
        given = made["$ref"].removeprefix(PREFIX)
        made["$ref"] = PREFIX + named.get(given, given)
    if top and "properties" in made:
        fields = made["properties"]
        always = {*made.get("required", ()), *(field for field, of in fields.items() if "default" in of)}
        made["required"] = [field for field in fields if field in always]
        for of in fields.values():
            of.pop("default", None)
    if "enum" in made and all(isinstance(word, str) for word in made["enum"]):
        made["type"] = "string"
    return made
