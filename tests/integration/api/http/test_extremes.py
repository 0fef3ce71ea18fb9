"""Whatever a charger can say, at and beyond its extremes: stored, read again, and back from the API as it went in."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from prometheus_client import CollectorRegistry

from ingest.ocpp.session import Policy as SessionPolicy
from ingest.ocpp.session import Session
from ingest.rollup.fold.batch import batch
from ingest.rollup.fold.fold import Policy
from ingest.rollup.fold.state import ChargePoint, HistoryRow
from ingest.rollup.fold.view import viewed
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.store import Store
from shared.stores.hot import HotCopy
from shared.stores.postgres import Pool
from shared.words import documents, instant
from shared.words.event import Event, StatusReported
from tests.events import T0, records
from tests.integration.api.served import Api
from tests.integration.rollup.parts import Fleet
from tests.strategies import events, frames
from tests.unit.ingest.rollup.worlds import World

NOW = T0
_names = count()

each_example_is_a_charge_point_of_its_own = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Kept:
    """A charge point and the events told of it, in Postgres and Redis, and in mind."""

    def __init__(self, pool: Pool, copy: HotCopy, api: Api) -> None:
        self.pool, self.copy, self.api = pool, copy, api
        self.store = Store(pool, topic="extremes", metrics=Metrics(CollectorRegistry()))

    async def comes_back(self, *batches: Sequence[Event]) -> None:
        """Applies the batches, and compares what the API shows with the same events folded in mind."""
        fleet = Fleet(self.pool, token_hex(3))
        key = await fleet.charge_point(None, f"CP{next(_names)}")
        charge_point_id = (await fleet.document(key)).id
        world = World(one=ChargePoint(key=key, id=charge_point_id))
        for given_events in batches:
            own = [structs.replace(one, charge_point_id=charge_point_id, charge_point_key=key) for one in given_events]
            made = batch(records(*own))
            assert made.poison == []
            applied = await self.store.apply({key}, (), made.alter(Policy()), NOW)
            await self.copy.publish(applied.changes)
            world.tell(*own)
            world.one.log_partition = 0
        row = await self.pool.fetchrow("SELECT revision FROM charge_points WHERE key = $1", key)
        assert row is not None
        document = json.loads(documents.encode(viewed(world.one, row["revision"]).document))
        hot = await self.copy.read(f"plugwatch:charge_point:{charge_point_id.lower()}")
        if hot is not None and hot.document is not None:
            assert json.loads(hot.document) == document
        answer = await self.api.client.get(f"/v1/charge-points/{charge_point_id}")
        assert answer.status_code == 200, answer.text
        assert answer.json() == document
        answer = await self.api.client.get(f"/v1/charge-points/{charge_point_id}/history", params={"limit": 500})
        assert answer.status_code == 200, answer.text
        shown = [tuple(line[name] for name in LINE) for line in answer.json()["items"]]
        assert sorted(filter(lambda line: "late" not in line[-1], shown), key=str) == sorted(
            map(line_of, world.out.history), key=str
        )
        assert {str(line) for line in shown if "late" in line[-1]} <= {str(line_of(row)) for row in world.out.late}


LINE = (
    "kind", "evse_id", "connector_id", "reported", "normalized", "error_code", "vendor_error_code", "vendor_id", "info",
    "event_time", "reported_at", "reported_at_text", "received_at", "flags",
)  # fmt: skip


def line_of(row: HistoryRow) -> tuple[Any, ...]:
    evse_id, connector_id = row.place or (None, None)
    at = None if row.reported_at is None else instant.to_text(row.reported_at)
    return (
        row.kind, evse_id, connector_id, row.reported, row.normalized, row.error_code, row.vendor_error_code,
        row.vendor_id, row.info, instant.to_text(row.event_time), at, row.reported_at_text,
        instant.to_text(row.received_at), list(row.flags),
    )  # fmt: skip


@pytest.fixture
def kept(pool: Pool, copy: HotCopy, api: Api) -> Kept:
    return Kept(pool, copy, api)


def in_order(told: Sequence[Event]) -> list[Event]:
    return sorted(told, key=lambda event: (event.epoch, event.sequence))


@each_example_is_a_charge_point_of_its_own
@given(st.lists(events, min_size=1, max_size=6).map(in_order), st.data())
async def test_every_event_within_its_bounds_comes_back(kept: Kept, told: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(told)))
    await kept.comes_back(told[:cut], told[cut:])


def said(protocol: str, frames_sent: Sequence[str]) -> Iterator[Event]:
    """What a gateway makes of these frames."""
    session = Session(
        protocol=protocol,
        charge_point_id="CP1",
        charge_point_key=7,
        epoch=NOW,
        gateway_id="gw-1",
        registration="ACCEPTED",
        policy=SessionPolicy(),
        transaction_id=lambda: 1,
    )
    yield session.began(NOW)
    for number, frame in enumerate(frames_sent):
        yield from session.receive(frame, NOW + number).events


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
@each_example_is_a_charge_point_of_its_own
@given(data=st.data())
async def test_every_frame_of_a_charger_comes_back(kept: Kept, protocol: str, data: st.DataObject) -> None:
    sent = data.draw(st.lists(frames(protocol), min_size=1, max_size=5))
    await kept.comes_back(list(said(protocol, sent)))


TIMES: list[tuple[str, str | None]] = [
    ("0001-01-01T00:00:00Z", None),
    ("1969-12-31T23:59:59.999Z", None),
    ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
    ("2200-12-31T23:59:59.999Z", "2200-12-31T23:59:59.999Z"),
    ("2200-12-31T24:00:00Z", None),
    ("9999-12-31T23:59:59.999Z", None),
    ("9999-12-31T23:59:59.999-14:00", None),
    ("2027-01-14T24:00:00Z", "2027-01-15T00:00:00.000Z"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ("2027-W02-5T08:00:00Z", "2027-01-15T08:00:00.000Z"),
    ("\u202e2027-01-15", None),
    ("x" * 500, None),
]


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
@pytest.mark.parametrize(("text", "shown"), TIMES)
async def test_a_time_is_shown_within_the_years_1970_to_2200_and_kept_as_text(
    kept: Kept, protocol: str, text: str, shown: str | None
) -> None:
    payload: dict[str, Any] = (
        {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": text}
        if protocol == "ocpp1.6"
        else {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": text}
    )
    told = list(said(protocol, [json.dumps([2, "1", "StatusNotification", payload])]))
    (event,) = (one for one in told if isinstance(one, StatusReported))
    assert event.reported_at_text == text[:64]
    at = event.reported_at
    assert (None if at is None else instant.to_text(at)) == shown
    await kept.comes_back(told)


def test_the_moment_of_these_tests_is_one_in_the_week_that_is_named() -> None:
    assert datetime.fromtimestamp(NOW / 1000, UTC).isoformat() == "2027-01-15T08:00:00+00:00"
