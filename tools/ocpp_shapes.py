"""Makes `ingest/ocpp/shapes/v*.py` of the OCA's JSON schemas, as the Python package `ocpp` carries them.

    python -m tools.ocpp_shapes [--check]

Taken are names, types, bounds and words of what chargers send and of their answers to us: no descriptions (NOTICE).
Whatever else a schema may hold stops this program, lest it be left out in silence. `--check` writes nothing.
"""

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ocpp

SHAPES = Path(__file__).parent.parent / "ingest" / "ocpp" / "shapes"
VERSIONS = {"v16": "1.6", "v201": "2.0.1", "v21": "2.1"}

#: What a charger may ask: the schemas do not say which way a message goes.
ASKED_16 = """
    Authorize BootNotification DataTransfer DiagnosticsStatusNotification FirmwareStatusNotification Heartbeat
    LogStatusNotification MeterValues SecurityEventNotification SignCertificate SignedFirmwareStatusNotification
    StartTransaction StatusNotification StopTransaction
"""
ASKED_201 = """
    Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification Get15118EVCertificate
    GetCertificateStatus Heartbeat LogStatusNotification MeterValues NotifyChargingLimit NotifyCustomerInformation
    NotifyDisplayMessages NotifyEVChargingNeeds NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport
    NotifyReport PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate
    SecurityEventNotification SignCertificate StatusNotification TransactionEvent
"""
ADDED_21 = """
    BatterySwap ClosePeriodicEventStream GetCertificateChainStatus NotifyDERAlarm NotifyDERStartStop
    NotifyPriorityCharging NotifySettlement OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl
    VatNumberValidation
"""
ASKED = {"v16": ASKED_16.split(), "v201": ASKED_201.split(), "v21": (ASKED_201 + ADDED_21).split()}
#: What we ask (`ingest/ocpp/commands.py`), and a charger answers.
ANSWERED = {"ChangeAvailability", "GetBaseReport", "Reset", "TriggerMessage", "UnlockConnector"}

UNSAID = {"description", "javaType", "comment", "title", "default", "$schema", "$id", "definitions"}
#: Of anything but an object they say nothing.
NEEDLESS = {"additionalProperties", "additionalItems"}
PLAIN = {"boolean": "BOOLEAN", "integer": "INTEGER", "number": "NUMBER", "string": "TEXT"}

HEAD = '''"""OCPP {version}: made by `make shapes` of the OCA's JSON schemas (NOTICE), not to be edited."""

from ingest.ocpp.shapes import {names}
'''


class Unknown(Exception):
    """A schema says something that shapes cannot say."""


class Version:
    """The schemas of one version: what they define, in the order in which one stands on another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(ocpp.__file__).parent / name / "schemas"
        self.defined: dict[str, str] = {}

    def actions(self) -> set[str]:
        """All of the version, whichever way they go."""
        return {path.stem.removesuffix("Response").removesuffix("Request") for path in self.folder.glob("*.json")}

    def shape(self, name: str) -> str:
        """The `Shape` of a message: its file's name."""
        schema = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8-sig"))
        return f"Shape({self._object(schema, _Root(schema))})"

    def _object(self, schema: Any, root: "_Root") -> str:
        """The fields of an object, as `record` and `Shape` want them."""
        required = schema.pop("required", ())
        fields = (
            f'"{name}{"!" * (name in required)}": {self._kind(field, root)}'
            for name, field in schema.pop("properties", {}).items()
        )
        closed = schema.pop("additionalProperties", True) is False
        return f"{{{', '.join(fields)}}}{'' if closed else ', closed=False'}"

    def _kind(self, schema: Any, root: "_Root") -> str:
        """The `Kind` of a field, as an expression."""
        said = {name: value for name, value in schema.items() if name not in UNSAID}
        if "$ref" in said:
            return self._definition(said["$ref"].removeprefix("#/definitions/"), root)
        type_ = said.pop("type", None)
        match type_:
            case None:
                kind = "ANYTHING"
            case "object":
                kind = f"record({self._object(said, root)})"
            case "array":
                bounds = _arguments(least=said.pop("minItems", None), most=said.pop("maxItems", None))
                kind = f"array({self._kind(said.pop('items'), root)}{', ' * bool(bounds)}{bounds})"
            case "string" if "enum" in said:
                kind = f"word({_words(said.pop('enum'))})"
            case "string" if "maxLength" in said:
                kind = f"text({said.pop('maxLength')})"
            case "string" if said.pop("format", None) == "date-time":
                kind = "TIME"
            case "integer" | "number" if said.keys() & {"minimum", "maximum"}:
                bounds = _arguments(least=said.pop("minimum", None), most=said.pop("maximum", None))
                kind = f"{'number' if type_ == 'number' else root.integer.lower()}({bounds})"
            case "integer":
                kind = root.integer
            case _:
                kind = PLAIN[type_]
        if unknown := said.keys() - NEEDLESS:
            raise Unknown(f"{self.name}: nothing is known of {unknown} of a {type_}: {schema}")
        return kind

    def _definition(self, name: str, root: "_Root") -> str:
        """The name of a definition, which is written down before whatever stands on it."""
        kind = self._kind(root.definitions[name], root)
        if self.defined.setdefault(name, kind) != kind:
            raise Unknown(f"{self.name}: {name} is not the same in all schemas")
        return name


