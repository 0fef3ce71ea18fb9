"""What Postgres says and what Redis has, side by side; and a change that is committed and not published."""

from ingest.rollup.fold.batch import batch
from ingest.rollup.fold.fold import Policy
from shared.stores import served
from shared.stores.hot import Change, HotCopy
from shared.stores.postgres import Pool
from tests.events import Session, records
from tests.integration.rollup.parts import Rollup, clock


async def changes(pool: Pool, session: Session) -> list[Change]:
    """What Postgres says of the charge point and its station."""
    async with pool.acquire() as connection:
        station = await pool.fetchval("SELECT station_key FROM charge_points WHERE key = $1", session.key)
        return await served.changes_of(connection, [station], [session.key])


async def is_copied(pool: Pool, copy: HotCopy, session: Session) -> bool:
    """Whether Redis has the bytes of Postgres, and their entity tags."""
    wanted = await changes(pool, session)
    found = (await copy.read_many([change.key for change in wanted])).documents
    return [one and (one.etag, one.document) for one in found] == [(change.etag, change.document) for change in wanted]


async def write(one: Rollup, session: Session, word: str) -> tuple[list[Change], int | None]:
    """A committed change that is not published."""
    made = batch(records(session.reported(clock(), word)))
    applied = await one.store.apply(made.events.keys(), (), made.alter(Policy()), clock())
    return applied.changes, applied.note


async def no_notes(pool: Pool) -> bool:
    return not await pool.fetchval("SELECT count(*) FROM unpublished")


async def is_vouched_for(copy: HotCopy) -> bool:
    return await copy.is_filled() and (await copy.read_many([])).lapsed_s is None
