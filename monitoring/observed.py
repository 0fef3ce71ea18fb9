"""Starts Prometheus, Alertmanager and the blackbox exporter here, with the configuration that is shipped.

Only what belongs to a place is replaced: who is scraped, where secrets lie and, if asked for, how long things take.
For tests and previews; it finds no targets by itself and keeps nothing. Start from the main thread (`local.process`).
"""

import http.client
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from local.ports import free_port, serves
from local.process import Process

SHIPPED = Path(__file__).parent
PROGRAMS = SHIPPED.parent / ".cache/bin"
DISCOVERY = ("static_configs", "dns_sd_configs")
WINDOW_SCRAPES = 5  #: no window is hastened below so many scrapes: a rate needs a few of them

_TIME = re.compile(r"(\d+)(ms|s|m|h|d)")
_WINDOW = re.compile(r"(?P<before>\[|\boffset )(?P<time>(?:\d+(?:ms|[smhd]))+)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class MissingProgram(Exception):
    """A program is neither in .cache/bin nor on PATH."""


@contextmanager
def prometheus(
    targets: Mapping[str, Sequence[str]],
    *,
    directory: Path,
    metrics_token: str,
    scrape_interval_s: float = 1.0,
    alertmanager: str | None = None,
    blackbox: str | None = None,
    env: str = "local",
    hasten: float = 1.0,
) -> Iterator[str]:
    """A Prometheus that scrapes `targets`, app → `host:port` of its replicas; yields its URL.

    Jobs, labels, relabelings and rules are the shipped ones; an app without targets is left out. With the URL of a
    `blackbox`, /healthz of the targets is probed; with that of an `alertmanager`, it is told of alerts. `hasten`
    divides how long an alert must hold and the windows of its expression: for tests that cannot wait.
    """
    home = directory / "prometheus"
    (home / "rules").mkdir(parents=True, exist_ok=True)
    token = home / "metrics_token"
    token.write_text(metrics_token)
    for rules in (SHIPPED / "prometheus/rules").glob("*.yml"):
        _write(home / "rules" / rules.name, _hastened(_read(rules), hasten, scrape_interval_s))
    config = _read(SHIPPED / "prometheus/prometheus.yml")
    interval = f"{int(scrape_interval_s * 1000)}ms"
    config["global"] = {
        "scrape_interval": interval,
        "scrape_timeout": interval,
        "evaluation_interval": interval,
        "external_labels": {"env": env},
    }
    config["alerting"] = {
        "alertmanagers": [{"static_configs": _static([_address(alertmanager)] if alertmanager else [])}]
    }
    config["scrape_configs"] = [
        _here(job, targets, token=token, blackbox=blackbox, env=env) for job in config["scrape_configs"]
    ]
    _write(home / "prometheus.yml", config)
    port = free_port()
    command = [
        _program("prometheus"),
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with _Program("prometheus", command, home / "prometheus.log", port, "/-/ready"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def alertmanager(*, directory: Path, webhook_url: str, hasten: float = 1.0) -> Iterator[str]:
    """An Alertmanager that tells `webhook_url` what the shipped one would tell; yields its URL. It sends no mail."""
    home = directory / "alertmanager"
    home.mkdir(parents=True, exist_ok=True)
    secret = home / "alert_webhook_url"
    secret.write_text(webhook_url)
    config = _read(SHIPPED / "alertmanager/alertmanager.yml")
    for route in (config["route"], *config["route"]["routes"]):
        for wait in {"group_wait", "group_interval", "repeat_interval"} & route.keys():
            route[wait] = _divided(route[wait], hasten, least_s=1.0)
    for receiver in config["receivers"]:
        receiver.pop("email_configs", None)
        for webhook in receiver.get("webhook_configs", ()):
            webhook["url_file"] = str(secret)
    config.pop("global")
    _write(home / "alertmanager.yml", config)
    port = free_port()
    command = [
        _program("alertmanager"),
        f"--config.file={home / 'alertmanager.yml'}",
        f"--storage.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with _Program("alertmanager", command, home / "alertmanager.log", port, "/-/ready"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def blackbox(*, directory: Path) -> Iterator[str]:
    """A blackbox exporter with the shipped modules; yields its URL."""
    port = free_port()
    command = [
        _program("blackbox_exporter"),
        f"--config.file={SHIPPED / 'blackbox/blackbox.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with _Program("blackbox", command, directory / "blackbox.log", port, "/-/healthy"):
        yield f"http://127.0.0.1:{port}"


class _Program(Process):
    """A server that is ready when `path` on its port answers 200."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, port: int, path: str) -> None:
        super().__init__(name, command, log)
        self._port = port
        self._path = path

    def answers(self) -> bool:
        if not serves(self.pid, self._port):
            return False
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=1)
        try:
            connection.request("GET", self._path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _program(name: str) -> str:
    found = shutil.which(name, path=PROGRAMS) or shutil.which(name)
    if found is None:
        raise MissingProgram(f"{name} is neither in {PROGRAMS} nor on PATH: `make infra-check` brings it")
    return found


def _here(
    job: dict[str, Any], targets: Mapping[str, Sequence[str]], *, token: Path, blackbox: str | None, env: str
) -> dict[str, Any]:
    """The job with targets of ours in the place of what it would discover, found by the names it would ask for."""
    names = [name for discovery in job.get("dns_sd_configs", ()) for name in discovery["names"]]
    probes = job["job_name"] == "healthz"
    apps = names if probes else [job["job_name"]]
    here = {key: value for key, value in job.items() if key not in DISCOVERY}
    here["static_configs"] = [
        one
        for app in apps
        if not probes or blackbox
        for one in _static(targets.get(app, ()), labels={"__meta_dns_name": app})
    ]
    if "authorization" in job:
        here["authorization"] = {**job["authorization"], "credentials_file": str(token)}
    replacements = {"env": env, "__address__": _address(blackbox) if blackbox else ""}
    here["relabel_configs"] = [
        {**step, "replacement": replacements[step["target_label"]]} if step["target_label"] in replacements else step
        for step in job["relabel_configs"]
    ]
    return here


def _static(targets: Sequence[str], labels: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    return [{"targets": list(targets), "labels": dict(labels or {})}] if targets else []


def _hastened(rules: dict[str, Any], hasten: float, scrape_interval_s: float) -> dict[str, Any]:
    def hastened(window: re.Match[str]) -> str:
        return window["before"] + _divided(window["time"], hasten, least_s=WINDOW_SCRAPES * scrape_interval_s)

    for group in rules["groups"] if hasten != 1 else ():
        for rule in group["rules"]:
            rule["expr"] = _WINDOW.sub(hastened, str(rule["expr"]))
            if "for" in rule:
                rule["for"] = _divided(rule["for"], hasten)
    return rules


def _divided(time: str, by: float, least_s: float = 0.0) -> str:
    """A duration of Prometheus, such as 1h30m, divided; never less than `least_s` unless it was."""
    seconds = sum(int(n) * _SECONDS[unit] for n, unit in _TIME.findall(time))
    return f"{round(max(seconds / by, min(least_s, seconds)) * 1000)}ms"


def _address(url: str) -> str:
    return urlsplit(url).netloc


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False))
