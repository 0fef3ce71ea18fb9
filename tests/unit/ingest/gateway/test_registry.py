"""The inventory in memory: what rows do to it."""

import asyncio
from itertools import pairwise
from typing import Any, cast

import pytest

from ingest.gateway.inventory.comparison import PAGE
from ingest.gateway.inventory.entry import CONFLICT, CONFLICT_S, Entry
from ingest.gateway.inventory.registry import Registry
from shared.stores.postgres import Pool


def row(key: int, charge_point_id: str, **changes: Any) -> dict[str, Any]:
    """An inventory row as Postgres gives it."""
    fields: dict[str, Any] = {"key": key, "id": charge_point_id, "epoch": 0, "registration": "ACCEPTED"}
    return (
        fields | {"password_hash": None, "deleted": False, "intents": None, "agreed": None, "trace_s": None} | changes
    )


@pytest.fixture
def changed() -> list[Entry]:
    """The entries of which the registry said that they changed."""
    return []


@pytest.fixture
def registry(changed: list[Entry]) -> Registry:
    made = Registry(cast(Pool, None), listen_dsn="", open_registration=False)
    made.on_change = changed.append
    return made


async def test_ids_are_found_in_any_case_and_keep_their_spelling(registry: Registry) -> None:
    registry._take(row(1, "Cp-One"))
    found = await registry.find("CP-ONE")
    assert found is not None
    assert found.id == "Cp-One"
    assert found is registry.known(1)
    assert len(registry) == 1


def test_a_new_charge_point_changes_nothing_that_anyone_holds(registry: Registry, changed: list[Entry]) -> None:
    registry._take(row(1, "CP1"))
    registry._take(row(1, "CP1"))
    assert changed == []


def test_a_change_is_told_and_seen_in_the_entry_that_sessions_hold(registry: Registry, changed: list[Entry]) -> None:
    entry = registry._take(row(1, "CP1"))
    assert entry is not None
    registry._take(row(1, "CP1", registration="PENDING"))
    assert (entry.registration, changed) == ("PENDING", [entry])


def test_a_new_password_forgets_what_was_checked(registry: Registry) -> None:
    entry = registry._take(row(1, "CP1", password_hash="a"))
    assert entry is not None
    entry.right, entry.wrong = b"digest", b"other"
    registry._take(row(1, "CP1", password_hash="a", registration="PENDING"))
    assert (entry.right, entry.wrong) == (b"digest", b"other")
    registry._take(row(1, "CP1", password_hash="b"))
    assert entry.right is entry.wrong is None


def test_an_epoch_never_goes_down_and_alone_is_no_change(registry: Registry, changed: list[Entry]) -> None:
    entry = registry._take(row(1, "CP1", epoch=7))
    assert entry is not None
    registry._take(row(1, "CP1", epoch=3))
    assert entry.epoch == 7
    registry._take(row(1, "CP1", epoch=9))
    assert entry.epoch == 9
    assert changed == []


def test_a_deleted_charge_point_is_gone_and_its_entry_says_so(registry: Registry, changed: list[Entry]) -> None:
    entry = registry._take(row(1, "CP1"))
    assert entry is not None
    registry._take(row(1, "CP1", deleted=True))
    assert entry.deleted
    assert changed == [entry]
    assert registry.known(1) is None
    assert len(registry) == 0


def test_a_deleted_charge_point_that_was_never_here_is_nothing(registry: Registry, changed: list[Entry]) -> None:
    assert registry._take(row(1, "CP1", deleted=True)) is None
    assert (len(registry), changed) == (0, [])


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
async def test_an_id_created_again_is_the_new_row_in_whatever_order_the_rows_come(
    registry: Registry, changed: list[Entry], order: tuple[str, str]
) -> None:
    old = registry._take(row(1, "CP1"))
    rows = {"old": row(1, "CP1", deleted=True), "new": row(2, "cp1")}
    for one in order:
        registry._take(rows[one])
    found = await registry.find("CP1")
    assert found is not None
    assert found.key == 2
    assert changed == [old]


def test_a_key_that_is_another_charge_point_now_is_not_taken_for_the_old_one(
    registry: Registry, changed: list[Entry]
) -> None:
    old = registry._take(row(1, "CP1"))
    assert old is not None
    new = registry._take(row(1, "CP2"))
    assert new is not None
    assert (old.deleted, changed) == (True, [old])
    assert (registry.here("cp1"), registry.here("cp2"), registry.known(1)) == (None, new, new)


def test_many_takeovers_within_a_minute_are_a_conflict_that_passes() -> None:
    entry = Entry(row(1, "CP1"))
    for n in range(CONFLICT):
        assert not entry.in_conflict(float(n))
        entry.taken_over(float(n))
    assert entry.in_conflict(float(CONFLICT))
    assert not entry.in_conflict(CONFLICT_S + 1.0)


@pytest.mark.parametrize("how", ["lacks", "deleted"])
async def test_the_loop_turns_while_a_fleet_is_forgotten(registry: Registry, changed: list[Entry], how: str) -> None:
    keys, seen = range(1, 10 * PAGE + 1), [0]
    for key in keys:
        registry._take(row(key, f"CP{key}"))

    async def watch() -> None:
        while True:
            seen.append(len(changed))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    if how == "lacks":
        await registry._forget(keys)
    else:
        await registry._take_all([row(key, f"CP{key}", deleted=True) for key in keys])
    watching.cancel()
    seen.append(len(changed))
    assert max(after - before for before, after in pairwise(seen)) == PAGE
    assert (len(registry), len(changed)) == (0, len(keys))
