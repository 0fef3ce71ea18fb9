"""Where the system under load is: what was given, else a running `make run`, else the containers of `make up`.

As a program it says in a line why there is nothing to load, and needs no package for that.
"""

import argparse
import http.client
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from loadtest.locality import is_local

COMPOSE = {"gateway": "ws://127.0.0.1:9000/ocpp", "api": "http://127.0.0.1:8000"}
RUN_FILE, SECRETS = Path(".plugwatch/run.json"), Path(".secrets")
ANSWERS_WITHIN_S = 2.0
NOT_RUN = 2  #: exit code


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


def check(target: Target) -> None:
    """Ask whether it is Plugwatch that listens there.

    Raises:
        NoTarget: nobody does, or somebody else, or it is not well.
    """
    asked = urllib.request.Request(f"{target.api}/v1/stats", headers={"Authorization": f"Bearer {target.read_token}"})
    try:
        with urllib.request.urlopen(asked, timeout=ANSWERS_WITHIN_S) as answer:
            ours = "charge_points" in json.load(answer)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        if refusal.code in (401, 403):
            raise NoTarget(
                f"{target.api} refuses the read token: it is another system; stop it, or give LOAD_API"
            ) from None
        if refusal.code >= 500:
            raise NoTarget(f"{target.api} answers {refusal.code}: make health says what it lacks") from None
        ours = False
    except (OSError, http.client.HTTPException) as error:
        raise NoTarget(f"no API answers at {target.api} ({error}): make run, or make up, starts one") from None
    except ValueError:
        ours = False
    if not ours:
        raise NoTarget(f"what answers at {target.api} is not Plugwatch: stop it, or give LOAD_API")
    gateway = urlsplit(target.gateway)
    try:
        port = gateway.port or (443 if gateway.scheme == "wss" else 80)
        socket.create_connection((gateway.hostname or "", port), ANSWERS_WITHIN_S).close()
    except OSError as error:
        raise NoTarget(f"no gateway listens at {target.gateway} ({error}): make health says why") from None


def token_of(text: str) -> str:
    """The first token of a setting or a secret's file, whole: so it opens whether it names its holder or not."""
    return text.replace("\n", ",").split(",")[0].strip()


def _found(run_file: Path, secrets: Path) -> dict[str, str]:
    if run_file.exists():
        run = json.loads(run_file.read_text())
        return {name: run[name] for name in Target.__slots__} | {
            name: token_of(run[name]) for name in ("read_token", "admin_token")
        }
    names = [name for name in ("read_token", "admin_token") if (secrets / name).exists()]
    return (COMPOSE | {name: token_of((secrets / name).read_text()) for name in names}) if names else {}


def main() -> None:
    """Take from the command line of a load test what says where the system is, and leave the rest."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in (*Target.__slots__, "read_token_file", "admin_token_file", "run_file"):
        parser.add_argument(f"--{name.replace('_', '-')}", default=os.environ.get(f"LOAD_{name.upper()}", ""))
    parser.add_argument("--allow-remote", action="store_true", default=bool(os.environ.get("LOAD_ALLOW_REMOTE")))
    given, _ = parser.parse_known_args()
    try:
        known = {name: getattr(given, name) for name in Target.__slots__}
        for token in ("read_token", "admin_token"):
            if (file := getattr(given, f"{token}_file")) and not known[token]:
                known[token] = token_of(Path(file).read_text())
        check(find(known, Path(given.run_file or RUN_FILE), SECRETS, allow_remote=given.allow_remote))
    except (NoTarget, OSError) as error:
        print(f"load test: {error}", file=sys.stderr)
        sys.exit(NOT_RUN)


if __name__ == "__main__":
    main()
