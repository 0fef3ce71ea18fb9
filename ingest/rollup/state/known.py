"""What is known of some charge points and their stations when their events are folded: read, or remembered."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ingest.rollup.fold.state import ChargePoint

from .statements import Found


class Row(NamedTuple):
    """Of a charge point's row what its state does not tell: the inventory's version, the revision, who wrote it."""

    version: int
    revision: int
    xmin: int


class Known(NamedTuple):
    """Some charge points and their stations, as they stand in Postgres."""

    charge_points: Mapping[int, ChargePoint]
    rows: Mapping[int, Row]
    stations: Mapping[int, dict[str, Any]]  #: rows of ``served.STATION``, with ``xmin``
    members: Mapping[int, dict[str, Any]]  #: rows of ``served.MEMBER`` of these stations, by charge point, in order

    @classmethod
    def read(cls, found: Found, charge_points: Mapping[int, ChargePoint]) -> "Known":
        """What was read under the locks."""
        return cls(
            charge_points,
            {row["key"]: Row(row["version"], row["revision"], row["xmin"]) for row in found.charge_points},
            {row["key"]: row for row in found.stations},
            {row["key"]: row for row in found.members},
        )

    @property
    def newest(self) -> int:
        """The highest revision in it."""
        charge_points = (row.revision for row in self.rows.values())
        stations: Iterable[int] = (row["revision"] for row in self.stations.values())
        return max(0, *charge_points, *stations)

    @property
    def parameters(self) -> list[list[int]]:
        """Those of ``statements.REWRITE``: stations and their xmin, charge points and theirs."""
        return [
            list(self.stations),
            [row["xmin"] for row in self.stations.values()],
            list(self.rows),
            [row.xmin for row in self.rows.values()],
        ]
