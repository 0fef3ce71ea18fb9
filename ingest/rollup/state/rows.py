"""Charge points between Postgres rows and the rollup's state: the columns, once, and both ways. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec

from ingest.rollup.fold import rules
from ingest.rollup.fold.rules import View
from ingest.rollup.fold.state import ChargePoint, Expired, HistoryRow, Place, Report, Settled, Wish
from shared.words import documents, instant
from shared.words.status import Reason

_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError)

CHARGE_POINTS = """
    SELECT c.key, c.id, c.station_key, s.id AS station_id, c.registration, c.operative, c.log_partition,
           c.protocol, c.vendor, c.model, c.serial, c.firmware, c.connectivity, c.connectivity_since,
           c.last_seen_at, c.closed_at, c.previous_seen_at, c.gateway_id, c.epoch, c.sequence, c.version, c.document,
           g.renewed_at, g.expires_at, now() - g.expires_at AS expired_for
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    LEFT JOIN gateways g ON g.id = c.gateway_id AND g.expires_at < now()
    WHERE c.key = ANY($1::bigint[]) AND c.deleted_at IS NULL ORDER BY c.key FOR NO KEY UPDATE OF c
"""
REPORTS = "SELECT * FROM reports WHERE charge_point_key = ANY($1::bigint[])"

WISHES = """
    SELECT * FROM intents
    WHERE charge_point_key = ANY($1::bigint[]) AND confirmed_at IS NULL AND result IS DISTINCT FROM 'Rejected'
"""

UPDATE = """
    UPDATE charge_points c SET
        log_partition = n.log_partition, protocol = n.protocol, vendor = n.vendor, model = n.model,
        serial = n.serial, firmware = n.firmware, connectivity = n.connectivity,
        connectivity_since = n.connectivity_since, last_seen_at = n.last_seen_at, closed_at = n.closed_at,
        previous_seen_at = n.previous_seen_at, gateway_id = n.gateway_id, epoch = n.epoch, sequence = n.sequence,
        status = n.status, health = n.health, evse_counts = n.evse_counts::jsonb,
        connector_counts = n.connector_counts::jsonb, revision = n.revision, document = n.document
    FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[],
                $14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[],
                $21::text[])
        AS n(key, log_partition, protocol, vendor, model, serial, firmware, connectivity, connectivity_since,
             last_seen_at, closed_at, previous_seen_at, gateway_id, epoch, sequence, status, health,
             evse_counts, connector_counts, revision, document)
    WHERE c.key = n.key
"""
UPDATE_WISHES = """
    UPDATE intents i SET result = n.result, answered_at = n.answered_at, confirmed_at = n.confirmed_at
    FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::bigint[], $5::text[], $6::timestamptz[],
                $7::timestamptz[])
        AS n(charge_point_key, evse_id, connector_id, version, result, answered_at, confirmed_at)
    WHERE i.charge_point_key = n.charge_point_key AND i.evse_id = n.evse_id AND i.connector_id = n.connector_id
      AND i.version = n.version
"""
UPSERT_REPORTS = """
    INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, error_code, vendor_error_code, info,
                         since, event_time, reported_at, received_at, epoch, sequence, info_at)
    SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
                         $12::bigint[], $13::bigint[], $14::timestamptz[])
    ON CONFLICT (charge_point_key, evse_id, connector_id) DO UPDATE SET
        reported = excluded.reported, error_code = excluded.error_code,
        vendor_error_code = excluded.vendor_error_code, info = excluded.info, since = excluded.since,
        event_time = excluded.event_time, reported_at = excluded.reported_at, received_at = excluded.received_at,
        epoch = excluded.epoch, sequence = excluded.sequence, info_at = excluded.info_at
