"""The names of the stations and charge points of a load test, by number, and which of them are watched. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

PREFIX = "LOAD-"
A_STATION = 4  #: charge points at each station
WATCHED_AT_MOST = 100  #: more would cost the generator more than they tell
ROWS_AT_ONCE = 2_000  #: of an import


@dataclass(frozen=True, slots=True)
class Fleet:
    """Charge points 0 to `size` - 1."""

    size: int

    def charge_point(self, number: int) -> str:
        return f"{PREFIX}{number + 1:05}"

    def station(self, number: int) -> str:
        """The station of a charge point."""
        return f"{PREFIX}S{number // A_STATION + 1:04}"

    @property
    def stations(self) -> list[str]:
        return [self.station(number) for number in range(0, self.size, A_STATION)]

    @property
    def watched(self) -> list[str]:
        """The charge points whose statuses are looked for in the API: a fair sample, the same in every process."""
        sample = Random(self.size).sample(range(self.size), min(self.size, WATCHED_AT_MOST))
        return [self.charge_point(number) for number in sorted(sample)]

    def inventory(self) -> Iterator[str]:
        """CSV files for the import: stations on a grid in the North Sea, a row each charge point."""
        for start in range(0, self.size, ROWS_AT_ONCE):
            rows = ["station_id,station_name,latitude,longitude,charge_point_id"]
            for number in range(start, min(start + ROWS_AT_ONCE, self.size)):
                site = number // A_STATION
                place = f"{53.5 + site // 100 / 100:.2f},{3 + site % 100 / 100:.2f}"
                rows.append(f"{self.station(number)},Load test {site + 1},{place},{self.charge_point(number)}")
            yield "\n".join(rows) + "\n"
