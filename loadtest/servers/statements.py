"""What one program asks of Postgres: it gets a role of its own, and Postgres' log names its statements."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from loadtest.servers.system import System

_ROLE = "watched"


class Statements:
    """The statements of one program."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read_to = 0

    def since_last(self) -> Counter[str]:
        """How often each was sent since this was last asked for."""
        text = self._log.read_bytes()
        new, self._read_to = text[self._read_to :].decode(errors="replace"), len(text)
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", new, flags=re.M)
        found = (re.search(r"LOG:  (?:execute|statement)[^:]*: (.*)", entry, re.S) for entry in entries)
        return Counter(" ".join(one[1].split()) for one in found if one)


async def watched(system: System, program: str) -> Statements:
    """Starts a program again, under a role whose statements are logged."""
    url = urlsplit(system.stack.database_url)
    database = await asyncpg.connect(system.stack.database_url)
    try:
        await database.execute(
            f"CREATE ROLE {_ROLE} SUPERUSER LOGIN PASSWORD '{url.password}';"
            f"ALTER ROLE {_ROLE} SET log_statement = 'all'"
        )
    finally:
        await database.close()
    service = system.services[program]
    service.stop()
    service.environment["PLUGWATCH_DATABASE_URL"] = url._replace(
        netloc=f"{_ROLE}:{url.password}@{url.hostname}:{url.port}"
    ).geturl()
    service.start()
    return Statements(system.stack.postgres.log)
