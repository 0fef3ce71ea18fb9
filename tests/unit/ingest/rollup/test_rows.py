"""What is written of a charge point is what is read again."""

import pytest

from ingest.rollup.fold.state import ChargePoint, Intent
from ingest.rollup.state import rows
from shared.stores.columns import Columns
from tests.events import HOUR, T0, Session
from tests.unit.ingest.rollup.worlds import World, reloaded, told


def full() -> World:
    session = Session(protocol="ocpp2.0.1")
    world = World(one=ChargePoint(key=7, id="CP1", station_id="S1", registration="PENDING"))
    world.tell(session.began(T0), session.booted(T0 + 1), session.reported(T0 + 2, "Faulted", (0, 0), says=T0))
    for later, place in enumerate([(1, 0), (1, 1), (1, 2), (12, 3)]):
        world.tell(
            session.reported(T0 + 3 + later, "Occupied", place, error_code=None, vendor_error_code="E", info="hot")
        )
    world.one.intents[1, 1] = Intent(
        version=9, operative=False, note="a note", asked_at=T0, result="Scheduled", answered_at=T0 + 1
    )
    world.one.intents[2, 1] = Intent(version=10, operative=True, note=None, asked_at=T0)
    world.one.log_partition = 3
    return world


def test_a_charge_point_survives_its_rows_and_its_document() -> None:
    world = full()
    before, document = world.one, world.document
    world.reload()
    before.touched.clear()
    assert world.one == before
    assert world.document == document


def test_one_that_is_offline_and_one_of_which_nothing_is_known_survive_too() -> None:
    session = Session()
    for world in (World(), told([session.began(T0), session.reported(T0), session.ended(T0 + HOUR, "silent")])):
        before = world.one
        world.reload()
        before.touched.clear()
        assert world.one == before


def test_what_is_sent_otherwise_than_it_is_stored_becomes_that_in_postgres() -> None:
    columns = Columns("x_row", key=["key bigint"], rest=["at timestamptz", "flags text[]", "health text"])
    assert columns.sent == {"key": "bigint", "at": "bigint", "flags": "text", "health": "text"}
    assert columns.update("x", 2, after="held") == (
        "UPDATE x t SET at = to_timestamp(n.at / 1000) + n.at % 1000 * interval '1 ms', "
        "flags = string_to_array(n.flags, ','), health = n.health "
        "FROM held CROSS JOIN unnest($2::x_row[]) AS n WHERE t.key = n.key"
    )


def test_a_status_that_is_not_stored_follows_from_the_reports() -> None:
    world = full()
    document = world.document
    world.one = reloaded(world.one, status=None, evse_status=None)
    assert [evse.status for evse in world.document.evses] == [evse.status for evse in document.evses]
    assert not world.one.mended


@pytest.mark.parametrize(
    "damage", [{"status": "FINE"}, {"reason": "LUCK"}, {"status_since": None}, {"evse_status": ""}]
)
def test_a_status_that_cannot_be_read_follows_from_the_reports_and_is_said(damage: dict[str, object]) -> None:
    world = full()
    document = world.document
    world.one = reloaded(world.one, **damage)
    assert [evse.status for evse in world.document.evses] == [evse.status for evse in document.evses]
    assert world.one.mended


def test_a_history_line_without_a_place_has_no_ids_and_flags_are_by_comma() -> None:
    session, old = Session(epoch=2), Session(epoch=1)
    world = told([session.reported(T0), old.reported(T0, says=0)])
    connectivity, late = rows.history_row(world.out.history[0]), rows.history_row(world.out.late[0])
    assert connectivity[:5] == (7, "CONNECTIVITY", None, None, "ONLINE")
    assert late[:5] == (7, "STATUS", 1, 1, "Available")
    assert (connectivity[-1], late[-1]) == ("", "late,clock_suspect")
