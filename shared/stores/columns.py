"""Columns of a table, named and typed once: what SELECT, INSERT, UPDATE and ``unnest`` say of them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from shared.words import instant

#: What is sent otherwise than it is stored: how, and what it becomes in Postgres. Times go as ms: asyncpg takes longer
#: for a datetime than for all the rest of a row, and a float would lose what is finer.
_SENT = {
    "timestamptz": ("bigint", "to_timestamp({0} / 1000) + {0} % 1000 * interval '1 ms'"),
    "jsonb": ("text", "{0}::jsonb"),
    "text[]": ("text", "string_to_array({0}, ',')"),
}


class Columns:
    """Columns, each declared as ``name type``; those of ``key`` tell rows apart.

    Rows are sent as one array of ``row_type``, a composite type of the schema, whatever their number: an array for each
    column costs asyncpg and Postgres two to four times as much.
    """

    def __init__(self, row_type: str = "", *, key: Sequence[str], rest: Sequence[str]) -> None:
        self.row_type = row_type  #: a composite type of the schema
        self._types = dict(one.split(" ", 1) for one in (*key, *rest))
        self._key = [one.split(" ", 1)[0] for one in key]
        self.names = list(self._types)

    def of(self, alias: str) -> str:
        """``c.id, c.vendor, …``"""
        return ", ".join(f"{alias}.{name}" for name in self.names)

    @property
    def sent(self) -> dict[str, str]:
        """The attributes of ``row_type``, each with its type."""
        return {name: _SENT.get(sql_type, (sql_type,))[0] for name, sql_type in self._types.items()}

    def is_time(self, name: str) -> bool:
        """Whether it is stored as a timestamptz."""
        return self._types[name] == "timestamptz"

    def unnested(self, parameter: int = 1) -> str:
        """The rows in that parameter, as ``n``: tuples, times in ms."""
        return f"unnest(${parameter}::{self.row_type}[]) AS n"

    @property
    def matched(self) -> str:
        """``t.key = n.key AND …``"""
        return " AND ".join(f"t.{name} = n.{name}" for name in self._key)

    def update(self, table: str, parameter: int = 1, *, after: str = "") -> str:
        """The statement that brings the rows of ``table`` that have these keys up to date.

        Where a statement has several parts, each writes nothing before the part named ``after`` has given its row.
        """
        rest = ", ".join(f"{name} = {self._value(name)}" for name in self.names if name not in self._key)
        return f"UPDATE {table} t SET {rest} FROM {self._given(parameter, after)} WHERE {self.matched}"

    def insert(self, table: str, parameter: int = 1, *, after: str = "") -> str:
        """The statement that adds rows, up to where ``ON CONFLICT`` may follow."""
        values = ", ".join(self._value(name) for name in self.names)
        return f"INSERT INTO {table} ({', '.join(self.names)}) SELECT {values} FROM {self._given(parameter, after)}"

    def upsert(self, table: str, parameter: int = 1, *, after: str = "") -> str:
        """The statement that puts rows in the place of those that have these keys."""
        rest = ", ".join(f"{name} = excluded.{name}" for name in self.names if name not in self._key)
        return f"{self.insert(table, parameter, after=after)} ON CONFLICT ({', '.join(self._key)}) DO UPDATE SET {rest}"

    def _given(self, parameter: int, after: str) -> str:
        return f"{after} CROSS JOIN {self.unnested(parameter)}" if after else self.unnested(parameter)

    def _value(self, name: str) -> str:
        _, becomes = _SENT.get(self._types[name], ("", "{0}"))
        return becomes.format(f"n.{name}")


class Selection:
    """The rows of a SELECT (``$1``: keys), by themselves, or as one value beside others in one statement.

    In Postgres the records of such a value have no names: ``names`` are those of the SELECT, in its order.
    """

    def __init__(self, select: str, names: Sequence[str]) -> None:
        self.select = select
        self._names = names

    def value(self, parameter: str) -> str:
        """An array of records; the keys are this parameter."""
        return f"ARRAY(SELECT q FROM ({self.select.replace('$1', parameter)}) q)"

    def rows(self, records: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
        """The rows with their names, whichever way they came."""
        return [dict(zip(self._names, record, strict=True)) for record in records]


def known(moment: datetime | None) -> int | None:
    """A time of Postgres (ms); infinity, which asyncpg gives without a time zone, is none that a clock could say."""
    return None if moment is None or moment.tzinfo is None else instant.from_datetime(moment)
