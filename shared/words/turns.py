"""Since when a station has its status: its charge points turned to theirs one after the other, each at a time. Pure.

So that one that is read from the log again comes to the same time, whatever was read at once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .status import Status, is_worse, rolled_up


class Turn(NamedTuple):
    """What a charge point adds to the status of its station turned into something else at that time (ms)."""

    charge_point_key: int
    at: int
    before: Status | None
    after: Status | None


class Standing(NamedTuple):
    """What a charge point adds (None: nothing), and since when (ms)."""

    status: Status | None
    since: int | None


def since(
    turns: Iterable[Turn], members: Mapping[int, Standing], was: Status, was_since: int, shall: Status
) -> int | None:
    """When (ms) a station that was ``was`` came to be ``shall``; None where the turns do not tell.

    ``members`` are its charge points by key, as these turns left them.
    """
    ordered = _in_order([turn for turn in turns if turn.charge_point_key in members])
    standing = dict(members)
    for turn in reversed(ordered):
        standing[turn.charge_point_key] = Standing(turn.before, None)
    counts = Counter(one.status for one in standing.values() if one.status is not None)
    status, at = was, was_since
    for turn in ordered:
        standing[turn.charge_point_key] = Standing(turn.after, turn.at)
        counts[turn.before or "UNKNOWN"] -= turn.before is not None
        counts[turn.after or "UNKNOWN"] += turn.after is not None
        if (came := rolled_up(counts)) != status:
            status, at = came, _last(standing) if is_worse(came, status) else turn.at
    return at if status == shall else None


def _in_order(turns: Iterable[Turn]) -> list[Turn]:
    """By time; those of one charge point as they came, whatever its clock says."""
    latest: dict[int, int] = {}
    keyed = []
    for turn in turns:
        latest[turn.charge_point_key] = max(turn.at, latest.get(turn.charge_point_key, turn.at))
        keyed.append((latest[turn.charge_point_key], turn))
    return [turn for _, turn in sorted(keyed, key=lambda one: one[0])]


def _last(standing: Mapping[int, Standing]) -> int:
    """When the last one left what was better; one that is read later may have left it before."""
    return max(one.since for one in standing.values() if one.since is not None)
