"""Sockets that have sent no whole handshake yet: a bounded number, so that silence cannot use up the descriptors.

When there are too many the oldest is cut off, since a charger sends its handshake with its first packet.
"""

import logging
from typing import Protocol

from ingest.gateway.metrics import Metrics

log = logging.getLogger("plugwatch.gateway.half_open")

SAID_EVERY_S = 60


class Socket(Protocol):
    """What is held here."""

    def abort(self) -> None:
        """Cuts it off."""


class HalfOpen:
    """At most ``limit`` sockets, oldest first."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self._limit = limit
        self._metrics = metrics
        self._sockets: dict[Socket, None] = {}
        self._said_at = -float(SAID_EVERY_S)
        metrics.half_open.set_function(lambda: len(self._sockets))

    def add(self, socket: Socket, now: float) -> None:
        """One more at ``now`` (monotonic, s)."""
        self._sockets[socket] = None
        if len(self._sockets) <= self._limit:
            return
        oldest = next(iter(self._sockets))
        del self._sockets[oldest]
        oldest.abort()
        self._metrics.half_open_cut_off.inc()
        if now - self._said_at >= SAID_EVERY_S:
            self._said_at = now
            log.warning(
                "too many sockets without a handshake; the oldest are cut off. Look for who opens them "
                "(ss -tn), and limit connections per address in front of the gateway",
                extra={"limit": self._limit},
            )

    def discard(self, socket: Socket) -> None:
        """Its handshake is there, or it is gone."""
        self._sockets.pop(socket, None)
