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

    @property
    def unnested(self) -> str:
        """Rows from one array a column, as ``n``."""
        sent = (_SENT.get(sql_type, (sql_type,))[0] for sql_type in self._types.values())
        arrays = ", ".join(f"${number}::{sql_type}[]" for number, sql_type in enumerate(sent, 1))
        return f"unnest({arrays}) AS n ({', '.join(self.names)})"

    @property
    def matched(self) -> str:
        """``t.key = n.key AND …``"""
        return " AND ".join(f"t.{name} = n.{name}" for name in self._key)

    def update(self, table: str) -> str:
        """The statement that brings the rows of ``table`` that have these keys up to date."""
        rest = ", ".join(f"{name} = {self._value(name)}" for name in self.names if name not in self._key)
        return f"UPDATE {table} t SET {rest} FROM {self.unnested} WHERE {self.matched}"

    def insert(self, table: str) -> str:
        """The statement that adds rows, up to where ``ON CONFLICT`` may follow."""
        values = ", ".join(self._value(name) for name in self.names)
        return f"INSERT INTO {table} ({', '.join(self.names)}) SELECT {values} FROM {self.unnested}"

    def upsert(self, table: str) -> str:
        """The statement that puts rows in the place of those that have these keys."""
        rest = ", ".join(f"{name} = excluded.{name}" for name in self.names if name not in self._key)
        return f"{self.insert(table)} ON CONFLICT ({', '.join(self._key)}) DO UPDATE SET {rest}"

    def arrays(self, rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
        """Rows (of times in ms) turned into the arrays that ``unnested`` takes."""
        return [
            [None if at is None else instant.to_datetime(at) for at in column]
            if sql_type == "timestamptz"
            else list(column)
            for sql_type, column in zip(self._types.values(), zip(*rows, strict=True), strict=True)
        ]

    def _value(self, name: str) -> str:
        _, becomes = _SENT.get(self._types[name], ("", "{}"))
        return becomes.format(f"n.{name}")


def known(moment: datetime | None) -> int | None:
    """A time of Postgres (ms); infinity, which asyncpg gives without a time zone, is none that a clock could say."""
    return None if moment is None or moment.tzinfo is None else instant.from_datetime(moment)
