"""Something that is away: said once when it goes and once when it is back, never in between."""

import logging


class Outage:
    """Of one dependency, as one part of the process sees it. ``gone`` says what follows, ``back`` that it is over."""

    def __init__(self, log: logging.Logger, gone: str, back: str) -> None:
        self._log = log
        self._gone = gone
        self._back = back
        self._lasts = False

    def __bool__(self) -> bool:
        """Whether it lasts."""
        return self._lasts

    def began(self, error: object) -> None:
        """It is away; ``error`` is what was seen."""
        if not self._lasts:
            self._log.warning(self._gone, extra={"error": repr(error)})
        self._lasts = True

    def ended(self) -> None:
        """It did what was asked of it."""
        if self._lasts:
            self._log.info(self._back)
        self._lasts = False
