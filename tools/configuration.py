"""Makes `docs/configuration.md` of the settings: `python -m tools.configuration [--check]`, or `make configuration`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic.fields import FieldInfo

from shared.process.settings import PREFIX, SECRETS, Settings

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"

#: Headings, each before the setting that it begins with.
GROUPS = {
    "database_url": "Postgres, Redis and the log",
    "host": "Addresses",
    "read_token": "Tokens",
    "registration": "Gateway: who may connect, and what chargers are answered",
    "max_message_bytes": "Gateway: how much a charger may send",
    "failed_handshakes_per_minute": "Gateway: refusals",
    "max_pending_events": "Gateway: itself",
    "connector0_mode": "Rollup",
    "stream_length": "Redis stream",
    "api_mode": "API",
    "log_level": "Log lines",
}

HEAD = f"""# Configuration

This page is made by `make configuration` from `shared/process/settings.py`: change that file, not this one.

Settings come from the environment, with the prefix `{PREFIX}`: `TOPIC` below is `{PREFIX}TOPIC`. A process says at
its start which setting is missing or wrong, and ends. The settings in force are in its first log line, secrets masked.

- **Secrets** may stand in files: `{PREFIX}READ_TOKEN_FILE=/run/secrets/read` instead of `{PREFIX}READ_TOKEN`.
  Secrets are {", ".join(f"`{name}`" for name in SECRETS)}.
- A token that is not set means closed, never open.
- **`make run`** takes all of them from the environment. Where `DATABASE_URL`, `REDIS_URL` or
  `KAFKA_BOOTSTRAP_SERVERS` is given, that part is used instead of started.
- **Compose** reads the names in [.env.example](../.env.example): copy it to `.env` and change a value. Any other
  setting goes into the `environment` of a service, best in a `docker-compose.override.yml` of yours.
- **Kubernetes**: `k8s/base/plugwatch.env` for all overlays, or the overlay's own file
  ([more](../k8s/README.md#change-it)).
"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        if name in GROUPS:
            yield from ("", f"## {GROUPS[name]}", "", "| setting | default | what it is |", "|---|---|---|")
        words = " or ".join(f"`{word}`" for word in get_args(field.annotation) if isinstance(word, str))
        what = f"{field.description}: {words}" if words else field.description
        yield f"| `{name.upper()}` | {default(field) or '—'} | {what} |"


def default(field: FieldInfo) -> str:
    """The default as it is written in the environment; empty where nothing is set."""
    value = field.default
    if field.is_required():
        return "needed"
    if value in (None, ()) or field.default_factory is not None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> int:
    """Exit code 1: `--check` finds another page than it would write."""
    if "--check" in sys.argv:
        if PAGE.read_text() == page():
            return 0
        print("docs/configuration.md is not what the settings say: make configuration")
        return 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
