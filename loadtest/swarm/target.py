"""Where the system under load is: what was given, else a running `make run`, else the containers of `make up`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loadtest.locality import is_local

COMPOSE = {"gateway": "ws://127.0.0.1:9000/ocpp", "api": "http://127.0.0.1:8000"}


class NoTarget(Exception):
    """Nothing to load; says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Two doors and their keys."""

    gateway: str  #: ws://…; the charger's id is appended
    api: str
    read_token: str
    admin_token: str


def find(given: Mapping[str, str], run_file: Path, secrets: Path, *, allow_remote: bool) -> Target:
    """The target, from `given` (fields of Target, empty or absent for unknown), then from the files.

    Raises:
        NoTarget: something is unknown, or another machine's and not allowed.
    """
    known = {name: value for name, value in given.items() if value}
    if set(Target.__slots__) - set(known):
        known = _found(run_file, secrets) | known
    if missing := [name for name in Target.__slots__ if not known.get(name)]:
        raise NoTarget(
            f"no {', '.join(missing)} of a system to load: start one with `make run` or `make up`, "
            f"or give {', '.join(f'LOAD_{name.upper()}' for name in missing)}"
        )
    target = Target(**{name: known[name] for name in Target.__slots__})
    for url in (target.gateway, target.api):
        if not allow_remote and not is_local(url):
            raise NoTarget(f"{url} is not on this machine; if it is yours, say --allow-remote")
    return target


def token_of(text: str) -> str:
    """The first token of a setting or a secret's file, without the name that it may bear for the audit."""
    first = text.replace("\n", ",").split(",")[0].strip()
    return first.partition(":")[2] or first


def _found(run_file: Path, secrets: Path) -> dict[str, str]:
    if run_file.exists():
        run = json.loads(run_file.read_text())
        return {name: run[name] for name in Target.__slots__} | {
            name: token_of(run[name]) for name in ("read_token", "admin_token")
        }
    names = [name for name in ("read_token", "admin_token") if (secrets / name).exists()]
    return (COMPOSE | {name: token_of((secrets / name).read_text()) for name in names}) if names else {}
