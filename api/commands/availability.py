"""Intents: chargers in service or out of it.

An intent is a row of ``intents``; announcing its charge point makes the gateway that holds the charger
send it, now or when the charger is back. The answer comes through the log: the rollup writes it
into the row, which is where we wait for it. Who gave up waiting has lost nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from api.database import Database
from api.http.access import Author
from api.http.problems import NotFound, Unavailable
from api.inventory.writing import Write, Writing
from shared.stores import fleet
from shared.words import documents, intents
from shared.words.documents import ChargePointDocument
from shared.words.intents import CHARGE_POINT, Place

from .answers import Outcome
from .inputs import AvailabilityIntent

WAIT_S = 5
POLL_S = 0.05


_CHARGE_POINTS_OF = """
    SELECT key, id, operative, document FROM charge_points
    WHERE station_key = $1 AND deleted_at IS NULL ORDER BY key FOR NO KEY UPDATE
"""
_PARTS = """
    charge_point_key = ANY($1::bigint[]) AND (evse_id, connector_id) <> ($2, $3)
    AND ($2 = 0 OR ($3 = 0 AND evse_id = $2))
"""
#: A newer intent for the whole: those for its parts are not waited for any more, and what was out before still is.
_END_PARTS = (
    f"DELETE FROM intents WHERE {_PARTS} AND result IS NULL AND out_since IS NULL",  # noqa: S608
    f"""
    UPDATE intents SET operative = false, note = out_note, asked_by = out_by, asked_at = out_since,
           version = nextval('revisions'), result = 'Accepted', confirmed_at = now()
    WHERE {_PARTS} AND result IS NULL
    """,  # noqa: S608
    f"UPDATE intents SET confirmed_at = now() WHERE {_PARTS} AND confirmed_at IS NULL",  # noqa: S608
)
#: What the charger agreed to stands, whatever is asked now.
_OUT = """CASE WHEN intents.result IN ('Accepted', 'Scheduled') THEN CASE WHEN NOT intents.operative THEN {now} END
          ELSE {before} END"""
_INTEND = f"""
    INSERT INTO intents (charge_point_key, evse_id, connector_id, operative, note, asked_by)
    SELECT key, $2, $3, $4, $5, $6 FROM unnest($1::bigint[]) AS key
    ON CONFLICT (charge_point_key, evse_id, connector_id) DO UPDATE SET
        version = excluded.version, operative = excluded.operative, note = excluded.note,
        asked_at = excluded.asked_at, asked_by = excluded.asked_by,
        result = NULL, answered_at = NULL, confirmed_at = NULL,
        out_note = {_OUT.format(now="intents.note", before="intents.out_note")},
        out_by = {_OUT.format(now="intents.asked_by", before="intents.out_by")},
        out_since = {_OUT.format(now="intents.asked_at", before="intents.out_since")}
    RETURNING charge_point_key, version
"""  # noqa: S608
_INTENTS = "SELECT * FROM intents WHERE charge_point_key = ANY($1::bigint[])"
_SHOW = """
    UPDATE charge_points c SET operative = n.operative, revision = n.revision, document = n.document,
           updated_at = now()
    FROM unnest($1::bigint[], $2::boolean[], $3::bigint[], $4::text[]) AS n(key, operative, revision, document)
    WHERE c.key = n.key
"""
_RESULTS = """
    SELECT n.key, i.result, i.version IS NOT NULL AND c.deleted_at IS NULL AND c.closed_at IS NULL
           AND c.connectivity = 'ONLINE' AND c.registration = 'ACCEPTED' AS may_answer
    FROM unnest($1::bigint[], $2::bigint[]) AS n(key, version)
    JOIN charge_points c ON c.key = n.key
    LEFT JOIN intents i ON i.charge_point_key = n.key AND i.version = n.version
