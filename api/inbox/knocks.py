"""Charge points that knock and are refused: gateways count them, an operator adopts or forgets them."""

from typing import Any

from api.database import Database
from api.http import ids, pages
from api.http.access import Author
from api.http.pages import Page
from api.http.problems import FieldError, Invalid, NotFound
from api.inventory.inputs import NewChargePoint
from api.inventory.inventory import Inventory
from api.inventory.writing import Writing
from shared.stores.hot import Change
from shared.words import instant

from .answers import Knock
from .inputs import Adoption, InboxFilters

# A gateway hands over every few seconds: a 404 may arrive here after the charge point was created.
_LIST = """
    SELECT folded_id, id, status, attempts, first_seen_at, last_seen_at,
           (extract(epoch FROM first_seen_at) * 1000000)::bigint AS position
    FROM unknown_charge_points u
    WHERE ($1::bigint IS NULL OR (first_seen_at, folded_id) <
              ('epoch'::timestamptz + $1::bigint * interval '1 microsecond', $2::text))
      AND NOT (status = 404 AND EXISTS (
              SELECT FROM charge_points c WHERE c.folded_id = u.folded_id AND c.deleted_at IS NULL))
    ORDER BY first_seen_at DESC, folded_id DESC LIMIT $3
"""
_SPELLING = "SELECT id FROM unknown_charge_points WHERE folded_id = lower($1)"
_FORGET = "DELETE FROM unknown_charge_points WHERE folded_id = lower($1) RETURNING id"
_NONE = "nobody with this id has knocked: GET /v1/inbox lists those who have"


class Inbox:
    """Refused ids. Every method may raise ``Unavailable``."""

    def __init__(self, database: Database, writing: Writing, inventory: Inventory) -> None:
        self._database = database
        self._writing = writing
        self._inventory = inventory

    async def page(self, filters: InboxFilters) -> Page[Knock]:
        """Those who knocked, the newest first: by when each came first, which does not change while pages are read.

        Raises:
            Invalid: the cursor is none of this list.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(_LIST, *_position(filters.cursor), filters.limit + 1)
        shown = rows[: filters.limit]
        last = f"{shown[-1]['position']} {shown[-1]['folded_id']}" if len(rows) > len(shown) else None
        return Page(items=[_item(row) for row in shown], next_cursor=last and pages.encode("i", last))

    async def adopt(self, author: Author, charge_point_id: str, adoption: Adoption) -> Change:
        """The one who knocked as a new charge point, spelled as it spells itself.

        Raises:
            NotFound: nobody knocked under this id.
            Invalid: there is no such station.
            IdTaken: it is in the inventory (its password may be wrong).
        """
        async with self._database.connection() as connection:
            spelled = (
                await connection.fetchval(_SPELLING, charge_point_id) if ids.is_charge_point(charge_point_id) else None
            )
        if spelled is None:
            raise NotFound(_NONE)
        new = NewChargePoint(id=spelled, password=adoption.password, registration=adoption.registration)
        try:
            return await self._inventory.create_charge_point(author, adoption.station_id, new, "adopted")
        except NotFound as error:
            raise Invalid(FieldError("station_id", "there is no such station: create it first")) from error

    async def forget(self, author: Author, charge_point_id: str) -> None:
        """No such entry any more, until it knocks again.

        Raises:
            NotFound: nobody knocked under this id.
        """
        if not ids.is_charge_point(charge_point_id):
            raise NotFound(_NONE)
        async with self._writing.write(author) as write:
            spelled = await write.connection.fetchval(_FORGET, charge_point_id)
            if spelled is None:
                raise NotFound(_NONE)
            write.record("inbox.forgotten", charge_point_id=spelled)


def _position(cursor: str | None) -> tuple[int | None, str | None]:
    if cursor is None:
        return None, None
    number, _, folded_id = pages.decode("i", cursor).partition(" ")
    if not (number.isdigit() and len(number) <= 16 and folded_id):
        raise Invalid(FieldError("cursor", "not a cursor of this list: take next_cursor of a page, or leave it out"))
    return int(number), folded_id


def _item(row: Any) -> Knock:
    first, last = (instant.to_text(instant.from_datetime(row[name])) for name in ("first_seen_at", "last_seen_at"))
    return Knock(row["id"], row["status"], row["attempts"], first, last)
