"""Readers of the API as Locust users: dashboards that poll, and pages that follow the stream of changes.

They are people: each waits a second or so after an answer before asking again, so a slow API is asked less. Their
figures say how a reader fares, not how many readers the API could bear.
"""

from random import Random
from time import perf_counter
from typing import ClassVar
from urllib.parse import urlencode

from locust import FastHttpUser, User, between, task

from loadtest.swarm.entries import FIRST_BLOCK, LONGEST_GAP, READ, STREAM
from loadtest.swarm.stream.follower import Follower, StreamLost
from loadtest.swarm.users.measure import measured
from loadtest.swarm.users.site import Site

OFFLINE = 409
LISTS = (
    {"status": "AVAILABLE", "limit": 50},
    {"status": ["FAULTED", "UNAVAILABLE"], "limit": 100},
    {"health": "DEGRADED"},
    {"q": "load test", "limit": 20},
    {"near": "53.55,3.5", "radius_m": 20_000, "limit": 50},
)
FOLLOWS_S = (5.0, 20.0)


class Reader(FastHttpUser):
    """A dashboard. A station's page most, lists and history less, now and then an operator who asks a charger."""

    site: ClassVar[Site]
    wait_time = between(0.5, 1.5)
    connection_timeout = 10.0
    network_timeout = 10.0
    insecure = False  # certificates are verified

    def on_start(self) -> None:
        plan = self.site.plan
        self.chance = Random()
        self.headers = {"Authorization": f"Bearer {plan.read_token}"}
        self.orders = {"Authorization": f"Bearer {plan.admin_token}", "Content-Type": "application/json"}

    @task(40)
    def station(self) -> None:
        station = self.site.plan.fleet.station(self._number())
        with self.client.get(
            f"/v1/stations/{station}", name="/v1/stations/{id}", headers=self.headers, catch_response=True
        ) as answer:
            if answer.status_code == 200 and answer.json()["id"] != station:
                answer.failure("another station's document")

    @task(15)
    def charge_point(self) -> None:
        self._get(f"/v1/charge-points/{self._id()}", "/v1/charge-points/{id}")

    @task(20)
    def stations(self) -> None:
        self._get(f"/v1/stations?{urlencode(self.chance.choice(LISTS), doseq=True)}", "/v1/stations?{filter}")

    @task(10)
    def stats(self) -> None:
        self._get("/v1/stats", "/v1/stats")

    @task(10)
    def station_history(self) -> None:
        station = self.site.plan.fleet.station(self._number())
        self._get(f"/v1/stations/{station}/history?limit=50", "/v1/stations/{id}/history")

    @task(4)
    def charge_point_history(self) -> None:
        self._get(f"/v1/charge-points/{self._id()}/history?limit=50", "/v1/charge-points/{id}/history")

    @task(1)
    def trigger(self) -> None:
        with self.client.post(
            f"/v1/charge-points/{self._id()}/trigger",
            name="/v1/charge-points/{id}/trigger",
            headers=self.orders,
            json={"message": "StatusNotification"},
            catch_response=True,
        ) as answer:
            if answer.status_code == OFFLINE:
                answer.success()  # true of a charger that has not connected yet

    def _get(self, path: str, name: str) -> None:
        self.client.request(READ, path, name=name, headers=self.headers)

    def _number(self) -> int:
        return self.chance.randrange(self.site.plan.fleet.size)

    def _id(self) -> str:
        return self.site.plan.fleet.charge_point(self._number())


class StreamReader(User):
    """A station's page that is kept up to date by the stream, for some seconds, then another one."""

    site: ClassVar[Site]

    def on_start(self) -> None:
        self.chance = Random()
        self.follower: Follower | None = None

    def on_stop(self) -> None:
        self._leave(None)

    @task
    def open(self) -> None:
        plan = self.site.plan
        station = plan.fleet.station(self.chance.randrange(plan.fleet.size))
        self.began = self.heard_at = perf_counter()
        self.longest_gap_s: float | None = None
        try:
            self.follower = Follower(plan.api, plan.read_token, {"station_id": [station]})
        except StreamLost as lost:
            measured(self, STREAM, FIRST_BLOCK, perf_counter() - self.began, lost)

    def wait_time(self) -> float:
        """Follow. Locust may end us here."""
        if self.follower is None:
            return 1.0
        try:
            for _ in self.follower.blocks(until=self.began + self.chance.uniform(*FOLLOWS_S)):
                gap_s = perf_counter() - self.heard_at
                self.heard_at += gap_s
                if self.longest_gap_s is None:
                    measured(self, STREAM, FIRST_BLOCK, gap_s)
                    self.longest_gap_s = 0.0
                else:
                    self.longest_gap_s = max(self.longest_gap_s, gap_s)
        except StreamLost as lost:
            self._leave(lost)
        self._leave(None)
        return 0.0

    def _leave(self, lost: StreamLost | None) -> None:
        if self.follower is None:
            return
        self.follower.close()
        self.follower = None
        gap_s = max(self.longest_gap_s or 0.0, perf_counter() - self.heard_at)
        measured(self, STREAM, LONGEST_GAP, gap_s, lost)
