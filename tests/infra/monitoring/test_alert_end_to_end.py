"""One alert all the way: the API stands still, a webhook is told so, it goes on, the webhook is told that, too.

Everything is real: our processes, Prometheus, Alertmanager and the blackbox exporter, with the shipped rules and
routes. What takes minutes takes a twentieth of that here.
"""

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from monitoring import observed
from tests.e2e.system import running

HASTEN = 20.0
WITHIN_S = 40.0


def test_an_api_that_stands_still_is_told_to_a_webhook_and_so_is_its_return(tmp_path: Path) -> None:
    with running(tmp_path) as system, webhook() as (url, told):
        run = json.loads((tmp_path / "run.json").read_text())
        addresses = {"gateway": run["gateway_admin"], "rollup": run["rollup_admin"], "api": run["api"]}
        with (
            observed.blackbox(directory=tmp_path) as prober,
            observed.alertmanager(directory=tmp_path, webhook_url=url, hasten=HASTEN) as manager,
            observed.prometheus(
                {app: [urlsplit(address).netloc] for app, address in addresses.items()},
                directory=tmp_path,
                metrics_token=run["metrics_token"],
                alertmanager=manager,
                blackbox=prober,
                hasten=HASTEN,
            ) as prometheus,
        ):
            until(lambda: len(asked(prometheus, 'probe_success{job="healthz"} == 1')) == 3, "all are probed")
            until(lambda: not asked(prometheus, 'ALERTS{alertname!="Watchdog"}'), "nothing is the matter")
            before = len(told)
            with standing_still(system.pids["api"]):
                until(lambda: of(told[before:], "HealthzDown", "firing"), "the webhook is told")
                # Its scrapes fail, too, which nobody needs to be told.
                until(lambda: states(manager, "MetricsScrapeFailing") == {"suppressed"}, "it explains the other alert")
                (alert,) = of(told[before:], "HealthzDown", "firing")
            assert alert["labels"] == {
                "alertname": "HealthzDown",
                "app": "api",
                "env": "local",
                "severity": "critical",
            }
            assert alert["annotations"]["summary"] == "api is down in local"
            assert alert["annotations"]["runbook_url"].endswith("/monitoring/runbooks/HealthzDown.md")
            until(lambda: of(told[before:], "HealthzDown", "resolved"), "the webhook is told that it is over")
            assert {message["receiver"] for message in told[before:]} == {"webhook-and-mail"}


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Somewhere to be told: its URL, and what it was told so far."""
    told: list[dict[str, Any]] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Told) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", told
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Neither dead, which would have it started again, nor answering."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def of(messages: list[dict[str, Any]], name: str, status: str) -> list[dict[str, Any]]:
    """The alerts of that name and status in the messages, each once."""
    found = [alert for message in messages for alert in message["alerts"]]
    wanted = [one for one in found if one["labels"]["alertname"] == name and one["status"] == status]
    return list({(one["fingerprint"], one["startsAt"]): one for one in wanted}.values())


def asked(prometheus: str, expr: str) -> list[Any]:
    """What Prometheus answers now."""
    query = urlencode({"query": expr})
    with urllib.request.urlopen(f"{prometheus}/api/v1/query?{query}", timeout=5) as answer:
        found: list[Any] = json.load(answer)["data"]["result"]
    return found


def states(alertmanager: str, name: str) -> set[str]:
    """What Alertmanager makes of the alerts of that name."""
    query = urlencode({"filter": f"alertname={name}"})
    with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts?{query}", timeout=5) as answer:
        return {alert["status"]["state"] for alert in json.load(answer)}


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S:g} s: {what}"
        time.sleep(0.2)
