"""The inventory in memory: which charge points exist, whether they may come in, and with what password.

Loaded whole at the start and kept fresh by LISTEN (rows named in the payload; the connection proves
every 10 s that it hears) and by comparing all of it, page by page: at once after each reconnect, and every
minute, spread over some seconds of it. One task alone reads all that, so that no row is replaced by an older one. An
id that is not here is looked up once in Postgres, lookups of the same id joined and a miss remembered for a
second. Known chargers never touch Postgres.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from ingest.gateway.inventory.comparison import PAGE, Comparison
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.turns import in_turns
from shared.stores import fleet, hearing, postgres
from shared.stores.hearing import Proof
from shared.stores.outage import Outage
from shared.stores.postgres import AWAY, Pool
from shared.words import documents
from shared.words.documents import ChargePointDocument

log = logging.getLogger("plugwatch.gateway.registry")

COMPARE_S = 60
SPREAD_S = 15  #: what nobody waits for is compared over so long, so that chargers do not feel it
MISS_S = 1.0
MISSES = 10_000
RELEASE_S = 3  #: asyncpg waits so long for a connection, and for one to come to rest that hangs in a query

_INTENTS = """
    (SELECT jsonb_agg(jsonb_build_array(i.version, i.operative, i.evse_id, i.connector_id) ORDER BY i.version)
     FROM intents i WHERE i.charge_point_key = c.key AND {which})
"""
#: One that the charger agreed to stands: out of service until a newer intent, in service until its statuses say so,
#: or as long as what is around it is out.
_AGREED = """
    i.result IN ('Accepted', 'Scheduled') AND (NOT i.operative OR i.confirmed_at IS NULL OR EXISTS (
        SELECT FROM intents w
        WHERE w.charge_point_key = c.key AND w.version < i.version AND NOT w.operative
          AND w.result IN ('Accepted', 'Scheduled') AND w.connector_id = 0 AND w.evse_id IN (0, i.evse_id)
    ))
"""
_COLUMNS = f"""
    key, id, registration, password_hash, epoch, deleted_at IS NOT NULL AS deleted,
    {_INTENTS.format(which="i.result IS NULL")} AS intents, {_INTENTS.format(which=_AGREED)} AS agreed,
    extract(epoch FROM c.trace_until - now())::float8 AS trace_s
"""
_PAGE = f"""
    SELECT {_COLUMNS} FROM charge_points c WHERE key > $1 AND deleted_at IS NULL ORDER BY key LIMIT {PAGE}
"""  # noqa: S608
_SOME = f"SELECT {_COLUMNS} FROM charge_points c WHERE key = ANY($1::bigint[])"  # noqa: S608
_ONE = f"SELECT {_COLUMNS} FROM charge_points c WHERE folded_id = lower($1) AND deleted_at IS NULL"  # noqa: S608
_REGISTER = """
    INSERT INTO charge_points (id, revision, document)
    SELECT $1, nextval('revisions'), $2
    WHERE NOT EXISTS (SELECT FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NOT NULL)
    ON CONFLICT DO NOTHING
