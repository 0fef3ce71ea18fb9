"""SELECTs of one page of keys, put together from fixed clauses; what a client sends is a numbered argument. Pure.

Filters of few values are answered by an index that begins with all of them: each combination is a
probe that ends at the page's length, so that the cost depends neither on how many rows match nor
on how many there are. Searches (words, places, one station) begin with what they look for.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from shared.words.places import EARTH_M, Box, Point

from .orders import ByDistance, ById, ByName

#: Great-circle distance (m, to 0.1, so that it is the same at every replica) between x and a point.
_DISTANCE = f"""
    round(2 * {EARTH_M * 10!r}::float8 * asin(least(1, sqrt(
        sin(radians(x.latitude - {{latitude}}) / 2) ^ 2
        + cos(radians({{latitude}})) * cos(radians(x.latitude)) * sin(radians(x.longitude - {{longitude}}) / 2) ^ 2
    )))) / 10
"""

_NUMBERED = re.compile(r"\$\d+")
FEW = 1000  #: rows that may be sorted for a page
_COUNTED = "(SELECT count(*) FROM few)"


class Domain(NamedTuple):
    """Which values an indexed expression shall have, of the few that it can have."""

    expression: str
    type: str
    wanted: Sequence[Any]
    narrowed: bool  #: these are not all that there are


class Select:
    """One page: ``key`` and what it is ordered by.

    Words are those of ``searched``, a table and its alias; x, where places are asked for, is ``station_search``.
    """

    def __init__(self, searched: str, joined: str, key: str, order: ById | ByName | ByDistance) -> None:
        self.order = order
        self.arguments: list[Any] = []
        self.searches = False  #: its plan depends on what is looked for
        self._searched, self._joined, self._key = searched, joined, key
        self._probes: list[str] = []
        self._probed: list[str] = []  #: what a probe is for
        self._plain: list[str] = []  #: and what all of them are for
        self._conditions: list[str] = []
        self._found: list[str] = []  #: of what is searched alone, where few rows may be it
        self._many: Select | None = None

    @property
    def names(self) -> list[str]:
        """What the columns of the order are called in the result."""
        return [f"o{n}" for n in range(len(self.order.columns))]

    def argument(self, value: Any) -> str:
        """Stands for the value."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def where(self, condition: str, *values: Any) -> None:
        """One more condition; each ``{}`` in it is one of the values."""
        self._conditions.append(condition.format(*map(self.argument, values)))

    def among(self, *domains: Domain) -> None:
        """Each domain has one of its wanted values: every combination is a probe; in a search, just a condition."""
        if not any(domain.narrowed for domain in domains):
            return
        for number, (expression, type_, wanted, narrowed) in enumerate(domains):
            if not self.searches:
                values = f"{self.argument(wanted)}::{type_}[]"
                self._probes.append(f"unnest({values}) AS d{number}(value)")
                self._probed.append(f"{expression} = d{number}.value")
                if narrowed:
                    self._plain.append(f"{expression} = ANY({values})")
            elif narrowed:
                self.where(f"{expression} = ANY({{}}::{type_}[])", wanted)

    def words(self, column: str, text: str) -> None:
        """Each word of ``text`` begins a word of the column; a text without words finds nothing."""
        if any(map(str.isalnum, text)):
            prefixes = f"(array_to_string(plugwatch_words({self.argument(text)}), ':* & ') || ':*')::tsquery"
            self._found.append(f"{column} @@ {prefixes}")
        else:
            self.where("false")

    def having(self, condition: str, *values: Any) -> None:
        """One more condition of what is searched, which few rows may have; each ``{}`` in it is one of the values."""
        self._found.append(condition.format(*map(self.argument, values)))

    def where_many(self, searched: str, joined: str, key: str, order: ById, *domains: Domain) -> None:
        """Where many rows have what was searched, they are walked through by these domains instead of in order.

        ``order`` is the same by a column of what is walked, whose index has the rows of each probe in it.
        """
        self._many = Select(searched, joined, key, order)
        self._many.arguments = self.arguments
        self._many._conditions = [*self._conditions, *self._found, f"{_COUNTED} > {FEW}"]
        self._many.among(*domains)

    def inside(self, box: Box) -> None:
        """In the box, edges included."""
        joined = "OR" if box.west > box.east else "AND"
        self.where("x.latitude BETWEEN {} AND {}", box.south, box.north)
        self.where(f"(x.longitude >= {{}} {joined} x.longitude <= {{}})", box.west, box.east)

    def near(self, center: Point, radius_m: float, box: Box) -> None:
        """In the circle, of which the box is around; ``d.metres`` is how far it is from the center."""
        latitude, longitude = (f"{self.argument(degrees)}::float8" for degrees in center)
        metres = _DISTANCE.format(latitude=latitude, longitude=longitude)
        self._joined += f" CROSS JOIN LATERAL (SELECT {metres} AS metres) d"
        self.inside(box)
        self.where("d.metres <= {}::float8", radius_m)

    def after(self, cursor: str) -> None:
        """Only what comes after the row of this cursor.

        Raises:
            Invalid: it is no cursor of this order.
        """
        last = ", ".join(f"{self.argument(value)}::{type_}" for type_, value in self.order.last(cursor))
        for one in (self, self._many):
            if one is not None:
                one._conditions.append(f"({', '.join(one.order.columns)}) > ({last})")

    def counting(self) -> tuple[str, list[Any]]:
        """The statement that counts the rows of all pages, and its arguments; ask for it before ``after``."""
        where = " AND ".join([*self._conditions, *self._plain, *self._found]) or "true"
        used: dict[str, str] = {}
        statement = f"SELECT count(*) FROM {self._searched} {self._joined} WHERE {where}"  # noqa: S608
        statement = _NUMBERED.sub(lambda one: used.setdefault(one[0], f"${len(used) + 1}"), statement)
        return statement, [self.arguments[int(number[1:]) - 1] for number in used]

    def text(self, limit: int) -> str:
        """The statement, for at most ``limit`` rows; its columns are ``key`` and ``names``.

        What few rows have is looked up and sorted; what many have is met soon by who walks in order.
        Postgres' estimates cannot tell one from the other, so the statement counts up to ``FEW``, and does either.
        """
        merged = f"ORDER BY {', '.join(self.names)} LIMIT {limit}"
        if self._found:
            table, _, alias = self._searched.rpartition(" ")
            few = self._page(f"few {alias}", limit, f"{_COUNTED} <= {FEW}")
            if self._many is not None:
                many = self._many.text(limit)
            else:
                many = self._page(self._searched, limit, f"{_COUNTED} > {FEW}", *self._found)
            is_it = " AND ".join(self._found)
            found = f"SELECT {alias}.* FROM {table} {alias} WHERE {is_it} LIMIT {FEW + 1}"  # noqa: S608
            return f"WITH few AS MATERIALIZED ({found}) SELECT * FROM (({few}) UNION ALL ({many})) n {merged}"  # noqa: S608
        page = self._page(self._searched, limit)
        if self._probes:
            return f"SELECT n.* FROM {', '.join(self._probes)} CROSS JOIN LATERAL ({page}) n {merged}"  # noqa: S608
        return page

    def _page(self, searched: str, limit: int, *conditions: str) -> str:
        columns = ", ".join(f"{e} AS {name}" for e, name in zip(self.order.columns, self.names, strict=True))
        where = " AND ".join([*self._conditions, *self._probed, *conditions]) or "true"
        rows = f"FROM {searched} {self._joined} WHERE {where}"
        order = ", ".join(self.order.columns)
        return f"SELECT {self._key} AS key, {columns} {rows} ORDER BY {order} LIMIT {limit}"