"""
_HISTORY = """
    unnest($1::bigint[], $2::text[], $3::smallint[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
           $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::timestamptz[], $14::bigint[],
           $15::bigint[], $16::text[])
        AS n(charge_point_key, kind, evse_id, connector_id, reported, normalized, error_code, vendor_error_code,
             info, event_time, reported_at, reported_at_text, received_at, epoch, sequence, flags)
"""
_INSERT_HISTORY = """
    INSERT INTO history (charge_point_key, kind, evse_id, connector_id, reported, normalized, error_code,
                         vendor_error_code, info, event_time, reported_at, reported_at_text, received_at, epoch,
                         sequence, flags)
    SELECT n.charge_point_key, n.kind, n.evse_id, n.connector_id, n.reported, n.normalized, n.error_code,
           n.vendor_error_code, n.info, n.event_time, n.reported_at, n.reported_at_text, n.received_at, n.epoch,
           n.sequence, string_to_array(n.flags, ',')
    FROM
"""
INSERT_HISTORY = f"{_INSERT_HISTORY} {_HISTORY} ON CONFLICT DO NOTHING"
#: A late line is one only if it differs from what was known of its place just before it.
INSERT_LATE = f"""
    {_INSERT_HISTORY} {_HISTORY}
    LEFT JOIN LATERAL (
        SELECT h.reported, h.error_code, h.vendor_error_code FROM history h
        WHERE h.charge_point_key = n.charge_point_key AND h.kind = n.kind
          AND h.evse_id = n.evse_id AND h.connector_id = n.connector_id
          AND (h.epoch, h.sequence) <= (n.epoch, n.sequence)
        ORDER BY h.epoch DESC, h.sequence DESC LIMIT 1
    ) AS before ON true
    WHERE (before.reported, before.error_code, before.vendor_error_code)
          IS DISTINCT FROM (n.reported, n.error_code, n.vendor_error_code)
    ON CONFLICT DO NOTHING
"""  # noqa: S608


def charge_points(rows: Sequence[Any], reports: Iterable[Any], wishes: Iterable[Any]) -> dict[int, ChargePoint]:
    """The state in rows of ``CHARGE_POINTS``, ``REPORTS`` and ``WISHES``, by key.

    A row that another version wrote, or a hand, costs what cannot be read of it and no more: statuses are derived
    from the reports again, a report comes with the next word of its place. ``mended`` says what it was.
    """
    found = {row["key"]: _charge_point(row) for row in rows}
    for row in reports:
        one, place = found[row["charge_point_key"]], (row["evse_id"], row["connector_id"])
        try:
            one.know(place, _report(row))
        except _UNREADABLE as error:
            one.mended.append(f"its report of {place}: {error}")
    for row in wishes:
        one, place = found[row["charge_point_key"]], (row["evse_id"], row["connector_id"])
        try:
            one.wishes[place] = _wish(row)
        except _UNREADABLE as error:
            one.mended.append(f"its wish for {place}: {error}")
    for row in rows:
        _settled(found[row["key"]], row["document"])
    return found


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows turned into the columns that ``unnest`` takes."""
    return [list(column) for column in zip(*rows, strict=True)]


def charge_point_row(one: ChargePoint, view: View) -> tuple[Any, ...]:
    """A row of ``UPDATE``."""
    return (
        one.key, one.log_partition, one.protocol, one.vendor, one.model, one.serial, one.firmware, one.connectivity,
        _moment(one.connectivity_since), _moment(one.last_seen_at), _moment(one.closed_at),
        _moment(one.previous_seen_at), one.gateway_id, one.epoch, one.sequence,
        view.document.status, view.document.health, documents.encode(view.evse_counts).decode(),
        documents.encode(view.connector_counts).decode(), view.document.revision,
        documents.encode(view.document).decode(),
    )  # fmt: skip


def report_row(key: int, place: Place, report: Report) -> tuple[Any, ...]:
    """A row of ``UPSERT_REPORTS``."""
    return (
        key, *place, report.reported, report.error_code, report.vendor_error_code, report.info,
        _moment(report.since), _moment(report.event_time), _moment(report.reported_at),
        _moment(report.received_at), *report.version, _moment(report.info_at),
    )  # fmt: skip


def wish_row(key: int, place: Place, wish: Wish) -> tuple[Any, ...]:
    """A row of ``UPDATE_WISHES``."""
    return (key, *place, wish.version, wish.result, _moment(wish.answered_at), _moment(wish.confirmed_at))


def history_row(row: HistoryRow) -> tuple[Any, ...]:
    """A row of ``INSERT_HISTORY`` and ``INSERT_LATE``."""
    return (
        row.charge_point_key, row.kind, *(row.place or (None, None)), row.reported, row.normalized, row.error_code,
        row.vendor_error_code, row.info, _moment(row.event_time), _moment(row.reported_at), row.reported_at_text,
        _moment(row.received_at), *row.version, ",".join(row.flags),
    )  # fmt: skip


def _charge_point(row: Any) -> ChargePoint:
    return ChargePoint(
        key=row["key"],
        id=row["id"],
        station_key=row["station_key"],
        station_id=row["station_id"],
        registration=row["registration"],
        operative=row["operative"],
        protocol=row["protocol"],
        vendor=row["vendor"],
        model=row["model"],
        serial=row["serial"],
        firmware=row["firmware"],
        connectivity=row["connectivity"],
        connectivity_since=_instant(row["connectivity_since"]),
        last_seen_at=_instant(row["last_seen_at"]),
        closed_at=_instant(row["closed_at"]),
        previous_seen_at=_instant(row["previous_seen_at"]),
        gateway_id=row["gateway_id"],
        expired=_expired(row),
        log_partition=row["log_partition"],
        epoch=row["epoch"],
        sequence=row["sequence"],
    )


def _settled(one: ChargePoint, stored: str) -> None:
    """Fills in the statuses that were arrived at, from the document; if it does not tell, from the reports."""
    try:
        document = documents.charge_point(stored)
        one.identity_conflict = document.identity_conflict
        reason: Reason = rules.why_unknown(one) or "OWN"
        for evse in document.evses:
            one.evses[evse.id] = Settled(evse.status, reason, instant.from_text(evse.since))
            for connector in evse.connectors:
                settled = Settled(connector.status, connector.reason, instant.from_text(connector.since))
                one.connectors[evse.id, connector.id] = settled
    except _UNREADABLE as error:
        one.mended.append(f"its document: {error}")
    else:
        places = set(chain.from_iterable(one.connectors_of.values()))
        if one.connectors.keys() == places and one.evses.keys() == one.connectors_of.keys():
            return
        one.mended.append("its document: it has other places than there are reports of")
    one.evses.clear()
    one.connectors.clear()
    rules.settle(one, max((report.received_at for report in one.reports.values()), default=0), "recency")
    for place, settled in one.connectors.items():
        if settled.reason == "OWN":
            one.connectors[place] = settled._replace(since=one.reports[place].since)


def _expired(row: Any) -> Expired | None:
    if row["expires_at"] is None:
        return None
    ago = row["expired_for"] // timedelta(milliseconds=1)
    return Expired(instant.from_datetime(row["renewed_at"]), instant.from_datetime(row["expires_at"]), ago)


def _report(row: Any) -> Report:
    return Report(
        reported=row["reported"],
        error_code=row["error_code"],
        vendor_error_code=row["vendor_error_code"],
        info=row["info"],
        since=_known(row["since"]),
        event_time=_known(row["event_time"]),
        reported_at=_instant(row["reported_at"]),
        received_at=_known(row["received_at"]),
        version=(row["epoch"], row["sequence"]),
        info_at=_instant(row["info_at"]),
    )


def _wish(row: Any) -> Wish:
    return Wish(
        version=row["version"],
        operative=row["operative"],
        note=row["note"],
        asked_at=_known(row["asked_at"]),
        result=row["result"],
        answered_at=_instant(row["answered_at"]),
        confirmed_at=None,
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else instant.to_datetime(at)


def _instant(moment: datetime | None) -> int | None:
    """Infinity, which asyncpg gives without a time zone, is no time that a clock could have said."""
    return None if moment is None or moment.tzinfo is None else instant.from_datetime(moment)


def _known(moment: datetime) -> int:
    at = _instant(moment)
    if at is None:
        raise ValueError(f"a time of {moment:%Y-%m-%d}, which is none")
    return at
