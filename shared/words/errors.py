"""Kinds of error, named by what the loop that meets them does next.

OcppError (ingest.ocpp.errors)   CALLERROR to that charger, count, go on
Poison                           dead-letter topic, count, commit past it
Newer                            stop: a newer version wrote this, upgrade this process first
Transient                        back off with jitter, not ready meanwhile
anything else                    a bug: crash; the supervisor restarts, offsets make it safe
"""


class Poison(Exception):
    """A record that can never be applied; ``reason`` is a short word for the dead-letter header.

    ``unexpected`` is one that fails in code of ours: ``exception`` is the class, ``place`` where (file:function:line).
    """

    def __init__(self, reason: str, detail: str, *, exception: str = "", place: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.exception = exception
        self.place = place


class Newer(Exception):
    """A record of a version that this process does not know. Upgrade rollups before gateways."""


class Transient(Exception):
    """A dependency is away; trying again later is right."""

    retriable = True
