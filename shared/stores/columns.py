"""Columns of a table, named and typed once: what SELECT, INSERT, UPDATE and ``unnest`` say of them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from shared.words import instant

#: What ``unnest`` cannot take as it is: how it is sent, and what it becomes in Postgres.
_SENT = {"jsonb": ("text", "{}::jsonb"), "text[]": ("text", "string_to_array({}, ',')")}


class Columns:
    """Columns, each declared as ``name type``; those of ``key`` tell rows apart."""

    def __init__(self, *, key: Sequence[str], rest: Sequence[str]) -> None:
        self._types = dict(one.split(" ", 1) for one in (*key, *rest))
        self._key = [one.split(" ", 1)[0] for one in key]
        self.names = list(self._types)

    def of(self, alias: str) -> str:
        """``c.id, c.vendor, …``"""
        return ", ".join(f"{alias}.{name}" for name in self.names)

    def unnested(self, first: int = 1) -> str:
        """Rows from one array a column, as ``n``; the arrays are the parameters from ``first`` on."""
        sent = (_SENT.get(sql_type, (sql_type,))[0] for sql_type in self._types.values())
        arrays = ", ".join(f"${number}::{sql_type}[]" for number, sql_type in enumerate(sent, first))
        return f"unnest({arrays}) AS n ({', '.join(self.names)})"

    @property
    def matched(self) -> str:
        """``t.key = n.key AND …``"""
        return " AND ".join(f"t.{name} = n.{name}" for name in self._key)

    def update(self, table: str, first: int = 1) -> str:
        """The statement that brings the rows of ``table`` that have these keys up to date."""
        rest = ", ".join(f"{name} = {self._value(name)}" for name in self.names if name not in self._key)
        return f"UPDATE {table} t SET {rest} FROM {self.unnested(first)} WHERE {self.matched}"

    def insert(self, table: str, first: int = 1) -> str:
        """The statement that adds rows, up to where ``ON CONFLICT`` may follow."""
        values = ", ".join(self._value(name) for name in self.names)
        return f"INSERT INTO {table} ({', '.join(self.names)}) SELECT {values} FROM {self.unnested(first)}"

    def upsert(self, table: str, first: int = 1) -> str:
        """The statement that puts rows in the place of those that have these keys."""
        rest = ", ".join(f"{name} = excluded.{name}" for name in self.names if name not in self._key)
        return f"{self.insert(table, first)} ON CONFLICT ({', '.join(self._key)}) DO UPDATE SET {rest}"

    def arrays(self, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Rows (of times in ms) turned into the arrays that ``unnested`` takes."""
        if not rows:
            return [[] for _ in self._types]
        return [
            [None if at is None else instant.to_datetime(at) for at in column]
            if sql_type == "timestamptz"
            else list(column)
            for sql_type, column in zip(self._types.values(), zip(*rows, strict=True), strict=True)
        ]

    def _value(self, name: str) -> str:
        _, becomes = _SENT.get(self._types[name], ("", "{}"))
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