"""


class Asked(NamedTuple):
    """What came of an intent: the result of each charge point, by id, in order."""

    results: list[tuple[str, Outcome]]

    @property
    def all_answered(self) -> bool:
        """Whether there is nothing to wait for."""
        return all(result not in ("Waiting", "TimedOut") for _, result in self.results)


class Availability:
    """Stores intents and waits a little for the answers; ``clock`` is monotonic (s).

    Every method may raise ``NotFound`` and ``Unavailable``.
    """

    def __init__(self, writing: Writing, database: Database, clock: Callable[[], float]) -> None:
        self._writing = writing
        self._database = database
        self._clock = clock

    async def ask_station(self, author: Author, station_id: str, intent: AvailabilityIntent) -> Asked:
        """Every charge point of the station, as a whole."""
        async with self._writing.write(author) as write:
            station = await write.lock_station(station_id)
            rows = await write.connection.fetch(_CHARGE_POINTS_OF, station["key"])
            versions = await _store(write, rows, CHARGE_POINT, intent)
            if rows:
                write.stations.add(station["key"])
        return await self._answers({row["key"]: row["id"] for row in rows}, versions)

    async def ask_charge_point(self, author: Author, charge_point_id: str, intent: AvailabilityIntent) -> Asked:
        """One charge point as a whole."""
        return await self._ask_one(author, charge_point_id, CHARGE_POINT, intent)

    async def ask_connector(
        self, author: Author, charge_point_id: str, place: Place, intent: AvailabilityIntent
    ) -> Asked:
        """A connector, or an EVSE with all its connectors, that the charge point has reported."""
        return await self._ask_one(author, charge_point_id, place, intent)

    async def _ask_one(self, author: Author, charge_point_id: str, place: Place, intent: AvailabilityIntent) -> Asked:
        async with self._writing.write(author) as write:
            row = await write.lock_charge_point(charge_point_id)
            document = documents.charge_point(row["document"])
            if place[0] and not place[1] and document.protocol == "ocpp1.6":
                place = (place[0], 1)  # which is the same there, and must not be asked for twice
            if place != CHARGE_POINT and not _has(document, place):
                raise NotFound("the charge point has reported no such connector: GET it to see which it has")
            versions = await _store(write, [row], place, intent)
            write.stations.update({row["station_key"]} - {None})
        return await self._answers({row["key"]: row["id"]}, versions)

    async def _answers(self, ids: dict[int, str], versions: dict[int, int]) -> Asked:
        """What the rollup wrote into the intents' rows, within ``WAIT_S``."""
        deadline = self._clock() + WAIT_S
        results: dict[int, Outcome] = dict.fromkeys(ids, "Waiting")
        while ids:
            with contextlib.suppress(Unavailable):  # it is stored: that the answer cannot be seen changes nothing
                async with self._database.connection() as connection:
                    rows = await connection.fetch(_RESULTS, list(versions), list(versions.values()))
                results |= {
                    row["key"]: row["result"] or ("TimedOut" if row["may_answer"] else "Waiting") for row in rows
                }
                if "TimedOut" not in results.values():
                    break
            if self._clock() >= deadline:
                break
            await asyncio.sleep(POLL_S)
        return Asked([(id_, results[key]) for key, id_ in ids.items()])


async def _store(write: Write, rows: Sequence[Any], place: Place, intent: AvailabilityIntent) -> dict[int, int]:
    """Writes the intent for each of the locked charge points and into their documents; versions by key."""
    if not rows:
        return {}
    keys = [row["key"] for row in rows]
    for statement in _END_PARTS:
        await write.connection.execute(statement, keys, *place)
    stored = await write.connection.fetch(_INTEND, keys, *place, intent.operative, intent.note, write.author.actor)
    of_keys: dict[int, dict[Place, intents.Intent]] = {}
    for row in await write.connection.fetch(_INTENTS, keys):
        of_keys.setdefault(row["charge_point_key"], {})[row["evse_id"], row["connector_id"]] = intents.of_row(row)
    revisions = await fleet.take_revisions(write.connection, len(rows))
    shown = []
    for row, revision in zip(rows, revisions, strict=True):
        before = documents.charge_point(row["document"])
        after = before.with_(**intents.fields(of_keys[row["key"]]), revision=revision)
        shown.append((row["key"], after.operative, revision, documents.encode(after).decode()))
        of = {"evse_id": place[0], "connector_id": place[1]} if place != CHARGE_POINT else {}
        write.record(
            "availability.asked",
            station_id=before.station_id,
            charge_point_id=row["id"],
            before={"operative": row["operative"]} if place == CHARGE_POINT else None,
            after={"operative": intent.operative, "note": intent.note, **of},
        )
    await write.connection.execute(_SHOW, *zip(*shown, strict=True))
    write.charge_points.update(keys)
    return {row["charge_point_key"]: row["version"] for row in stored}


def _has(document: ChargePointDocument, place: Place) -> bool:
    evse_id, connector_id = place
    return any(
        evse.id == evse_id and (not connector_id or any(one.id == connector_id for one in evse.connectors))
        for evse in document.evses
    )
