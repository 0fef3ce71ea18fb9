"""Rows into changes: documents, entity tags and tombstones."""

import json
from datetime import UTC, datetime
from typing import Any

from shared.stores import served

STATION: dict[str, Any] = {
    "key": 1, "id": "S1", "name": "One", "address": None, "latitude": 52.5, "longitude": 13.4, "time_zone": None,
    "version": 3, "status": "AVAILABLE", "health": "OK", "partially_available": False,
    "counts": {"OCCUPIED": 1, "AVAILABLE": 2}, "connectivity_counts": {"OFFLINE": 1, "ONLINE": 2}, "revision": 42,
    "status_since": datetime(2026, 3, 1, 8, tzinfo=UTC),
    "updated_at": datetime(2026, 3, 1, 8, 15, 30, 123_999, tzinfo=UTC), "deleted_at": None,
}  # fmt: skip
CHARGE_POINT: dict[str, Any] = {
    "key": 7, "id": "Cp1", "station_id": "S1", "version": 2, "revision": 40, "document": '{"id":"Cp1"}',
    "deleted_at": None,
}  # fmt: skip
DELETED = {"deleted_at": datetime(2026, 3, 1, tzinfo=UTC)}


def test_a_station_change_is_its_whole_document() -> None:
    change = served.station_change(STATION, ['{"id":"Cp1"}', '{"id":"Cp2"}'])
    assert change.document is not None
    shown = json.loads(change.document)
    assert [one["id"] for one in shown["charge_points"]] == ["Cp1", "Cp2"]
    assert (shown["updated_at"], shown["revision"]) == ("2026-03-01T08:15:30.123Z", 42)
    assert (shown["since"], shown["connectivity_counts"]) == ("2026-03-01T08:00:00.000Z", {"ONLINE": 2, "OFFLINE": 1})
    assert (change.kind, change.key, change.etag, change.revision) == ("station", "plugwatch:station:s1", '"3.42"', 42)
    assert (change.station_id, change.charge_point_id) == ("S1", None)


def test_the_order_of_counts_in_jsonb_does_not_show() -> None:
    turned = STATION | {name: dict(reversed(STATION[name].items())) for name in ("counts", "connectivity_counts")}
    assert served.station_change(STATION, []) == served.station_change(turned, [])


def test_a_charge_point_change_is_the_stored_document() -> None:
    change = served.charge_point_change(CHARGE_POINT)
    assert (change.document, change.etag, change.key) == (b'{"id":"Cp1"}', '"2.40"', "plugwatch:charge_point:cp1")


def test_what_was_deleted_is_a_tombstone_with_its_revision() -> None:
    for change in (served.station_change(STATION | DELETED, []), served.charge_point_change(CHARGE_POINT | DELETED)):
        assert change.document is None
        assert change.revision >= 40
