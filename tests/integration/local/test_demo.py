"""The demo inventory: ids that do not depend on how many are asked for."""

from local.demo import charge_points


def test_charge_points_go_round_the_stations() -> None:
    points = charge_points(24)
    assert points[0] == ("UTR-001", "UTR-001-A")
    assert points[10] == ("UTR-001", "UTR-001-B")
    assert points[23] == ("UTR-004", "UTR-004-C")
    assert charge_points(30)[:24] == points


def test_thousands_have_ids_of_their_own() -> None:
    points = charge_points(5000)
    assert len({charge_point for _, charge_point in points}) == 5000
    assert points[260] == ("UTR-001", "UTR-001-AA")
