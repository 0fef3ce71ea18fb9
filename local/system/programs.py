"""Our three programs and the simulated chargers, upon a stack that runs and has its schema: start, watch, stop."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from local import demo
from local.process import Process, StartFailure, stop_all
from local.service import Service
from local.stack import BrokerKind, Stack
from local.system.choices import Choices
from local.system.home import Home
from local.system.keeper import Keeper
from local.system.terminal import Screen, panel, summary
from local.web import Api

WATCH_S = 0.1
PARTITIONS = 12
# Who stops together, in this order, and the seconds from the signal by which they are gone, if need be by SIGKILL.
STOPS = ((0.5, {"simulator"}), (2.3, {"gateway", "api"}), (3.1, {"rollup"}))
STACK_GONE_BY_S = 3.6


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for; without chargers there is no demo inventory either."""

    home: Path
    broker: BrokerKind
    chargers: int
    statuses_per_s: float


class System:
    """Its ports are chosen when it is made, so it had better start soon after."""

    def __init__(self, plan: Plan, home: Home, stack: Stack, screen: Screen) -> None:
        self._plan = plan
        self._home = home
        self._stack = stack
        self._screen = screen
        self._choices = Choices(home)
        self._environment = {**stack.environment, **self._choices.environment}
        self._services = [
            self._service("gateway", "ingest.gateway", "GATEWAY_ADMIN_PORT"),
            self._service("rollup", "ingest.rollup", "ROLLUP_ADMIN_PORT"),
            self._service("api", "api", "API_PORT"),
        ]
        self._simulator = [self._chargers()] if plan.chargers else []

    def live(self, began: float) -> NoReturn:
        """Start, then watch until an exception comes (Stopped, StartFailure), then stop."""
        try:
            self._start()
            self._home.write_run(self.description)
            took_s = time.monotonic() - began
            self._screen.print(panel(self.description, self._board_link(), took_s, self._plan.home))
            self._watch()
        finally:
            self._stop()

    def _start(self) -> None:
        if self._plan.broker == "kafka" and "broker" in self._stack.processes:
            self._stack.broker.create_topic(self._choices["TOPIC"], PARTITIONS)
            self._stack.broker.create_topic(self._choices["DEAD_LETTER_TOPIC"], 1)
        for service in self._services:
            service.spawn()
        for service in self._services:
            service.wait_ready()
        for simulator in self._simulator:
            self._create_demo()
            simulator.spawn()

    def _board_link(self) -> str:
        try:
            return self._api("ADMIN_TOKEN").board_link()
        except OSError:
            return self._choices.url("API_PORT")

    def _create_demo(self) -> None:
        try:
            demo.create_inventory(self._api("ADMIN_TOKEN"), self._plan.chargers)
        except OSError as error:
            raise StartFailure(f"the demo inventory could not be created: {error}") from error

    def _watch(self) -> NoReturn:
        processes = [*self._stack.processes.values(), *self._services, *self._simulator]
        keeper = Keeper(processes, self._screen.news, time.monotonic())
        next_line = 0.0
        while True:
            now = time.monotonic()
            if keeper.tend(now):
                self._home.write_run(self.description)
            if now >= next_line:
                self._screen.show(self._summary())
                next_line = now + self._screen.every_s
            time.sleep(WATCH_S)

    def _summary(self) -> str:
        try:
            return summary(self._api("READ_TOKEN").get("/v1/stats"))
        except (OSError, ValueError):
            return "the API does not answer"

    def _stop(self) -> None:
        self._home.remove_run()
        began = time.monotonic()
        for gone_by_s, names in STOPS:
            programs = [program for program in (*self._simulator, *self._services) if program.name in names]
            stop_all(programs, began + gone_by_s - time.monotonic())
        self._stack.stop(began + STACK_GONE_BY_S - time.monotonic())

    @property
    def description(self) -> dict[str, Any]:
        """What run.json says."""
        processes = {**self._stack.processes, **{one.name: one for one in (*self._services, *self._simulator)}}
        return {
            "api": self._choices.url("API_PORT"),
            "gateway": self._choices.url("GATEWAY_PORT", "ws") + "/ocpp",
            "gateway_admin": self._choices.url("GATEWAY_ADMIN_PORT"),
            "rollup_admin": self._choices.url("ROLLUP_ADMIN_PORT"),
            "read_token": self._choices.token("READ_TOKEN"),
            "admin_token": self._choices.token("ADMIN_TOKEN"),
            "metrics_token": self._choices.token("METRICS_TOKEN"),
            "database_url": self._stack.database_url,
            "redis_url": self._stack.redis_url,
            "kafka_bootstrap_servers": self._stack.kafka_bootstrap_servers,
            "pids": {name: process.pid for name, process in processes.items()},
        }

    def _api(self, token: str) -> Api:
        return Api(self._choices.url("API_PORT"), self._choices.token(token))

    def _service(self, name: str, module: str, port: str) -> Service:
        return Service(name, module, self._plan.home, self._environment, int(self._choices[port]))

    def _program(self, name: str, module: str, *arguments: str) -> Process:
        command = [sys.executable, "-m", module, *arguments]
        return Process(name, command, self._plan.home / f"{name}.log", environment=self._environment)

    def _chargers(self) -> Process:
        address = ("--url", self._choices.url("GATEWAY_PORT", "ws") + "/ocpp")
        fleet = ("--demo", "--chargers", str(self._plan.chargers))
        manner = ("--rate", str(self._plan.statuses_per_s), "--seed", "1", "--quiet")
        return self._program("simulator", "loadtest.simulator", *address, *fleet, *manner)
