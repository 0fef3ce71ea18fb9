"""Sees with the API's eyes: when a status that a charger of this process sent has become visible.

One stream of changes a process, of the watched charge points alone, so that reading it costs the generator little.
After a gap in the stream the documents themselves are asked. What is not visible in time is a failure.
"""

import json
import logging
import math
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from time import perf_counter
from typing import Any

import gevent

from loadtest.stream.sightings import Expected, Place, Sightings
from loadtest.swarm.stream.follower import Follower, StreamLost

AGAIN_AFTER_S = 0.5
LOOKS_EVERY_S = 0.25
ANSWERS_WITHIN_S = 5

log = logging.getLogger("loadtest")


class NotVisible(Exception):
    """A status that the API did not show in time."""


Report = Callable[[float, NotVisible | None], None]
"""Told the seconds that a status took, and that it failed if it did."""


class Witness:
    """The witness of one process; it watches nothing until `watch` is called."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._sightings = Sightings()
        self._greenlets: list[gevent.Greenlet] = []
        self._within_s = 0.0

    def watch(self, api: str, token: str, charge_points: Sequence[str], within_s: float) -> None:
        """Begin anew, with these; what is sent may take `within_s` to be seen."""
        self.stop()
        self._sightings = Sightings()
        self._within_s = within_s
        self._api, self._token = api, token
        self._greenlets = [gevent.spawn(self._follow, list(charge_points)), gevent.spawn(self._look_for_overdue)]

    def stop(self) -> None:
        gevent.killall(self._greenlets)
        self._greenlets = []

    def expect(self, place: Place, reported_at: float, began: float) -> Expected:
        """A status is about to be sent that is to be seen."""
        expected = Expected(reported_at, began)
        self._sightings.expect(place, expected)
        return expected

    def forget(self, place: Place, expected: Expected) -> None:
        """It was not acknowledged."""
        self._sightings.forget(place, expected)

    def settle(self, charge_point_id: str) -> None:
        """Wait until nothing of this charge point is waited for: seen, or given up."""
        while self._sightings.of(charge_point_id) and self._greenlets:
            gevent.sleep(LOOKS_EVERY_S / 5)

    def _follow(self, charge_points: list[str]) -> None:
        wanted = {"charge_point_id": charge_points, "event": ["charge_point"]}
        last_id, away = "", False
        while True:
            try:
                with closing(Follower(self._api, self._token, wanted, last_id)) as follower:
                    away = False
                    for block in follower.blocks(until=math.inf):
                        if block.event == "charge_point":
                            self._see(json.loads(block.data)["document"])
                        elif block.event == "reset" or (block.id and not last_id):
                            self._read_documents()  # what changed before the stream began is not on it
                        last_id = block.id or last_id
            except StreamLost as lost:
                if not away:
                    log.warning("the witness: %s; it connects again, and what it cannot see in time has failed", lost)
                away = True
            gevent.sleep(AGAIN_AFTER_S)

    def _see(self, document: Mapping[str, Any]) -> None:
        for took_s in self._sightings.see(document, perf_counter()):
            self._report(took_s, None)

    def _read_documents(self) -> None:
        for charge_point_id in self._sightings.charge_points:
            url = f"{self._api}/v1/charge-points/{charge_point_id}"
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self._token}"})
            try:
                with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_S) as answer:
                    self._see(json.load(answer))
            except OSError as error:
                log.warning("the witness cannot read %s: %s", url, error)

    def _look_for_overdue(self) -> None:
        while True:
            gevent.sleep(LOOKS_EVERY_S)
            for took_s in self._sightings.overdue(perf_counter(), self._within_s):
                self._report(took_s, NotVisible(f"not within {self._within_s:g} s"))
