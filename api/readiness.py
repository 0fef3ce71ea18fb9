"""Whether the API takes work: it does while Redis or Postgres answers, and is not stopping (invariant 14).

A Redis whose freshness mark lapsed is ``stale``: Postgres is asked instead, and without it old documents are
better than none. A Postgres that takes no writes now is ``read-only``: it is enough for what most ask.
"""

from collections.abc import Mapping

from shared.process import admin
from shared.stores import postgres
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool


class Readiness:
    """What ``/readyz`` asks; set ``draining`` before the server stops."""

    def __init__(self, copy: HotCopy, pool: Pool) -> None:
        self._copy = copy
        self._pool = pool
        self.draining = False

    async def __call__(self) -> tuple[bool, Mapping[str, str]]:
        """Ready or not, and the state of each dependency by name."""
        redis = store = "away"

        async def redis_answers() -> bool:
            nonlocal redis
            redis = await self._copy.state()
            return redis != "away"

        async def postgres_answers() -> bool:
            nonlocal store
            if await postgres.answers(self._pool):
                store = "ok"
            elif await postgres.reads(self._pool):
                store = "read-only"
            return store != "away"

        found = await admin.probed({"redis": redis_answers, "postgres": postgres_answers})
        states = {"redis": redis, "postgres": store}
        if self.draining:
            return False, states | {"process": "stopping"}
        return any(found.values()), states
