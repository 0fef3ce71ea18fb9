"""When a charger counts as away, since when, and that no outage is made up."""

import pytest

from ingest.rollup.fold.fold import Policy, go_offline
from ingest.rollup.fold.state import Expired
from shared.words import instant
from shared.words.event import EndReason, Event
from tests.events import HOUR, MINUTE, SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import World, told, words


@pytest.mark.parametrize("reason", ["closed", "going_away", "refused", "superseded"])
def test_a_closed_socket_is_still_online_within_the_grace(reason: EndReason) -> None:
    session = Session()
    world = told([session.began(T0), session.ended(T0 + MINUTE, reason, heard_at=T0 + SECOND)])
    assert (world.one.connectivity, world.one.closed_at, world.one.last_seen_at) == ("ONLINE", T0 + MINUTE, T0 + SECOND)


def test_a_silent_session_is_offline_at_once_since_it_was_heard_last() -> None:
    session = Session()
    events: list[Event] = [
        session.began(T0),
        session.reported(T0 + 1),
        session.ended(T0 + HOUR, "silent", heard_at=T0 + MINUTE),
    ]
    world = told(events)
    row = world.history("CONNECTIVITY")[-1]
    assert (row.reported, row.event_time, row.received_at) == ("OFFLINE", T0 + MINUTE, T0 + HOUR)
    assert world.one.connectivity_since == T0 + MINUTE
    connector = world.connector()
    assert (connector.status, connector.reason, connector.since) == ("UNKNOWN", "OFFLINE", instant.to_text(T0 + MINUTE))
    assert world.one.closed_at is None, "nothing is left to be swept"


@pytest.mark.parametrize(("away", "outages"), [(60 * SECOND, 0), (60 * SECOND + 1, 1), (3 * HOUR, 1)])
def test_only_an_outage_longer_than_the_grace_is_one(away: int, outages: int) -> None:
    before, after = Session(epoch=1), Session(epoch=2)
    world = told(
        [
            before.began(T0),
            before.reported(T0 + 1),
            before.ended(T0 + MINUTE, heard_at=T0 + SECOND),
            after.began(T0 + MINUTE + away),
        ]
    )
    rows = [(row.reported, row.event_time, row.received_at) for row in world.history("CONNECTIVITY")]
    came = T0 + MINUTE + away
    assert rows == [("ONLINE", T0, T0)] + [("OFFLINE", T0 + SECOND, came), ("ONLINE", came, came)] * outages
    assert world.document.connectivity == "ONLINE"
    assert world.one.closed_at is None


def test_a_reconnect_without_boot_makes_the_last_words_effective_again() -> None:
    before, after = Session(epoch=1), Session(epoch=2)
    world = told([before.began(T0), before.reported(T0 + 1, "Charging"), before.ended(T0 + 2, "silent")])
    assert world.connector().status == "UNKNOWN"
    world.tell(after.began(T0 + HOUR))
    assert (world.connector().status, world.connector().since) == ("OCCUPIED", instant.to_text(T0 + HOUR))


def test_any_event_of_a_newer_session_begins_it() -> None:
    before, after = Session(epoch=1), Session(epoch=2, sequence=3)
    world = told([before.began(T0), before.ended(T0 + 1), after.reported(T0 + HOUR, "Faulted")])
    assert words(world.history("CONNECTIVITY")) == ["ONLINE", "OFFLINE", "ONLINE"]
    assert world.one.version == (2, 4)
    assert world.connector().status == "FAULTED"


def test_an_event_after_the_sweep_brings_the_charger_back() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0 + 1)])
    go_offline(world.one, T0 + MINUTE, T0 + HOUR, world.policy, world.out)
    world.tell(session.began(T0 + 2 * HOUR))  # announced again: its gateway was only cut off
    assert [(row.reported, row.event_time) for row in world.history("CONNECTIVITY")] == [
        ("ONLINE", T0),
        ("OFFLINE", T0 + MINUTE),
        ("ONLINE", T0 + 2 * HOUR),
    ]
    assert len({(row.kind, row.version, row.received_at) for row in world.out.history}) == len(world.out.history)


def test_an_end_that_comes_after_the_sweep_changes_nothing_of_the_outage() -> None:
    session = Session()
    world = told([session.began(T0)])
    go_offline(world.one, T0 + MINUTE, T0 + HOUR, world.policy, world.out)
    world.tell(session.ended(T0 + HOUR, heard_at=T0 + SECOND))
    assert (world.one.connectivity, world.one.connectivity_since) == ("OFFLINE", T0 + MINUTE)
    assert world.one.closed_at is None


def test_a_policy_of_no_grace_makes_every_gap_an_outage() -> None:
    before, after = Session(epoch=1), Session(epoch=2)
    events: list[Event] = [before.began(T0), before.ended(T0), after.began(T0 + 1)]
    assert words(told(events, Policy(close_grace_ms=0)).history()) == ["ONLINE", "OFFLINE", "ONLINE"]


def met_again(expired: Expired | None, *, leased: bool = True, gateway: str = "gw-2") -> World:
    """A charger of a gateway whose lease ran out is met by another gateway five minutes later."""
    session, later = Session(), Session(epoch=2, gateway=gateway)
    world = told([session.began(T0), session.reported(T0 + SECOND, "Charging")])
    world.one.expired = expired
    return world.tell(later.began(T0 + 5 * MINUTE, leased=leased))


DIED = Expired(renewed_at=T0 + 10 * SECOND, at=T0 + 20 * SECOND, ago=5 * MINUTE)


def test_an_outage_that_no_sweep_saw_is_known_from_the_lease_of_the_gateway_that_died() -> None:
    world = met_again(DIED)
    rows = world.history("CONNECTIVITY")
    assert words(rows) == ["ONLINE", "OFFLINE", "ONLINE"]
    assert [row.event_time for row in rows] == [T0, DIED.renewed_at, T0 + 5 * MINUTE]
    assert world.document.connectivity == "ONLINE"
    assert world.one.expired is None, "the next session does not die with that gateway again"


@pytest.mark.parametrize(
    "world",
    [
        met_again(None),
        met_again(DIED, leased=False),
        met_again(DIED, gateway="gw-1"),
        met_again(DIED._replace(at=T0 + 5 * MINUTE - Policy().close_grace_ms)),
        met_again(DIED._replace(ago=SECOND)),
    ],
    ids=[
        "it lives",
        "Postgres took no renewals",
        "the same gateway",
        "within the grace",
        "the newer one's clock is ahead",
    ],
)
def test_no_outage_is_made_up(world: World) -> None:
    assert words(world.history("CONNECTIVITY")) == ["ONLINE"]


def test_nobody_is_away_since_later_than_it_was_found_out() -> None:
    ahead, next_one = Session(epoch=1), Session(epoch=2, gateway="gw-2")
    world = told([ahead.began(T0 + HOUR), ahead.reported(T0 + HOUR, "Charging")])
    go_offline(world.one, T0 + HOUR, T0 + MINUTE, Policy(), world.out)
    world.tell(next_one.began(T0 + 2 * MINUTE))
    rows = world.history("CONNECTIVITY")
    assert words(rows) == ["ONLINE", "OFFLINE", "ONLINE"]
    assert [row.event_time for row in rows[1:]] == [T0 + MINUTE, T0 + 2 * MINUTE]
