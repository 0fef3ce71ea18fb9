"""The secrets of a deployment as files in one directory: `python -m local.secret_files DIR`, or `make secrets`.

What is there already stays; nothing is ever printed. Standard library only, so that it runs before any set-up.
"""

import argparse
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HOOK = "http://put-the-address-of-your-webhook-here.invalid/"


def missing(directory: Path) -> Iterator[tuple[str, str]]:
    """Name and content of each that is not in `directory`; those made from others come after them."""

    def kept(name: str) -> str:
        return (directory / name).read_text().strip()

    made: dict[str, Callable[[], str]] = {
        "postgres_password": lambda: secrets.token_urlsafe(24),
        "database_url": lambda: f"postgresql://plugwatch:{kept('postgres_password')}@postgres:5432/plugwatch",
        "redis_password": lambda: secrets.token_urlsafe(24),
        "redis_url": lambda: f"redis://:{kept('redis_password')}@redis:6379/0",
        "redis_conf": lambda: f"requirepass {kept('redis_password')}",
        "redis_exporter": lambda: f'{{"redis://redis:6379": "{kept("redis_password")}"}}',
        "read_token": lambda: secrets.token_urlsafe(24),
        "admin_token": lambda: secrets.token_urlsafe(24),
        "metrics_token": lambda: secrets.token_urlsafe(24),
        "grafana_admin_password": lambda: secrets.token_urlsafe(24),
        "alert_webhook_url": lambda: HOOK,
        "smtp_password": lambda: secrets.token_urlsafe(24),
    }
    for name, content in made.items():
        if not (directory / name).exists():
            yield name, content()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.secret_files", description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR")
    directory: Path = parser.parse_args().directory
    directory.mkdir(mode=0o700, exist_ok=True)
    names = []
    for name, content in missing(directory):
        # Readable for the users of the containers, which are not ours; the directory is ours alone.
        (directory / name).write_text(content + "\n")
        (directory / name).chmod(0o644)
        names.append(name)
    print(f"{directory}: made {', '.join(names) or 'nothing, all are there'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