"""


class Registry:
    """Ids to entries, case-insensitively."""

    def __init__(self, pool: Pool, *, listen_dsn: str, open_registration: bool) -> None:
        self._pool = pool
        self._listen_dsn = listen_dsn
        self._open = open_registration
        self._by_id: dict[str, Entry] = {}
        self._by_key: dict[int, Entry] = {}
        self._lookups: dict[str, asyncio.Future[Entry | None]] = {}
        self._misses: dict[str, float] = {}
        self._named: set[int] = set()
        self._is_all_named = False
        self._stale = asyncio.Event()
        self._proof = Proof(0)
        self._deafness = Outage(
            log,
            "changes of the inventory are not heard: they act after a minute at most. "
            "Check that PLUGWATCH_DATABASE_DIRECT_URL leads to Postgres itself, not to a pooler",
            "changes of the inventory are heard again",
        )
        self._outage = Outage(
            log,
            "changes of the inventory cannot be read: they act once Postgres answers. Check PLUGWATCH_DATABASE_URL",
            "changes of the inventory are read again",
        )
        self.on_change: Callable[[Entry], None] = lambda entry: None

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def without_password(self) -> int:
        """How many charge points have no password set."""
        return sum(entry.password_hash is None for entry in self._by_key.values())

    def known(self, key: int) -> Entry | None:
        """The entry of an inventory row."""
        return self._by_key.get(key)

    def here(self, charge_point_id: str) -> Entry | None:
        """The charge point of that id if it is in memory."""
        return self._by_id.get(charge_point_id.lower())

    async def find(self, charge_point_id: str) -> Entry | None:
        """The charge point of that id, None if there is none.

        Raises:
            one of ``postgres.AWAY``: it is not in memory and Postgres cannot be asked.
        """
        folded = charge_point_id.lower()
        if (entry := self._by_id.get(folded)) is not None:
            return entry
        if time.monotonic() < self._misses.get(folded, 0):
            return None
        if (asked := self._lookups.get(folded)) is None:
            asked = self._lookups[folded] = asyncio.get_running_loop().create_future()
            try:
                asked.set_result(await self._look_up(charge_point_id, folded))
            except BaseException as error:
                asked.set_exception(error if isinstance(error, AWAY) else ConnectionAbortedError("lookup abandoned"))
                asked.exception()  # whoever waits gets it; nobody waiting is fine
                raise
            finally:
                del self._lookups[folded]
        return await asyncio.shield(asked)

    async def load(self) -> None:
        """Compares with all of the inventory and takes over what differs.

        Raises:
            one of ``postgres.AWAY``
        """
        comparison = Comparison(self._by_key)
        while not comparison.is_over:
            await self._compare_page(comparison)

    async def listen(self) -> None:
        """Hears which rows changed, until cancelled."""
        while True:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    connection = await postgres.connect(self._listen_dsn, name="plugwatch-gateway-listen")
                    stack.callback(connection.terminate)  # a close that hangs would swallow a cancellation
                    lost = asyncio.Event()
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    with postgres.lost_is_away():
                        await connection.add_listener(fleet.REGISTRY_CHANNEL, self._notified)
                    self._name("*")  # nobody has heard what was said until now
                    self._proof = Proof(time.monotonic())
                    while not lost.is_set():
                        if (word := self._proof.due(time.monotonic())) is not None:
                            with postgres.lost_is_away():
                                await connection.execute(
                                    "SELECT pg_notify($1, $2)", fleet.REGISTRY_CHANNEL, word, timeout=hearing.WITHIN_S
                                )
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(self._proof.due_in(time.monotonic())):
                                await lost.wait()
            except AWAY as error:
                self._deafness.began(error)
            await asyncio.sleep(1)

    async def follow(self, compare_s: float = COMPARE_S) -> None:
        """Reads the rows that changed, and compares all of them every ``compare_s``, until cancelled."""
        comparison, began_at, pause_s = None, time.monotonic(), 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._stale.wait()
            self._stale.clear()
            try:
                await self._read_named()
                if comparison is None and (self._is_all_named or time.monotonic() - began_at >= compare_s):
                    began_at = time.monotonic()
                    pause_s = 0 if self._is_all_named else SPREAD_S * PAGE / max(len(self._by_key), PAGE)
                    comparison, self._is_all_named = Comparison(self._by_key), False
                if comparison is not None:
                    await self._compare_page(comparison)
            except AWAY as error:
                self._outage.began(error)
                pause_s = 0  # what was to be read is read when it can be
                await asyncio.sleep(1)
                continue
            self._outage.ended()
            if comparison is not None and comparison.is_over:
                comparison = None
            if self._is_all_named:  # if it is being compared, the rest goes fast: then it is all of it again
                pause_s = 0
            elif comparison is None:
                pause_s = max(0, began_at + compare_s - time.monotonic())

    async def _read_named(self) -> None:
        if not self._named:
            return
        named, self._named = self._named, set()
        try:
            async with asyncio.timeout(10), self._pool.acquire(timeout=RELEASE_S) as connection:
                rows = await connection.fetch(_SOME, list(named))
        except AWAY:
            self._named |= named
            raise
        await self._take_all(rows)

    async def _compare_page(self, comparison: Comparison) -> None:
        async with asyncio.timeout(60), self._pool.acquire(timeout=RELEASE_S) as connection:
            rows = await connection.fetch(_PAGE, comparison.after, timeout=60)
        await self._forget(comparison.gone([row["key"] for row in rows]))
        await self._take_all(rows)

    async def _forget(self, keys: Sequence[int]) -> None:
        """The last page may end all of a fleet at once: the loop turns between some of them."""
        async for some in in_turns(keys, PAGE):
            for key in some:
                if (entry := self._by_key.get(key)) is not None:
                    self._remove(entry)

    async def _take_all(self, rows: Sequence[Any]) -> None:
        async for some in in_turns(rows, PAGE):
            for row in some:
                self._take(row)

    def _notified(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if self._proof.hears(str(payload), time.monotonic()):
            self._deafness.ended()
        else:
            self._name(str(payload))

    def _name(self, keys: str) -> None:
        if keys == "*":
            self._is_all_named = True
        else:
            self._named.update(int(key) for key in keys.split(",") if key.isdigit())
        self._stale.set()

    async def _look_up(self, charge_point_id: str, folded: str) -> Entry | None:
        async with asyncio.timeout(5), self._pool.acquire(timeout=RELEASE_S) as connection:
            row = await connection.fetchrow(_ONE, charge_point_id)
            if row is None and self._open:
                document = documents.encode(ChargePointDocument(id=charge_point_id, station_id=None)).decode()
                await connection.execute(_REGISTER, charge_point_id, document)
                row = await connection.fetchrow(_ONE, charge_point_id)
        if row is None:
            while len(self._misses) >= MISSES:
                del self._misses[next(iter(self._misses))]
            self._misses[folded] = time.monotonic() + MISS_S
            return None
        self._name(str(row["key"]))  # what changed since it was read may have been read, and told, before
        return self._take(row)

    def _take(self, row: Any) -> Entry | None:
        entry = self._by_key.get(row["key"])
        if entry is not None and entry.id != row["id"]:  # another database, as one that was restored
            self._remove(entry)
            entry = None
        if entry is None:
            if row["deleted"]:
                return None
            entry = self._by_key[row["key"]] = Entry(row)
            self._by_id[entry.id.lower()] = entry
            self._misses.pop(entry.id.lower(), None)
        elif row["deleted"]:
            self._remove(entry)
            return None
        elif entry.update(row):
            self.on_change(entry)
        return entry

    def _remove(self, entry: Entry) -> None:
        del self._by_key[entry.key]
        if self._by_id.get(entry.id.lower()) is entry:
            del self._by_id[entry.id.lower()]
        entry.deleted = True
        self.on_change(entry)
