"""Sessions to talk to, and the official JSON schemas (PyPI ``ocpp``) as the judge of what is said."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import ocpp
import pytest

from ingest.ocpp.session import Policy, Registration, Session
from ingest.ocpp.units import is_time

_FOLDERS = {"ocpp1.6": ("v16", ""), "ocpp2.0.1": ("v201", "Request"), "ocpp2.1": ("v21", "Request")}


class Official:
    """The schemas of one version: judges payloads, and makes up requests that they allow."""

    def __init__(self, protocol: str) -> None:
        folder, self._suffix = _FOLDERS[protocol]
        self._folder = Path(ocpp.__file__).parent / folder / "schemas"

    def judge_request(self, action: str, payload: object) -> None:
        """Raises jsonschema.ValidationError unless ``payload`` is a request of ``action``."""
        jsonschema.validate(payload, _schema(self._folder / f"{action}{self._suffix}.json"))

    def judge_response(self, action: str, payload: object) -> None:
        """Raises jsonschema.ValidationError unless ``payload`` answers ``action``."""
        jsonschema.validate(payload, _schema(self._folder / f"{action}Response.json"))

    def request(self, action: str) -> Any:
        """The schema of a request."""
        return _schema(self._folder / f"{action}{self._suffix}.json")

    def response(self, action: str) -> Any:
        """The schema of its answer."""
        return _schema(self._folder / f"{action}Response.json")

    def broken(self, schema: Any, payload: Any) -> set[str]:
        """The rules of ``schema`` that ``payload`` breaks, by their keywords."""
        judge = jsonschema.validators.validator_for(schema)(schema, format_checker=_TIMES)
        return {str(error.validator) for error in judge.iter_errors(payload)}

    def actions(self) -> set[str]:
        """Every action of the version that is answered."""
        return {path.name.removesuffix("Response.json") for path in self._folder.glob("*Response.json")}

    def required(self, action: str) -> list[str]:
        """The required fields of a request."""
        return list(_schema(self._folder / f"{action}{self._suffix}.json").get("required", []))

    def limits(self, action: str) -> dict[str, int]:
        """How long the texts of a request may be, by field."""
        schema = _schema(self._folder / f"{action}{self._suffix}.json")
        return {
            name: field["maxLength"] for name, field in schema.get("properties", {}).items() if "maxLength" in field
        }

    def smallest(self, action: str) -> dict[str, Any]:
        """A request with the required fields only."""
        return self._made(action, full=False)

    def fullest(self, action: str) -> dict[str, Any]:
        """A request with every field there is, every text as long as it may be."""
        return self._made(action, full=True)

    def _made(self, action: str, *, full: bool) -> dict[str, Any]:
        schema = _schema(self._folder / f"{action}{self._suffix}.json")
        payload: dict[str, Any] = _sample(schema, schema, full=full)
        self.judge_request(action, payload)
        return payload


_TIMES = jsonschema.FormatChecker([])


@_TIMES.checks("date-time")
def _is_time(value: object) -> bool:
    """Strict takes any time that can be read (ISO 8601), which the schemas leave open."""
    return not isinstance(value, str) or is_time(value)


@cache
def _schema(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


def _sample(schema: Any, root: Any, *, full: bool) -> Any:
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            names = schema.get("properties", {}) if full else schema.get("required", [])
            return {name: _sample(schema["properties"][name], root, full=full) for name in names}
        case "array":
            return [_sample(schema["items"], root, full=full)]
        case "string" if schema.get("format") == "date-time":
            return "2026-05-01T12:34:56.789Z"
        case "integer" | "number":
            return min(1, schema.get("maximum", 1))
        case "boolean":
            return True
        case _:
            return "x" * (schema.get("maxLength", 5) if full else 1)


@pytest.fixture
def official() -> Callable[[str], Official]:
    """The schemas of a sub-protocol."""
    return Official


@pytest.fixture
def session() -> Callable[..., Session]:
    """A session of charge point CP1, epoch 1000, accepted unless told."""

    def made(
        protocol: str = "ocpp1.6", *, registration: Registration = "ACCEPTED", epoch: int = 1000, **policy: Any
    ) -> Session:
        return Session(
            protocol=protocol,
            charge_point_id="CP1",
            charge_point_key=7,
            epoch=epoch,
            gateway_id="gw-1",
            registration=registration,
            policy=Policy(**policy),
            transaction_id=iter(range(501, 1000)).__next__,
        )

    return made
