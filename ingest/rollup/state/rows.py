"""Charge points between Postgres rows and the rollup's state, both ways. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, get_args

from ingest.rollup.fold import rules
from ingest.rollup.fold.state import ChargePoint, Expired, HistoryRow, Place, Report, Settled
from ingest.rollup.fold.view import View
from shared.stores.columns import known
from shared.words import documents, instant
from shared.words import intents as intents_of
from shared.words.status import STATUSES, Reason

from .statements import KNOWN

_UNREADABLE = (ValueError, TypeError)
_REASONS: frozenset[str] = frozenset(get_args(Reason))
_T = TypeVar("_T")


def charge_points(rows: Sequence[Any], reports: Iterable[Any], intents: Iterable[Any]) -> dict[int, ChargePoint]:
    """The state in what ``statements.read`` found, by key.

    A row that another version wrote, or a hand, costs what cannot be read of it and no more: statuses are derived
    from the reports again, a report comes with the next word of its place. ``mended`` says what it was.
    """
    found = {row["key"]: _charge_point(row) for row in rows}
    for row in reports:
        one, place = found.get(row["charge_point_key"]), (row["evse_id"], row["connector_id"])
        if one is None:
            continue  # it was deleted; what it reported stays for its history
        if row["forgotten"]:
            one.forgotten.add(place)
            continue
        try:
            one.know(place, _report(row))
        except _UNREADABLE as error:
            one.mended.append(f"its report of {place}: {error}")
            continue
        try:
            _settled(one, place, row)
        except _UNREADABLE as error:
            one.mended.append(f"the status of {place}: {error}")
    for row in intents:
        one, place = found.get(row["charge_point_key"]), (row["evse_id"], row["connector_id"])
        if one is None:
            continue
        try:
            one.intents[place] = intents_of.of_row(row)
        except _UNREADABLE as error:
            one.mended.append(f"its intent for {place}: {error}")
    for one in found.values():
        _settle_the_rest(one)
    return found


def charge_point_row(one: ChargePoint, view: View, document: bytes, now: int) -> tuple[Any, ...]:
    """A row of ``CHARGE_POINT``; ``document`` is the view's as it is served, ``now`` is ms."""
    return (
        one.key, one.log_partition, one.protocol, one.vendor, one.model, one.serial, one.firmware,
        one.hardware, one.hardware_epoch, one.hardware_since, one.unreported_since, one.identity_conflict,
        one.connectivity, one.connectivity_since, one.last_seen_at, one.closed_at,
        one.previous_seen_at, one.gateway_id, one.epoch, one.sequence, one.silent,
        view.document.operative, view.document.status, one.status_since, view.document.health,
        documents.encode(view.evse_counts).decode(), documents.encode(view.connector_counts).decode(),
        view.document.revision, now, view.document.flapping, view.document.stuck, document.decode(),
    )  # fmt: skip


def report_row(one: ChargePoint, place: Place) -> tuple[Any, ...]:
    """A row of ``REPORT``."""
    report, settled = one.reports[place], one.connectors.get(place)
    evse = one.evses.get(place[0]) if one.first_of(place[0]) == place else None
    return (
        one.key, *place, *report.words, report.info, report.since, report.event_time,
        report.reported_at, report.received_at, *report.version, report.info_at,
        *(settled or (None, None, None)), evse and evse.status, evse and evse.since, False,
        report.word_since, report.flapping, report.stuck,
    )  # fmt: skip


def intent_row(one: ChargePoint, place: Place) -> tuple[Any, ...]:
    """A row of ``INTENT``."""
    intent = one.intents[place]
    return (
        one.key, *place, intent.version, intent.operative, intent.result, intent.answered_at, intent.confirmed_at,
        *(intent.before or (None, None, None)),
    )  # fmt: skip


def history_row(row: HistoryRow) -> tuple[Any, ...]:
    """A row of ``HISTORY``."""
    return (
        row.charge_point_key, row.kind, *(row.place or (None, None)), row.reported, row.normalized, row.error_code,
        row.vendor_error_code, row.vendor_id, row.info, row.event_time, row.reported_at, row.reported_at_text,
        row.received_at, *row.version, ",".join(row.flags),
    )  # fmt: skip


def _charge_point(row: Any) -> ChargePoint:
    values = (known(value) if isinstance(value, datetime) else value for value in map(row.__getitem__, KNOWN.names))
    given: dict[str, Any] = dict(zip(KNOWN.names, values, strict=True))
    return ChargePoint(**given, station_id=row["station_id"], has_password=row["has_password"], expired=_expired(row))


def _settled(one: ChargePoint, place: Place, row: Any) -> None:
    """What the rules made of a place when its row was written, and of its EVSE where that stands with it."""
    if place[1] and row["status"] is not None:
        reason = _one_of(_REASONS, row["reason"])
        one.connectors[place] = Settled(_one_of(STATUSES, row["status"]), reason, _sure(row["status_since"]))  # type: ignore[arg-type]
    if one.first_of(place[0]) == place and row["evse_status"] is not None:
        why = rules.why_unknown(one) or "OWN"
        one.evses[place[0]] = Settled(_one_of(STATUSES, row["evse_status"]), why, _sure(row["evse_since"]))


def _settle_the_rest(one: ChargePoint) -> None:
    """What its rows do not tell follows from the reports, but for since when."""
    if one.evses.keys() == one.connectors_of.keys() and all(
        place in one.connectors for places in one.connectors_of.values() for place in places
    ):
        return
    told = set(one.connectors)
    rules.settle(one, max((report.received_at for report in one.reports.values()), default=0), "recency")
    for place, settled in one.connectors.items():
        if place not in told and settled.reason == "OWN":
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
        vendor_id=row["vendor_id"],
        info=row["info"],
        since=_sure(row["since"]),
        event_time=_sure(row["event_time"]),
        reported_at=known(row["reported_at"]),
        received_at=_sure(row["received_at"]),
        version=(row["epoch"], row["sequence"]),
        info_at=known(row["info_at"]),
        word_since=known(row["word_since"]),
        flapping=row["flapping"],
        stuck=row["stuck"],
    )


def _one_of(known_ones: Iterable[_T], value: Any) -> _T:
    if value not in known_ones:
        raise ValueError(f"{value!r} is none that is known")
    return value  # type: ignore[no-any-return]


def _sure(moment: datetime | None) -> int:
    at = known(moment)
    if at is None:
        raise ValueError(f"a time of {moment}, which is none")
    return at
