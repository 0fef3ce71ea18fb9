"""Whether what a filter of the stream names is there: a stream of nothing looks like one of a quiet night."""

import asyncio
import contextlib

from api.database import Database
from api.http.problems import NotFound, Unavailable

from .events import Wanted

WITHIN_S = 1  #: the stream needs no Postgres, so it does not wait for one that is away

_SHOWN = 5


class Named:
    """Looks in Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, wanted: Wanted, *, resumes: bool) -> None:
        """Lets a filter pass that names what is there, or that nobody can look up now.

        ``resumes``: what has been deleted counts, too, since its client may not have heard of it.

        Raises:
            NotFound: there is no such station, or no such charge point.
        """
        for path, table, ids in (
            ("stations", "stations", wanted.stations),
            ("charge-points", "charge_points", wanted.charge_points),
        ):
            if ids and (missing := await self._missing(table, sorted(ids), resumes)):
                others = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
                names = ", ".join(missing[:_SHOWN])
                raise NotFound(f"none of the {path} has the id {names}{others}: GET /v1/{path} lists those there are")

    async def _missing(self, table: str, ids: list[str], resumes: bool) -> list[str]:
        of_it = f"SELECT FROM {table} WHERE folded_id = given.id AND deleted_at"
        query = f"SELECT id FROM unnest($1::text[]) AS given(id) WHERE NOT EXISTS ({of_it} IS NULL)"  # noqa: S608
        if resumes:
            query += f" AND NOT EXISTS ({of_it} IS NOT NULL)"  # apart: each has an index of its own
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(WITHIN_S), self._database.connection() as connection:
                return [row["id"] for row in await connection.fetch(query, ids)]
        return []
