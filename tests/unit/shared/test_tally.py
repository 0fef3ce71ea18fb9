"""What the rows of two scans come to."""

from shared.stores.tally import counted, shaped


def test_what_was_not_counted_is_zero() -> None:
    empty = shaped([])
    assert empty["stations"]["total"] == 0
    assert len(empty["connectors"]["status"]) == 6
    assert len(empty["stations"]["health"]) == 4
    assert empty["charge_points"]["connectivity"] == {"ONLINE": 0, "OFFLINE": 0, "NEVER": 0}


def test_a_total_counts_each_thing_once() -> None:
    document = shaped(
        [
            ("charge_points", "status", "FAULTED", 2),
            ("charge_points", "status", "AVAILABLE", 3),
            ("charge_points", "health", "DOWN", 5),
            ("charge_points", "connectivity", "NEVER", 5),
            ("evses", "status", "FAULTED", 7),
        ]
    )
    assert document["charge_points"]["total"] == 5
    assert document["charge_points"]["health"] == {"OK": 0, "DEGRADED": 0, "DOWN": 5, "UNKNOWN": 0}
    assert document["evses"]["total"] == 7
    assert document["stations"]["total"] == 0


def test_rows_that_stand_for_many_count_as_many() -> None:
    stations = [{"status": "AVAILABLE", "health": "OK", "n": 2}]
    charge_point = {"status": "AVAILABLE", "health": "OK", "connectivity": "ONLINE", "n": 3}
    charge_points = [
        charge_point | {"evse_counts": {"AVAILABLE": 2}, "connector_counts": {"AVAILABLE": 2, "UNAVAILABLE": 2}},
        charge_point | {"evse_counts": {}, "connector_counts": {}},
    ]
    document = shaped(counted(stations, charge_points))
    assert document["stations"]["status"]["AVAILABLE"] == document["stations"]["health"]["OK"] == 2
    assert document["charge_points"]["connectivity"]["ONLINE"] == document["charge_points"]["total"] == 6
    assert document["evses"]["total"] == 6
    assert (document["connectors"]["total"], document["connectors"]["status"]["UNAVAILABLE"]) == (12, 6)
