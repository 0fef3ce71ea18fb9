"""Charge points altered without an event, in the transaction shape of a batch; one that fails costs itself alone."""

import logging
from collections.abc import Collection
from typing import Protocol

from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold.folded import Folded
from ingest.rollup.metrics import Metrics
from shared.stores.postgres import AWAY

from .refusal import is_refusal
from .store import Alter, Store

log = logging.getLogger("plugwatch.rollup.sweep")


class Reading(Protocol):
    """What the sweep must know of the reading: whose charge points it owns, and how far behind it is."""

    @property
    def partitions(self) -> frozenset[int]: ...
    @property
    def topic_partitions(self) -> int | None: ...
    @property
    def lag_s(self) -> float: ...
    @property
    def is_polling(self) -> bool: ...


class Sweep:
    """``failed`` are the charge points that fail alone: they are tried again by the next process."""

    def __init__(self, store: Store, publication: Publication, metrics: Metrics) -> None:
        self._store = store
        self._publication = publication
        self._metrics = metrics
        self.failed: set[int] = set()

    async def apply(self, keys: Collection[int], alter: Alter, now: int) -> list[Folded]:
        """Alters and publishes them; what came of each transaction.

        Raises:
            one of ``postgres.AWAY``: some may be done.
        """
        if not keys:
            return []
        try:
            applied = await self._store.apply(keys, (), alter, now)
        except AWAY:
            raise
        except Exception as error:
            if not is_refusal(error):
                raise
            if len(keys) > 1:
                ordered = sorted(keys)
                halves = ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]
                return [folded for half in halves for folded in await self.apply(half, alter, now)]
            self.failed.update(keys)
            log.exception(
                "a sweep cannot write a charge point (OFFLINE, its places, its flags), others it can: see "
                "monitoring/runbooks/RowsUnreadable.md",
                extra={"key": next(iter(keys))},
            )
            self._metrics.unreadable.inc()
            return []
        await self._publication.publish(applied.changes, applied.note)
        return [applied.folded]
