"""What an error of a transaction means: Postgres cannot now, or a record is the cause, and where in our code.

Pure but for the driver's error classes. Only what a record can cause counts as refused; everything that Postgres
cannot do at the moment, or that a person must mend there (rights, a missing table), is none: it is waited out.
"""

import traceback
from types import FrameType
from typing import Final

import asyncpg

from shared.words.errors import Poison

#: Postgres works, or hangs, and did not get through in time: a smaller batch may.
SLOW: Final = (
    TimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
#: SQLSTATE classes that a value causes: data, integrity, and limits of the program (an index row too large).
_BY_A_VALUE: Final = ("22", "23", "54")
_OURS: Final = ("ingest.", "shared.")


class Refused(Exception):
    """A batch cannot be applied because of a record in it, or more; ``cause`` is the exception that says so."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(repr(cause))
        self.cause = cause


class TooSlow(Exception):
    """Postgres did not get through with a batch in time; a smaller one may pass."""


def is_refusal(error: Exception) -> bool:
    """Whether a record can be the cause: an exception of our own code, or of Postgres about a value."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _BY_A_VALUE
    return not isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError)


def unexpected(error: Exception) -> Poison:
    """Why the record that causes this error is set aside."""
    return Poison("unexpected", str(error), exception=type(error).__name__, place=place(error))


def place(error: Exception) -> str:
    """The last line of ours that it went through: ``ingest/rollup/fold/fold.py:fold:52``."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if (name := _module(frame)).startswith(_OURS):
            found = f"{name.replace('.', '/')}.py:{frame.f_code.co_name}:{line}"
    return found


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
