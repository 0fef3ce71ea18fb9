"""How far a command has come: a bar where somebody watches, nothing where not. Standard library alone."""

from typing import TextIO


class Progress:
    """Of ``total`` things."""

    def __init__(self, total: int, to: TextIO) -> None:
        self._total, self._to, self._done = total, to, 0
        self._watched = to.isatty()

    def advance(self, n: int) -> None:
        """So many more are done."""
        self._done += n
        if self._watched:
            filled = 40 * self._done // max(self._total, 1)
            self._to.write(f"\r[{'#' * filled}{'.' * (40 - filled)}] {self._done}/{self._total}")
            self._to.flush()

    def say(self, line: str) -> None:
        """A line for both."""
        self._to.write(f"\r\x1b[K{line}\n" if self._watched else f"{line}\n")

    def end(self) -> None:
        """Leaves the bar behind."""
        if self._watched:
            self._to.write("\n")
