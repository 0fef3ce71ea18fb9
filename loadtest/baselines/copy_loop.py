"""The least that a consumer can do: ``python -m loadtest.baselines.copy_loop KAFKA TOPIC DATABASE_URL``.

aiokafka, a decoder of msgspec, and in one transaction of at most 5,000 records: COPY into the history, the newest of
each plug, charge point and station upserted, positions. The same columns as the rollup's, into tables with the same
indexes in the schema `bare`; a document is a constant text of a usual length. No rule is applied, no order is checked,
nothing is locked, no position is guarded, nothing is published.
"""

import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

RECORDS = 5_000
DOCUMENT = "x" * 900

_HISTORY = (
    "charge_point_key", "kind", "evse_id", "connector_id", "reported", "normalized", "error_code", "vendor_error_code",
    "vendor_id", "info", "event_time", "reported_at", "reported_at_text", "received_at", "epoch", "sequence", "flags",
)  # fmt: skip
_REPORTS = """
    INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, error_code, vendor_error_code, vendor_id,
        info, since, event_time, reported_at, received_at, epoch, sequence, status, reason, status_since, evse_status,
        evse_since, word_since)
    SELECT k, e, c, r, ec, vec, v, i, t, t, ra, t, ep, s, upper(r), 'OWN', t, upper(r), t, t
    FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::timestamptz[], $10::timestamptz[], $11::bigint[], $12::bigint[])
        AS n (k, e, c, r, ec, vec, v, i, t, ra, ep, s)
    ON CONFLICT (charge_point_key, evse_id, connector_id) DO UPDATE SET reported = excluded.reported,
        error_code = excluded.error_code, vendor_error_code = excluded.vendor_error_code,
        vendor_id = excluded.vendor_id, info = excluded.info, since = excluded.since, event_time = excluded.event_time,
        reported_at = excluded.reported_at, received_at = excluded.received_at, epoch = excluded.epoch,
        sequence = excluded.sequence, status = excluded.status, reason = excluded.reason,
        status_since = excluded.status_since, evse_status = excluded.evse_status, evse_since = excluded.evse_since,
        word_since = excluded.word_since
"""
_CHARGE_POINTS = """
    UPDATE charge_points p SET protocol = n.protocol, connectivity = 'ONLINE', last_seen_at = n.t, gateway_id = n.g,
        epoch = n.ep, sequence = n.s, status = upper(n.r), status_since = n.t, health = 'OK',
        evse_counts = jsonb_build_object(upper(n.r), 1), connector_counts = jsonb_build_object(upper(n.r), 1),
        revision = nextval('revisions'), updated_at = now(), document = $8
    FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::text[])
        AS n (k, protocol, t, g, ep, s, r) WHERE p.key = n.k RETURNING p.station_key
"""
_STATIONS = """
    UPDATE stations SET status = 'AVAILABLE', health = 'OK', partially_available = false, counts = '{"AVAILABLE": 4}',
        revision = nextval('revisions'), updated_at = now(), status_since = now(),
        connectivity_counts = '{"ONLINE": 4}', traits = 1 WHERE key = ANY($1::bigint[])
"""
_POSITIONS = """
    INSERT INTO log_positions (topic, partition, next, last_record) SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::text[])
    ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next, last_record = excluded.last_record
"""  # noqa: E501


class Event(msgspec.Struct):
    """What a record says; other kinds than a status have nothing to write."""

    kind: str
    charge_point_id: str
    charge_point_key: int
    epoch: int
    sequence: int
    received_at: int
    gateway_id: str
    protocol: str
    evse_id: int = 0
    connector_id: int = 0
    reported: str = ""
    error_code: str | None = None
    vendor_error_code: str | None = None
    vendor_id: str | None = None
    info: str | None = None
    reported_at: int | None = None
    reported_at_text: str | None = None


async def main(servers: str, topic: str, database_url: str) -> None:
    """Reads from the beginning until it is killed."""
    database = await asyncpg.connect(database_url, server_settings={"search_path": "bare,public"})
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, max_partition_fetch_bytes=2 * 1024 * 1024)
    await consumer.start()
    partitions = [TopicPartition(topic, number) for number in await consumer._client._wait_on_metadata(topic)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    decode = msgspec.json.Decoder(Event).decode
    while True:
        polled = await consumer.getmany(timeout_ms=200, max_records=RECORDS)
        if polled:
            await write(database, topic, polled, [decode(one.value) for part in polled.values() for one in part])


async def write(
    database: "asyncpg.Connection[asyncpg.Record]",
    topic: str,
    polled: dict[TopicPartition, list[ConsumerRecord]],
    events: Collection[Event],
) -> None:
    """One transaction."""
    statuses = [one for one in events if one.kind == "status_reported"]
    plugs = {(one.charge_point_key, one.evse_id, one.connector_id): one for one in statuses}
    charge_points = {one.charge_point_key: one for one in statuses}
    async with database.transaction():
        await database.copy_records_to_table("history", records=map(_line, statuses), columns=_HISTORY)
        await database.execute(_REPORTS, *_columns([(*place, *_report(one)) for place, one in plugs.items()], 12))
        newest = [
            (key, one.protocol, _time(one.received_at), one.gateway_id, one.epoch, one.sequence, one.reported)
            for key, one in charge_points.items()
        ]
        stations = await database.fetch(_CHARGE_POINTS, *_columns(newest, 7), DOCUMENT)
        await database.execute(_STATIONS, list({row[0] for row in stations}))
        moves = [(where.partition, part[-1].offset + 1, str(part[-1].timestamp)) for where, part in polled.items()]
        await database.execute(_POSITIONS, topic, *_columns(moves, 3))


def _line(event: Event) -> tuple[Any, ...]:
    received_at, reported_at = _time(event.received_at), _time(event.reported_at)
    return (
        event.charge_point_key, "STATUS", event.evse_id, event.connector_id, event.reported, event.reported.upper(),
        event.error_code, event.vendor_error_code, event.vendor_id, event.info, received_at, reported_at,
        event.reported_at_text, received_at, event.epoch, event.sequence, [],
    )  # fmt: skip


def _report(event: Event) -> tuple[Any, ...]:
    return (
        event.reported, event.error_code, event.vendor_error_code, event.vendor_id, event.info,
        _time(event.received_at), _time(event.reported_at), event.epoch, event.sequence,
    )  # fmt: skip


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _columns(rows: Collection[tuple[Any, ...]], n: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(n)]


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
