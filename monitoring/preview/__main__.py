"""`python -m monitoring.preview`; `--help` says more."""

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.process import StartFailure
from local.system.run import Stopped, stop_on_signals
from monitoring import incidents, observed
from monitoring.grafana.queries import committed, queries
from monitoring.grafana.series import Prometheus, Series
from monitoring.preview.alerts import draw_alerts
from monitoring.preview.dashboard import draw_dashboard
from monitoring.system import System, running

SCRAPE_S, RATE_INTERVAL = 2.0, "10s"
WARM_UP_S = 15.0  #: until every rate has its first value
FIRES_WITHIN_S = 240.0
NOWHERE = "http://127.0.0.1:9/"  #: who would be told of alerts

#: What happens when, as a share of the time.
DAY: Sequence[tuple[float, Callable[[System], None]]] = (
    (0.08, incidents.clients_err),
    (0.14, incidents.strangers_knock),
    (0.20, incidents.a_charger_babbles),
    (0.26, incidents.a_charger_refuses),
    (0.32, incidents.a_charger_comes_twice),
    (0.38, incidents.rollup_hangs),
    (0.50, incidents.redis_hangs),
    (0.58, incidents.clients_err),
    (0.64, incidents.a_gateway_dies),
    (0.80, incidents.the_broker_hangs),
    (0.90, incidents.somebody_poisons_the_topic),
)
STORY = "a rollup, Redis and the broker hang, a gateway is killed, chargers and clients misbehave"


@dataclass(frozen=True, slots=True)
class Watched:
    """A system that runs, and the URLs of those who watch it."""

    system: System
    prometheus: str
    alertmanager: str


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m monitoring.preview",
        description="Run the whole system here with simulated chargers, let incidents happen to it, and draw what a "
        "real Prometheus answers to the dashboards' own queries: fleet.png and service.png. Then have the API hang "
        "until an alert fires, and draw what a real Alertmanager reports: alert.png. Grafana has no part in it.",
    )
    parser.add_argument(
        "--minutes", type=float, default=3.0, metavar="M", help="how long the dashboards look back (%(default)g)"
    )
    parser.add_argument("--chargers", type=int, default=60, metavar="N", help="simulated chargers (%(default)s)")
    parser.add_argument(
        "--rate", type=float, default=20.0, metavar="PER_S", help="their statuses a second (%(default)g)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("docs/pictures/full"),
        metavar="DIR",
        help="where the pictures go (%(default)s)",
    )
    given = parser.parse_args()
    stop_on_signals()
    try:
        with tempfile.TemporaryDirectory(prefix="plugwatch-preview-") as directory:
            preview(given, Path(directory))
    except Stopped:
        return 130
    except (StartFailure, observed.MissingProgram, TimeoutError) as failure:
        print(f"no preview: {failure}", file=sys.stderr)
        return 1
    return 0


def preview(given: argparse.Namespace, directory: Path) -> None:
    seconds = 60 * given.minutes
    say(f"starting everything, with {given.chargers} simulated chargers")
    with watched(directory, given.chargers, given.rate) as all_of_it:
        with incidents.ordinary_day(all_of_it.system):
            time.sleep(WARM_UP_S)
            prometheus = Prometheus(all_of_it.prometheus, since=time.time())
            live(all_of_it.system, seconds)
            until = prometheus.freeze()
        told = f"{given.minutes:g} minutes of {given.chargers} simulated chargers on one machine, in which {STORY}"
        caption = f"Preview drawn from Prometheus by matplotlib, not Grafana · {day(until)} · {told}"
        for name, board in committed().items():
            answers = ask(prometheus, name, board, seconds)
            picture = given.out / f"{name}.png"
            draw_dashboard(board, answers, (prometheus.since, until), caption, picture)
            wrote(picture)
        say("the API hangs; waiting for an alert")
        with all_of_it.system.paused("api"):
            alerts = fired(all_of_it.alertmanager, "HealthzDown")
        caption = "Preview drawn from Alertmanager's API by matplotlib, not its web page"
        draw_alerts(alerts, f"{caption} · {day(time.time())} · the API's process was stopped", given.out / "alert.png")
        wrote(given.out / "alert.png")


@contextmanager
def watched(directory: Path, chargers: int, rate: float) -> Iterator[Watched]:
    with (
        running(directory / "home", chargers=chargers, rate=rate, CLOSE_GRACE_S="5") as system,
        observed.blackbox(directory=directory) as blackbox,
        observed.alertmanager(directory=directory, webhook_url=NOWHERE) as alertmanager,
        observed.prometheus(
            system.targets,
            directory=directory,
            metrics_token=system.metrics_token,
            scrape_interval_s=SCRAPE_S,
            alertmanager=alertmanager,
            blackbox=blackbox,
        ) as prometheus,
    ):
        yield Watched(system, prometheus, alertmanager)


def live(system: System, seconds: float) -> None:
    """Let so much time pass, and everything of the DAY happen in it."""
    began = time.monotonic()
    for share, happens in (*DAY, (1.0, None)):
        time.sleep(max(0.0, began + share * seconds - time.monotonic()))
        if happens:
            say(f"{time.monotonic() - began:4.0f} s: {happens.__name__.replace('_', ' ')}")
            happens(system)


def ask(prometheus: Prometheus, name: str, board: Any, seconds: float) -> dict[int, list[Series]]:
    """What every panel of a dashboard shows, by its id."""
    answers: dict[int, list[Series]] = {}
    for query in queries(name, board, RATE_INTERVAL, f"{round(seconds)}s"):
        answers.setdefault(query.panel["id"], []).extend(prometheus.answer(query))
    return answers


def fired(alertmanager: str, name: str) -> list[Any]:
    """All alerts, as soon as the one of this name is among them; raises TimeoutError."""
    deadline = time.monotonic() + FIRES_WITHIN_S
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts", timeout=5) as answer:
            alerts: list[Any] = json.load(answer)
        if any(alert["labels"]["alertname"] == name for alert in alerts):
            return alerts
        time.sleep(1)
    raise TimeoutError(f"{name} has not fired within {FIRES_WITHIN_S:g} s")


def day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def say(text: str) -> None:
    print(text, flush=True)


def wrote(picture: Path) -> None:
    say(f"wrote {picture} ({picture.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    sys.exit(main())