class _Root:
    """What a whole schema says of its parts; in draft-04 a 1.0 is no integer."""

    def __init__(self, schema: Any) -> None:
        self.definitions = schema.get("definitions", {})
        self.integer = "INTEGER" if "draft-04" in schema["$schema"] else "WHOLE"


def _words(words: list[str]) -> str:
    if any(" " in word for word in words):
        raise Unknown(f"a space in {words}")
    return " ".join(f'"{line} "' for line in textwrap.wrap(" ".join(words), 80)).removesuffix(' "') + '"'


def _arguments(**bounds: float | None) -> str:
    return ", ".join(f"{name}={value}" for name, value in bounds.items() if value is not None)


def module(name: str) -> str:
    """The whole text of a version's module."""
    version = Version(name)
    suffix = "" if name == "v16" else "Request"
    asked = [f'"{action}": {version.shape(action + suffix)}' for action in sorted(ASKED[name])]
    answers = [f'"{action}": {version.shape(action + "Response")}' for action in sorted(ANSWERED & version.actions())]
    refused = sorted(version.actions().difference(ASKED[name]))
    body = "\n".join(
        (
            *(f"{name} = {kind}" for name, kind in version.defined.items()),
            "#: What a charger asks.",
            f"REQUESTS = {{{', '.join(asked)}}}",
            "#: What it answers.",
            f"ANSWERS = {{{', '.join(answers)}}}",
            "#: What goes the other way, or is no CALL.",
            f"REFUSED = names({_words(refused)})",
        )
    )
    constants = ("ANYTHING", "BOOLEAN", "INTEGER", "NUMBER", "TEXT", "TIME", "WHOLE")
    makers = ("array", "names", "number", "record", "text", "whole", "word")
    used = [
        *(one for one in constants if _uses(body, one)),
        "Shape",
        *(one for one in makers if _uses(body, f"{one}(")),
    ]
    return _formatted(HEAD.format(version=VERSIONS[name], names=", ".join(used)) + body)


def _uses(body: str, name: str) -> bool:
    return any(mark + name in body for mark in (" ", "(", "\n"))


def _formatted(source: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(SHAPES / "made.py")]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def stale() -> Iterator[tuple[Path, str]]:
    """The modules that are not what the schemas make of them, with what they should be."""
    for name in VERSIONS:
        path, made = SHAPES / f"{name}.py", module(name)
        if not path.exists() or path.read_text() != made:
            yield path, made


def main() -> int:
    """0: all are as they should be, or now are; 1: `--check` found some that are not."""
    check = "--check" in sys.argv[1:]
    for path, made in (found := list(stale())):
        print(f"{path.name} is not what the schemas make of it: make shapes" if check else f"made {path}")
        if not check:
            path.write_text(made)
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
