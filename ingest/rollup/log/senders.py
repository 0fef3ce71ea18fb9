"""Whose records were set aside within the hour: what the limit of dead letters counts, in Postgres.

In Postgres, beside the positions, because it has to outlive a restart and to count for all rollups at once;
the dead-letter topic would have to be read for an hour back before anything could be sent to it.
"""

from collections.abc import Collection

from shared.stores.postgres import Pool

WINDOW_S = 3600

_COUNT = """
    SELECT count(*) FROM (
        SELECT sender FROM dead_letter_senders WHERE topic = $1 AND last_at > now() - make_interval(secs => $3)
        UNION SELECT unnest($2::text[])
    ) AS counted
"""
_ADD = """
    INSERT INTO dead_letter_senders (topic, sender, last_at) SELECT $1, unnest($2::text[]), now()
    ON CONFLICT (topic, sender) DO UPDATE SET last_at = excluded.last_at
"""
_FORGET = "DELETE FROM dead_letter_senders WHERE topic = $1 AND last_at <= now() - make_interval(secs => $2)"


class TooMuchPoison(Exception):
    """The limit of different senders within the window is passed; a person must look."""


class Senders:
    """The senders of one topic's dead letters."""

    def __init__(self, pool: Pool, *, topic: str, limit: int) -> None:
        self._pool = pool
        self._topic = topic
        self._limit = limit

    async def admit(self, senders: Collection[str]) -> None:
        """Counts them, before anything of them is sent; all or none.

        Raises:
            TooMuchPoison: with them there are more than the limit; none of them was counted.
            one of ``postgres.AWAY``: try again.
        """
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await connection.execute("LOCK TABLE dead_letter_senders IN SHARE ROW EXCLUSIVE MODE")  # rollups in turn
            count = await connection.fetchval(_COUNT, self._topic, list(senders), WINDOW_S)
            if count > self._limit:
                raise TooMuchPoison(
                    f"records of {count} different charge points within an hour cannot be applied, and "
                    f"PLUGWATCH_DEAD_LETTER_LIMIT is {self._limit}: nothing more is set aside, the position stands. "
                    "See who writes them (python -m ingest.rollup.redrive shows those before) and stop that; or, if "
                    "this rollup is wrong, roll it back; or raise the limit"
                )
            await connection.execute(_ADD, self._topic, list(senders))
            await connection.execute(_FORGET, self._topic, WINDOW_S)
