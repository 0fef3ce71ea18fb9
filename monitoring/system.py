"""A system of its own on this machine, as `python -m local run` starts it, and how to get at its parts. A black box."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.headers import build_authorization_basic as basic
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local.apart import Apart
from local.proc import descendants

STATION, CHARGE_POINT = "ROG-001", "ROG-001-A"  #: beside those of the demo, for whatever must not happen to them
ANSWER_WITHIN_S = 15.0


class System:
    """What `run.json` says of a system that runs."""

    def __init__(self, run_file: Path) -> None:
        self._run_file = run_file
        told = self._read()
        self.api: str = told["api"]
        self.gateway: str = told["gateway"]
        self.kafka: str = told["kafka_bootstrap_servers"]
        self.metrics_token: str = told["metrics_token"]
        self._admin_token: str = told["admin_token"]
        admin = {"gateway": told["gateway_admin"], "rollup": told["rollup_admin"], "api": told["api"]}
        self.targets = {app: [urlsplit(url).netloc] for app, url in admin.items()}  #: as `observed.prometheus` wants

    def open(self, method: str, path: str, body: object = None, token: str | None = None) -> Any:
        """The API's answer, to be read; raises OSError, which is an HTTPError for what is no success."""
        headers = {"Authorization": f"Bearer {token or self._admin_token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, headers, method=method)
        return urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S)

    def request(self, method: str, path: str, body: object = None, token: str | None = None) -> int:
        """The status of the API's answer; 0 when there is none."""
        try:
            with self.open(method, path, body, token) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def charger(
        self, identity: str = CHARGE_POINT, subprotocol: str = "ocpp1.6", password: str | None = None
    ) -> ClientConnection:
        """A charger's socket; raises InvalidStatus when it is not let in."""
        headers = {} if password is None else {"Authorization": basic(identity, password)}
        return connect(
            f"{self.gateway}/{identity}",
            subprotocols=[Subprotocol(subprotocol)],
            additional_headers=headers,
            proxy=None,
        )

    def kill(self, name: str) -> None:
        """`kill -9` of a process, which its runner starts again."""
        os.kill(self._pid(name), signal.SIGKILL)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """A process hangs while the block runs: its sockets stay open and nothing answers."""
        pid = self._pid(name)
        pids = [pid, *descendants(pid)]
        try:
            self._signal(signal.SIGSTOP, pids)
            yield
        finally:
            self._signal(signal.SIGCONT, pids)

    def _signal(self, number: signal.Signals, pids: list[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pid(self, name: str) -> int:
        """As it is now: one that was killed is started again under another id."""
        return int(self._read()["pids"][name])

    def _read(self) -> Any:
        return json.loads(self._run_file.read_text())


@contextmanager
def running(directory: Path, *, chargers: int, rate: float, **settings: str) -> Iterator[System]:
    """The whole system in `directory`, with so many simulated chargers, their statuses a second over all, and
    `PLUGWATCH_*` settings; gone afterwards. Raises StartFailure with the end of its log.
    """
    with Apart(directory, chargers=chargers, rate=rate, settings=settings) as runner:
        system = System(runner.run_file)
        system.request("POST", "/v1/stations", {"id": STATION, "name": "A rogue's"})
        system.request("POST", f"/v1/stations/{STATION}/charge-points", {"id": CHARGE_POINT})
        yield system
