"""The demo: ten stations around Utrecht and as many charge points as there are simulated chargers.

`python -m local.demo --help` creates them in a system that runs elsewhere.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import ascii_uppercase

from local.web import Api

# id, name, address, latitude, longitude
STATIONS = (
    ("UTR-001", "Jaarbeursplein", "Jaarbeursplein 6, Utrecht", 52.0872, 5.1058),
    ("UTR-002", "Neude", "Neude 11, Utrecht", 52.0931, 5.1187),
    ("UTR-003", "Griftpark", "Wittevrouwenkade 6, Utrecht", 52.0988, 5.1263),
    ("UTR-004", "Galgenwaard", "Herculesplein 241, Utrecht", 52.0787, 5.1459),
    ("UTR-005", "Science Park", "Heidelberglaan 8, Utrecht", 52.0852, 5.1747),
    ("UTR-006", "Leidsche Rijn Centrum", "Brusselplein 2, Utrecht", 52.1003, 5.0698),
    ("UTR-007", "Overvecht", "Zamenhofdreef 5, Utrecht", 52.1178, 5.1155),
    ("UTR-008", "Papendorp", "Papendorpseweg 99, Utrecht", 52.0659, 5.0867),
    ("UTR-009", "Nieuwegein City", "Stadsplein 1, Nieuwegein", 52.0296, 5.0812),
    ("UTR-010", "Zeist Slotlaan", "Slotlaan 20, Zeist", 52.0893, 5.2354),
)


def letters() -> Iterator[str]:
    """A … Z, AA, AB, …"""
    for length in (1, 2, 3):
        yield from map("".join, product(ascii_uppercase, repeat=length))


def charge_points(number: int) -> list[tuple[str, str]]:
    """(station id, charge point id) of the first `number`, one a station in turn: UTR-001-A, UTR-002-A, …"""
    names = ((station, f"{station}-{letter}") for letter in letters() for station, *_ in STATIONS)
    return [name for name, _ in zip(names, range(number), strict=False)]


def create_inventory(api: Api, number: int) -> None:
    """Create the stations and `number` charge points, or leave them as they are. Raises OSError."""
    for station, name, address, latitude, longitude in STATIONS:
        place = {"latitude": latitude, "longitude": longitude, "time_zone": "Europe/Amsterdam"}
        api.create("/v1/stations", {"id": station, "name": name, "address": address, **place})
    for station, charge_point in charge_points(number):
        api.create(f"/v1/stations/{station}/charge-points", {"id": charge_point})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="Create the demo's stations and chargers")
    parser.add_argument("--api", default="http://127.0.0.1:8000", metavar="URL", help="the API (%(default)s)")
    parser.add_argument("--token-file", type=Path, required=True, metavar="FILE", help="holds an ADMIN token")
    parser.add_argument("--chargers", type=int, default=24, metavar="N", help="how many (%(default)s)")
    given = parser.parse_args()
    try:
        token = given.token_file.read_text().replace("\n", ",").split(",")[0].strip()
        create_inventory(Api(given.api, token), given.chargers)
    except OSError as error:
        print(f"the demo inventory could not be created at {given.api}: {error}", file=sys.stderr)
        return 1
    print(f"{len(STATIONS)} stations with {given.chargers} charge points are at {given.api}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
