"""History of a batch: each change one line, however often and however late it is told."""

from ingest.rollup.state.store import Store
from shared.words.event import Event
from tests.events import MINUTE, SECOND, T0, Session
from tests.integration.rollup.parts import Fleet
from tests.integration.rollup.state.applying import apply


async def test_a_log_that_is_read_again_doubles_no_history(store: Store, fleet: Fleet) -> None:
    first, second = await fleet.session(epoch=1), Session(epoch=2)
    second.key, second.charge_point_id = first.key, first.charge_point_id
    events: list[Event] = [
        first.began(T0),
        first.reported(T0, "Charging"),
        first.reported(T0 + 1, "Charging"),
        first.reported(T0 + 2, "Faulted", (0, 0)),
        second.began(T0 + SECOND),
        second.reported(T0 + SECOND, "Available"),
        first.reported(T0 + 2 * SECOND, "Faulted"),
        first.reported(T0 + 3 * SECOND, "Faulted"),
        second.ended(T0 + MINUTE, "silent"),
    ]
    await apply(store, *events)
    before = await fleet.pool.fetch("SELECT * FROM history ORDER BY id")
    document = await fleet.document(first.key)
    await apply(store, *events)
    for event in events:
        await apply(store, event)
    assert await fleet.pool.fetch("SELECT * FROM history ORDER BY id") == before
    assert await fleet.document(first.key) == document


async def test_a_late_line_is_flagged_and_left_out_when_it_says_what_was_known(store: Store, fleet: Fleet) -> None:
    old, new = await fleet.session(epoch=1), Session(epoch=2)
    new.key, new.charge_point_id = old.key, old.charge_point_id
    await apply(store, old.began(T0), old.reported(T0, "Charging"), new.began(T0), new.reported(T0, "Available"))
    applied = await apply(store, old.reported(T0 + 1, "Charging"))
    assert applied.changes == []
    await apply(store, old.reported(T0 + 2, "Finishing"))
    rows = await fleet.pool.fetch("SELECT reported, flags FROM history WHERE kind = 'STATUS' ORDER BY epoch, sequence")
    assert [(row["reported"], row["flags"]) for row in rows] == [
        ("Charging", []),
        ("Finishing", ["late"]),
        ("Available", []),
    ]
    assert (await fleet.document(old.key)).status == "AVAILABLE"


async def test_history_has_all_that_was_said_and_when(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    await apply(
        store,
        session.reported(
            T0, "Faulted", (2, 1), says=0, says_text="1970", error_code="OtherError", vendor_error_code="E", info="hot"
        ),
    )
    row = await fleet.pool.fetchrow("SELECT * FROM history WHERE kind = 'STATUS'")
    assert row is not None
    assert (row["evse_id"], row["connector_id"], row["reported"], row["normalized"]) == (2, 1, "Faulted", "FAULTED")
    assert (row["error_code"], row["vendor_error_code"], row["info"]) == ("OtherError", "E", "hot")
    assert (row["reported_at"].year, row["reported_at_text"], row["flags"]) == (1970, "1970", ["clock_suspect"])
    assert row["event_time"] == row["received_at"]


async def test_an_event_that_speaks_of_several_places_makes_a_line_for_each_and_once(
    store: Store, fleet: Fleet
) -> None:
    session = await fleet.session()
    blank = await fleet.pool.fetchval("SELECT document FROM charge_points WHERE key = $1", session.key)
    events: list[Event] = [
        session.began(T0),
        *(session.reported(T0, "Faulted", place) for place in ((1, 1), (1, 2))),
        session.reported(T0 + SECOND, "Available", (1, 0)),
        session.inventoried(T0 + SECOND, 1, first_sequence=3),
    ]
    lines = ["ONLINE", "Faulted", "Faulted", "Available", "Available", "Available"]
    await apply(store, *events)
    assert await fleet.history(session.key) == lines
    await fleet.pool.execute(
        "UPDATE charge_points SET epoch = 0, sequence = -1, connectivity = 'NEVER', document = $1", blank
    )
    await fleet.pool.execute("DELETE FROM reports")
    await apply(store, *events)
    assert await fleet.history(session.key) == lines, "a log that is read again doubles no history"


async def test_when_info_last_made_a_line_is_stored(store: Store, fleet: Fleet) -> None:
    session = await fleet.session()
    for later, info in enumerate("abc"):
        await apply(store, session.reported(T0 + later * SECOND, info=info))
    await apply(store, session.reported(T0 + SECOND + MINUTE, info="d"))
    found = await fleet.pool.fetch("SELECT info FROM history WHERE kind = 'STATUS' ORDER BY sequence")
    assert [row["info"] for row in found] == ["a", "b", "d"]
