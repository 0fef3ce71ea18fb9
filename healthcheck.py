#!/usr/bin/env python3
"""Is what runs here well? Asks all parts of a Plugwatch deployment at once, and says what to do where they are not.

  ok         all that was asked is well
  degraded   it works, with less than it should: one replica of several is away; a process is ready without one of its
             dependencies (Redis away: documents come from Postgres meanwhile); what only watches is away (Prometheus,
             exporters, Grafana); something restarted in the last 10 minutes; the API is slow or the rollups lag beyond
             the limits; a warning fires, or Watchdog does not; a token or password of ours is refused; /metrics is open
  unhealthy  chargers or readers feel it now: no gateway, rollup or API is ready (without Postgres no rollup is, without
             the broker no gateway); Postgres, the broker or the chargers' door does not run; a migration failed;
             chargers cannot connect; the API answers no read; a critical alert fires

What nobody gave it the means to ask is "skipped" and changes nothing. One file on the standard library alone (Python
3.11, POSIX), so that it can be copied to where it is needed. It prints no secret, and changes nothing unless told to
--register.

In this file, in this order:
  what is found   results, answers and the report, as data
  judgements      pure: what was found in, lines of the report out
  asking          HTTP, a websocket and programs, each against the clock
  places          where the system runs: run.json, Compose, Kubernetes, URLs; and with which tokens
  checks          ask and judge: each replica, the API, the chargers' door, the alerts
  one round       all checks at once, within the time
  what is shown   table, summary and JSON
  the command     arguments, rounds, signals, exit codes
"""

import argparse
import base64
import hashlib
import http.client
import io
import json
import math
import os
import queue
import re
import secrets
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NoReturn, Self, TextIO
from urllib.parse import quote, urlsplit

EXAMPLES = """
examples
  ./healthcheck.py                         make run, if .plugwatch/run.json is here; else Compose, if it is up
  ./healthcheck.py --compose --wait 180    until all is well, at most 3 minutes
  ./healthcheck.py --compose --compose-command "docker compose -f /srv/plugwatch/docker-compose.yml"
  ./healthcheck.py --kubernetes --namespace plugwatch --token-file ~/.plugwatch/read
  ./healthcheck.py --api https://api.example.org --gateway wss://ocpp.example.org/ocpp --charge-point probe-1
  ./healthcheck.py --watch --quiet         every 5 s what is not well; Ctrl-C ends it
  ./healthcheck.py --json | jq -r '.checks[] | select(.state == "unhealthy") | .hint'

tokens
  never on the command line: --token-file and --metrics-token-file, else those of the place (run.json; .secrets/ beside
  the compose file), else PLUGWATCH_READ_TOKEN, PLUGWATCH_ADMIN_TOKEN, PLUGWATCH_METRICS_TOKEN or their …_FILE. What
  runs in containers is asked from inside, with its own metrics token. A CA of your own: SSL_CERT_FILE.

as which charger
  A second socket under a real charger's id throws that charger out, so none is borrowed. By default the gateway is to
  let in an id that can be nobody's (it has a colon): the refusal shows that it answers, speaks ocpp1.6 and takes
  connections, and leaves no trace but a count. For a Heartbeat there and back, create the check's own charge point once
  by --register (needs an ADMIN token): "plugwatch-healthcheck", without connectors, in a station of that name. The
  fleet's totals grow by one, and history by a line at each coming and going; DELETE /v1/stations/plugwatch-healthcheck
  undoes it. Every check that may read the API then finds and uses it. --charge-point takes one of yours instead.

exit codes
  0 ok   1 degraded   2 unhealthy   3 could not be checked (stderr says why, stdout is empty)   130 interrupted
"""

State = Literal["ok", "skipped", "degraded", "unhealthy"]
EXIT: dict[State, int] = {"ok": 0, "skipped": 0, "degraded": 1, "unhealthy": 2}
IMPOSSIBLE, INTERRUPTED = 3, 130
SCHEMA_VERSION = 1
CHECKS = ("state", "ready", "websocket", "api", "metrics", "lag", "alerts")

RUN_FILE = Path(".plugwatch/run.json")
PORTS = {"gateway": 9100, "rollup": 9101, "api": 8000}  # where each of ours serves /readyz and /metrics
DOORS = {"api": (8000, "http://{}"), "gateway": (9000, "ws://{}/ocpp"), "prometheus": (9090, "http://{}")}
ONE_SHOTS = frozenset({"migrate", "topic-init"})
NEEDED = ONE_SHOTS | {"proxy", "postgres", "redpanda", "broker", "kafka"}  # down: unhealthy; ours are judged by /readyz
WATCHERS = {"prometheus", "alertmanager", "grafana", "blackbox", "postgres-exporter", "redis-exporter"}
STAYING = NEEDED | WATCHERS | {*PORTS, "redis"}  # others may end when they are done

NOBODY = "plugwatch:healthcheck"  # no charge point's id has a colon
NOBODY_IS_TOLD = "no charge point id"  # in the gateway's words to it; whoever else says 404 says it otherwise
OURSELVES = "plugwatch-healthcheck"
RECENT_S = 600
PROGRAMS_AT_ONCE = 8
LONGEST_ANSWER, LONGEST_MESSAGE, LONGEST_HEAD = 8 << 20, 1 << 20, 16 << 10  # bytes

# Run in a container with its own metrics token, so that nobody outside needs it.
INSIDE = """
import http.client, json, os, sys
def ask(path, token=""):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=4)
    connection.request("GET", path, headers={"Authorization": "Bearer " + token} if token else {})
    answer = connection.getresponse()
    return [answer.status, answer.read().decode(errors="replace")]
file = os.environ.get("PLUGWATCH_METRICS_TOKEN_FILE")
tokens = os.environ.get("PLUGWATCH_METRICS_TOKEN") or (open(file).read() if file else "")
token = tokens.replace("\\n", ",").split(",")[0].strip()
try:
    print(json.dumps([ask("/readyz"), ask("/metrics"), ask("/metrics", token) if token else None]))
except OSError as error:
    sys.exit(f"nothing answers at its port {sys.argv[1]}: {error}")
"""


# what is found


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the report; `service` names those that stand in for each other."""

    check: str
    subject: str
    state: State
    detail: str
    hint: str = ""
    took_ms: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    service: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    took_ms: float | None = None

    @property
    def document(self) -> Any:
        """Its JSON; None when it is none."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.text)
        return None


@dataclass(frozen=True, slots=True)
class Told:
    """What a process of ours says of itself: /readyz, /metrics without and with a token; or why it says nothing."""

    service: str
    subject: str
    ready: Answer | None = None
    closed: Answer | None = None
    metrics: Answer | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    place: str
    results: Sequence[Result]
    took_s: float

    @property
    def verdict(self) -> State:
        return max((one.state for one in self.results if one.state != "skipped"), key=EXIT.__getitem__, default="ok")

    @property
    def unwell(self) -> list[Result]:
        return [one for one in self.results if EXIT[one.state]]


class Failure(Exception):
    """The check cannot be made; the message says what to do."""


# judgements: what was found in, lines of the report out


def readiness(told: Told, look: Callable[[str], str]) -> Result:
    """A process's own word on itself and on each of its dependencies."""
    line = partial(Result, "ready", told.subject, service=told.service)
    here = f"look: {look(told.service)}"
    if told.ready is None:
        return line("unhealthy", f"does not answer: {told.error}", here)
    status, document = told.ready.status, told.ready.document
    dependencies = document.get("dependencies") if isinstance(document, dict) else None
    if status not in (200, 503) or not isinstance(dependencies, dict):
        words = f"/readyz answers {status}, not as Plugwatch does: {clean(told.ready.text)}"
        return line("unhealthy", words, "is this the address of a Plugwatch process?", told.ready.took_ms)
    line = partial(line, took_ms=told.ready.took_ms, facts={"status": status, "dependencies": dependencies})
    away = [str(name) for name, state in dependencies.items() if state != "ok"]
    advice = {
        "redis": f"Redis is a copy, nothing is lost: reads are slower, commands answer 503; look: {look('redis')}",
        "postgres": f"nothing new is stored without Postgres; look: {look('postgres')}",
        "kafka": f"without the broker chargers get InternalError after 20 s; look: {look('redpanda')}",
    }
    hint = "\n".join(advice.get(name, here) for name in away) or here
    if status == 503:
        states = listed(f"{name} {dependencies[name]}" for name in away)
        return line("unhealthy", f"not ready: {clean(states) or 'it does not say why'}", hint)
    if away:
        return line("degraded", f"ready, but without {clean(listed(away))}", hint)
    return line("ok", f"{clean(listed(dependencies))} ok")


def guarded(told: Sequence[Told]) -> list[Result]:
    """Whether /metrics is closed without a token and open with it."""
    well, results = [], []
    for one in told:
        if one.closed is None:
            continue
        line = partial(Result, "metrics", one.subject, "degraded")
        if one.closed.status != 401:
            hint = "Plugwatch itself never does this: close the port, and find out what answers there"
            results.append(line(f"answers {one.closed.status} without a token, and must answer 401", hint))
        elif one.metrics is not None and one.metrics.status != 200:
            hint = "a rotated token? Compare PLUGWATCH_METRICS_TOKEN_FILE of the process, and what Prometheus has"
            results.append(line(f"answers {one.metrics.status} to our metrics token", hint))
        else:
            well.append(one)
    if well:
        tried = "200 with it" if any(one.metrics for one in well) else "no metrics token is known to try"
        who = listed(sorted({one.service for one in well}))
        results.append(Result("metrics", who, "ok", f"401 without a token; {tried}"))
    return results


def lagging(told: Sequence[Told], max_lag_s: float, max_lag_records: int) -> Result:
    """How far the rollups, all of them together, are behind."""
    rollups = [one for one in told if one.service == "rollup"]
    line = partial(Result, "lag", "rollup")
    texts = [one.metrics.text for one in rollups if one.metrics is not None and one.metrics.status == 200]
    if not texts:
        if not any(one.ready for one in rollups):
            return line("skipped", "no rollup could be asked")
        return line("skipped", "no metrics token is known", "give --metrics-token-file, or PLUGWATCH_METRICS_TOKEN")
    behind_s = max((*samples(texts, "plugwatch_rollup_lag_seconds"), 0.0))
    records = sum(samples(texts, "plugwatch_rollup_lag_records"))
    if not math.isfinite(behind_s + records):
        return line("degraded", "not known yet: nothing was read so far", "ask again", facts={"seconds": None})
    line = partial(line, facts={"seconds": behind_s, "records": int(records)})
    words = f"records behind: {int(records):,}" + (f"; the last applied is {behind_s:.1f} s old" if records else "")
    if behind_s <= max_lag_s and records <= max_lag_records:
        return line("ok", words)
    hint = "what the API shows is old. One more rollup helps, up to the topic's partitions; else look at Postgres' load"
    return line("degraded", words, hint)


def firing(alerts: Iterable[Mapping[str, Any]]) -> list[Result]:
    """Alerts that fire: critical is unhealthy, warning degraded; Watchdog shows that alerting itself works."""
    named: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for alert in alerts:
        named[str(alert["labels"].get("severity")), str(alert["labels"].get("alertname"))].append(alert)
    states: dict[str, State] = {"critical": "unhealthy", "warning": "degraded"}
    results = []
    for (severity, name), same in sorted(named.items()):
        if severity in states:
            notes = same[0].get("annotations", {})
            more = f", and {len(same) - 1} more" if len(same) > 1 else ""
            words = f"{severity}: {clean(str(notes.get('summary')))}{more}"
            runbook = clean(str(notes.get("runbook_url") or f"monitoring/runbooks/{name}.md"))
            facts = {"severity": severity, "count": len(same)}
            results.append(Result("alerts", clean(name), states[severity], words, runbook, facts=facts))
    if ("none", "Watchdog") not in named:
        hint = "are the rules loaded? Prometheus' /rules and /targets tell"
        results.append(Result("alerts", "Watchdog", "degraded", "always fires, but does not: alerting is dead", hint))
    return results or [Result("alerts", "all", "ok", "none fires but Watchdog, which must")]


def container(row: Mapping[str, Any], subject: str, restarts: tuple[int, float] | None, compose: str) -> Result:
    """A row of `docker compose ps`; `restarts` is how often it was restarted, and how long ago (s) the last time."""
    service, state, health = (str(row.get(key) or "") for key in ("Service", "State", "Health"))
    words, code = clean(str(row.get("Status") or state)), row.get("ExitCode")
    facts = {"state": state, "health": health or None, "exit_code": code, "restarts": restarts and restarts[0]}
    line = partial(Result, "state", subject, facts=facts, service=service)
    logs = f"{compose} logs --tail 50 {service}"
    if state == "exited" and code == 0 and (service in ONE_SHOTS or service not in STAYING):
        return line("ok", "done")
    if state == "running" and (service in ONE_SHOTS or health == "starting"):
        return line("degraded", words if health else f"still at work: {words}", logs)
    if state == "running" and health in ("", "healthy"):
        if restarts and restarts[0] and restarts[1] < RECENT_S:
            return line("degraded", f"{words}, restarted {times(restarts[0])}", logs)
        return line("ok", words)
    hint = f"{compose} unpause {service}" if state == "paused" else f"{logs}; then {compose} up --detach {service}"
    return line(badly(service), words, hint)


def workload(item: Mapping[str, Any], kubectl: str) -> Result:
    """A Deployment, StatefulSet or Job."""
    name, status = item["metadata"]["name"], item.get("status", {})
    subject, service = f"{item['kind'].lower()}/{name}", component(item)
    line = partial(Result, "state", subject, service=service)
    if item["kind"] == "Job":
        met = {one["type"] for one in status.get("conditions", ()) if one["status"] == "True"}
        state: State = "ok" if "Complete" in met else badly(service) if "Failed" in met else "degraded"
        words = {"ok": "done", "degraded": "still at work"}.get(state, "failed")
        return line(state, words, "" if state == "ok" else f"{kubectl} logs {subject}")
    wanted, ready = item["spec"].get("replicas", 1), status.get("readyReplicas", 0)
    new = status.get("updatedReplicas", 0)
    words = f"{ready} of {wanted} ready" + (f", {new} of them new" if new < wanted else "")
    line = partial(line, facts={"wanted": wanted, "ready": ready, "updated": new})
    if ready >= wanted > 0:
        return line("ok", words)
    return line("degraded" if ready else badly(service), words, f"{kubectl} describe {subject}")


def pod(item: Mapping[str, Any], now: datetime, kubectl: str) -> Result | None:
    """A pod that has a trouble, which its workload may bear; None for one that is well, is going, or is a Job's."""
    meta, status = item["metadata"], item["status"]
    of_job = any(one["kind"] == "Job" for one in meta.get("ownerReferences", ()))
    if of_job or "deletionTimestamp" in meta or status.get("phase") in ("Succeeded", "Failed"):
        return None
    subject, service = f"pod/{meta['name']}", component(item)
    line, describe = partial(Result, "state", subject, service=service), f"{kubectl} describe {subject}"
    for one in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        logs = f"{kubectl} logs {subject} --container {one['name']} --previous"
        restarts = f"restarted {times(one.get('restartCount', 0))}"
        if waiting := one.get("state", {}).get("waiting"):
            reason = clean(str(waiting.get("reason")))
            hint = logs if reason == "CrashLoopBackOff" else describe
            return line("degraded", f"{one['name']}: {reason}, {restarts}", hint)
        ended = one.get("lastState", {}).get("terminated", {})
        if ended.get("finishedAt") and (now - datetime.fromisoformat(ended["finishedAt"])).total_seconds() < RECENT_S:
            return line("degraded", f"{one['name']}: {restarts}, after {clean(str(ended.get('reason')))}", logs)
    for one in status.get("conditions", ()):
        if one["type"] == "PodScheduled" and one["status"] == "False":
            return line("degraded", f"no node takes it: {clean(str(one.get('message')))}", describe)
    return None


def process(name: str, pid: int, look: str) -> Result:
    """A process of this machine."""
    line, state = partial(Result, "state", name, facts={"pid": pid}, service=name), "gone"
    with suppress(OverflowError, ProcessLookupError):
        with suppress(PermissionError):
            os.kill(pid, 0)
        state = "runs"
    with suppress(OSError):  # only Linux tells more
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    if state in ("gone", "Z"):
        return line(badly(name), f"process {pid} is gone", f"`make run` starts it anew; look: {look}")
    if state == "T":
        return line(badly(name), f"process {pid} is stopped by a signal", f"kill -CONT {pid}")
    return line("ok", f"process {pid} runs")


def absent(replicas: Iterable["Replica"], hint: str) -> list[Result]:
    """Lines for those of ours of which no process runs."""
    there = {one.service for one in replicas}
    return [Result("ready", name, "unhealthy", "none runs", hint, service=name) for name in PORTS if name not in there]


def softened(results: Iterable[Result]) -> list[Result]:
    """In the order of CHECKS; a replica that is not ready is bearable while another of its service is."""
    up = {one.service for one in results if one.check == "ready" and one.state != "unhealthy"}
    return [
        replace(one, state="degraded") if one.check == "ready" and one.service in up and EXIT[one.state] else one
        for one in sorted(results, key=lambda one: CHECKS.index(one.check))
    ]


def badly(service: str) -> State:
    return "unhealthy" if service in NEEDED else "degraded"


def component(item: Mapping[str, Any]) -> str:
    """Which of ours an object of Kubernetes is, by its containers' names; else the first one's."""
    spec = item["spec"].get("template", item)["spec"]
    names = [str(one["name"]) for one in spec.get("containers", ())]
    return next((name for name in names if name in PORTS), names[0] if names else "")


def samples(texts: Iterable[str], metric: str) -> Iterator[float]:
    """The values of a metric in texts of Prometheus' format."""
    for text in texts:
        for value in re.findall(rf"^{metric}(?:{{[^}}]*}})? (\S+)", text, re.MULTILINE):
            with suppress(ValueError):
                yield float(value)


def rows(text: str) -> list[dict[str, Any]]:
    """What `docker compose ps --format json` prints: a line a container, or one array, as older releases do."""
    try:
        found = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
    except ValueError:
        raise Failure("docker compose ps prints no JSON: it must be Compose 2") from None
    return [row for row in found if isinstance(row, dict) and "oneoff=True" not in str(row.get("Labels"))]


def listed(words: Iterable[str]) -> str:
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def clean(text: str) -> str:
    """Somebody else's words on one line, without what a terminal would obey."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= 200 else f"{line[:199]}…"


# asking


class Clock:
    """What is left of the time of one check."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.restart()

    def restart(self) -> None:
        self._until = time.monotonic() + self._seconds

    def left(self, at_most: float = math.inf) -> float:
        """Seconds, more than 0; raises TimeoutError when there are none."""
        if (left := self._until - time.monotonic()) <= 0:
            raise TimeoutError
        return min(left, at_most)


def ask(url: str, clock: Clock, token: str = "", body: Mapping[str, Any] | None = None) -> Answer:
    """GET, or POST of a body. No redirect, no proxy: a token goes where it is meant to go. Raises OSError."""
    parts, began = urlsplit(url), time.monotonic()
    headers = {"User-Agent": OURSELVES, "Connection": "close", "Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=clock.left())
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("POST" if body else "GET", target, json.dumps(body).encode() if body else None, headers)
        answer, text = connection.getresponse(), bytearray()
        while chunk := answer.read1(65536):
            text += chunk
            clock.left()
            if len(text) > LONGEST_ANSWER:
                raise ConnectionError(f"an answer of more than {LONGEST_ANSWER >> 20} MiB")
    except (http.client.HTTPException, UnicodeError) as error:
        raise ConnectionError(f"no HTTP: {error!r}") from error
    finally:
        connection.close()
    return Answer(answer.status, text.decode(errors="replace"), (time.monotonic() - began) * 1000)


class Refused(ConnectionError):
    """An HTTP answer in place of the upgrade."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status} {text}")
        self.status, self.text = status, text


class WebSocket:
    """The client's side of RFC 6455 for one short conversation. Whatever the peer does, it ends by the clock."""

    def __init__(self, url: str, protocol: str, clock: Clock, authorization: str = "") -> None:
        """Connects and upgrades; raises Refused, or another OSError."""
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "wss"
        self._clock, self._buffer = clock, bytearray()
        try:
            self._socket = socket.create_connection((host, parts.port or (443 if secure else 80)), clock.left())
        except UnicodeError as error:
            raise ConnectionError(f"{host} is no name of a host") from error
        try:
            if secure:
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            self._upgrade(parts.netloc, parts.path, protocol, authorization)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Says good-bye and, after a good conversation, waits for the same, but not for long."""
        with suppress(OSError):
            self._clock = Clock(self._clock.left(at_most=1))
            self._send(0x8, (1000).to_bytes(2, "big"))
            while kind is None:
                self.receive()
        self._socket.close()

    def send(self, text: str) -> None:
        self._send(0x1, text.encode())

    def receive(self) -> str:
        """The next text message, of however many fragments; pings in between are answered."""
        message, started = bytearray(), False
        while True:
            first, second = self._take(2)
            last, opcode, length = first & 0x80, first & 0x0F, second & 0x7F
            if first & 0x70 or second & 0x80:
                raise ConnectionError("no websocket frame: reserved bits are set, or it is masked")
            if length > 125:
                length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
            if opcode >= 0x8 and (length > 125 or not last):
                raise ConnectionError("no websocket frame: a control frame that is long, or in parts")
            if length + len(message) > LONGEST_MESSAGE:
                raise ConnectionError(f"a message of more than {LONGEST_MESSAGE >> 20} MiB")
            data = self._take(length)
            match opcode:
                case 0x0 | 0x1 if started == (opcode == 0x0):
                    message += data
                    started = True
                    if last:
                        return message.decode(errors="replace")
                case 0x8:
                    code, reason = int.from_bytes(data[:2], "big") or "no code", data[2:].decode(errors="replace")
                    raise ConnectionError(f"closed by the peer ({code}) {reason}")
                case 0x9:
                    self._send(0xA, data)
                case 0xA:
                    pass
                case _:
                    raise ConnectionError(f"no websocket frame that belongs here: opcode {opcode}")

    def _upgrade(self, netloc: str, path: str, protocol: str, authorization: str) -> None:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        fields = {
            "Host": netloc, "Upgrade": "websocket", "Connection": "Upgrade", "User-Agent": OURSELVES,
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": protocol,
        } | ({"Authorization": authorization} if authorization else {})  # fmt: skip
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self._write("\r\n".join(lines).encode())
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > LONGEST_HEAD:
                raise ConnectionError("no HTTP: its head does not end")
            self._fill()
        line, _, head = self._take(end + 4).partition(b"\r\n")
        status = re.match(rb"HTTP/1\.[01] (\d{3})\b", line)
        if status is None:
            raise ConnectionError(f"no HTTP: {line.decode(errors='replace')}")
        try:
            headers = http.client.parse_headers(io.BytesIO(head))
        except http.client.HTTPException as error:
            raise ConnectionError(f"no HTTP: {error!r}") from error
        if status[1] != b"101":
            length = headers.get("Content-Length", "")
            text = self._take(min(int(length), 4096)) if re.fullmatch("[0-9]{1,9}", length) else b""
            raise Refused(int(status[1]), text.decode(errors="replace"))
        proof = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()
        if headers.get("Sec-WebSocket-Accept") != base64.b64encode(proof).decode():
            raise ConnectionError("no websocket: it does not prove that it read our key")
        if headers.get("Sec-WebSocket-Protocol") != protocol:
            raise ConnectionError(f"it lets us in, but does not speak {protocol}")

    def _send(self, opcode: int, data: bytes) -> None:
        mask, size = secrets.token_bytes(4), len(data)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self._write(bytes([0x80 | opcode]) + length + mask + masked)

    def _write(self, data: bytes) -> None:
        self._socket.settimeout(self._clock.left())
        self._socket.sendall(data)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        self._socket.settimeout(self._clock.left())
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the peer hung up")
        self._buffer += data


def heartbeat(websocket: WebSocket) -> None:
    """A CALL there and its CALLRESULT back; raises OSError when anything else comes."""
    message_id = secrets.token_hex(8)
    websocket.send(json.dumps([2, message_id, "Heartbeat", {}]))
    while True:
        text = websocket.receive()
        with suppress(ValueError, RecursionError):
            match json.loads(text):
                case [3, str(answered), {"currentTime": str()}] if answered == message_id:
                    return
                case [2, *_]:  # what the gateway wants of a charger is not for us
                    continue
        raise ConnectionError(f"to a Heartbeat it answers {text}")


class Programs:
    """Programs we run: some at a time, each by the clock, none of which outlives us."""

    def __init__(self) -> None:
        self._alive: set[subprocess.Popen[str]] = set()
        self._places = threading.Semaphore(PROGRAMS_AT_ONCE)
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        for program in list(self._alive):
            self._end(program)

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        if self._over:
            raise Failure("too late")
        try:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, errors="replace", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Failure(f"{command[0]} cannot be run: {error.strerror}") from error
        self._alive.add(program)
        return program

    def output(self, command: Sequence[str], clock: Clock) -> str:
        """What it prints; Failure with its last words when it fails, TimeoutError when it takes too long."""
        with self._places:
            clock.restart()  # waiting for its turn is not its fault
            program = self.start(command)
            try:
                printed, complaint = program.communicate(timeout=clock.left())
            except subprocess.TimeoutExpired:
                raise TimeoutError from None
            finally:
                self._end(program)
        if program.returncode:
            raise Failure(last_line(complaint) or f"{command[0]} ended with {program.returncode}")
        return printed

    def first_line(self, program: subprocess.Popen[str], clock: Clock) -> str:
        """What it prints first, while it goes on; Failure when it prints nothing and ends, or is too slow."""
        assert program.stdout is not None
        timer = threading.Timer(clock.left(), self._end, [program])
        timer.start()
        line = program.stdout.readline()
        timer.cancel()
        if not line:
            self._end(program)
            raise Failure(last_line(program.communicate()[1]) or "it says nothing")
        return line

    def _end(self, program: subprocess.Popen[str]) -> None:
        self._alive.discard(program)
        if program.poll() is None:
            with suppress(OSError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def last_line(text: str) -> str:
    """What a program said last, but for where its help is."""
    said = [line for line in text.splitlines() if line.strip() and not re.search(r"--help['\"]? for ", line)]
    return clean(["", *said][-1])


def why(error: BaseException) -> str:
    """An error in words."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "nobody listens there"
        case socket.gaierror():
            return "there is no such host"
        case ssl.SSLCertVerificationError():
            return f"its certificate: {error.verify_message}"
        case OSError() if error.strerror:
            return error.strerror
        case _:
            return clean(str(error)) or type(error).__name__


# places


@dataclass(frozen=True, slots=True)
class Tokens:
    read: str = ""
    admin: str = ""
    metrics: str = ""

    def __or__(self, other: "Tokens") -> "Tokens":
        """These, and the other's where there are none."""
        return Tokens(self.read or other.read, self.admin or other.admin, self.metrics or other.metrics)

    @property
    def reads(self) -> str:
        return self.read or self.admin


@dataclass(frozen=True, slots=True)
class Replica:
    """A process of ours, and how to ask it about itself."""

    service: str
    subject: str
    tell: Callable[[Clock], tuple[Answer, Answer | None, Answer | None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment is, and what can be seen of it from outside; `urls` are those of DOORS that are known."""

    name: str
    look: Callable[[str], str]
    states: Sequence[Result]
    replicas: Sequence[Replica]
    urls: Mapping[str, str] = field(default_factory=dict)
    tokens: Tokens = Tokens()


def by_url(service: str, subject: str, url: str, metrics_token: str) -> Replica:
    def tell(clock: Clock) -> tuple[Answer, Answer | None, Answer | None]:
        ready, closed = ask(f"{url}/readyz", clock), ask(f"{url}/metrics", clock)
        return ready, closed, ask(f"{url}/metrics", clock, metrics_token) if metrics_token else None

    return Replica(service, subject, tell)


def from_inside(service: str, subject: str, enter: Sequence[str], programs: Programs) -> Replica:
    def tell(clock: Clock) -> tuple[Answer, Answer | None, Answer | None]:
        printed = programs.output([*enter, "python", "-c", INSIDE, str(PORTS[service])], clock)
        ready, closed, metrics = json.loads(printed)
        return Answer(*ready), Answer(*closed), Answer(*metrics) if metrics else None

    return Replica(service, subject, tell)


def of_run(file: Path) -> Place:
    """What `make run` has written down."""
    try:
        told = json.loads(file.read_text())
        api, gateway = checked_url(told["api"], "http"), checked_url(told["gateway"], "ws")
        urls = {name: checked_url(told[f"{name}_admin"], "http") for name in ("gateway", "rollup")} | {"api": api}
        pids = {str(name): int(pid) for name, pid in told["pids"].items()}
        tokens = Tokens(*(first(str(told[f"{name}_token"])) for name in ("read", "admin", "metrics")))
    except OSError as error:
        raise Failure(f"{file}: {why(error)}; `make run` writes it once all is up") from error
    except (ValueError, KeyError, TypeError, AttributeError, argparse.ArgumentTypeError):
        raise Failure(f"{file} is not what `make run` writes: stop it, and start it anew") from None

    def look(name: str) -> str:
        return f"tail {file.parent / {'redpanda': 'broker', 'postgres': 'postgres/postgres'}.get(name, name)}.log"

    states = [process(name, pid, look(name)) for name, pid in pids.items()]
    replicas = [by_url(name, name, url, tokens.metrics) for name, url in urls.items()]
    return Place(f"make run, {file}", look, states, replicas, {"api": api, "gateway": gateway}, tokens)


def of_compose(given: argparse.Namespace, programs: Programs, clock: Clock) -> Place:
    """Containers by `docker compose ps`; our processes from inside, the rest through what is published."""
    command, shown = given.compose_command, shlex.join(given.compose_command)
    try:
        found = rows(programs.output([*command, "ps", "--format", "json", "--all"], clock))
    except TimeoutError:
        raise Failure(f"{shown} ps gives no answer in time: is the daemon busy?") from None
    restarts = restarted(command, found, programs, clock)
    several = Counter(row.get("Service") for row in found)
    states, replicas = [], []
    for row in found:
        service, name = str(row.get("Service")), str(row.get("Name"))
        number = name.rpartition("-")[2]
        subject = f"{service}-{number}" if several[service] > 1 else service
        states.append(container(row, subject, restarts.get(name), shown))
        if service in PORTS and row.get("State") == "running":
            enter = [*command, "exec", "-T", "--index", number, service]
            replicas.append(from_inside(service, subject, enter, programs))
    where = re.search(r"project\.working_dir=([^,]+)", str(found[0].get("Labels")) if found else "")
    secrets_at = Path(where[1] if where else ".") / ".secrets"
    return Place(
        f"Compose, {shown}",
        lambda name: f"{shown} logs --tail 50 {name}",
        [*states, *absent(replicas, f"{shown} up --detach")],
        replicas,
        {name: url for name, (port, form) in DOORS.items() if (url := published(found, port, form))},
        Tokens(*(kept(secrets_at / f"{name}_token") for name in ("read", "admin", "metrics"))),
    )


def restarted(
    command: Sequence[str], found: Sequence[Mapping[str, Any]], programs: Programs, clock: Clock
) -> dict[str, tuple[int, float]]:
    """How often each container was restarted, and how long ago (s) it started: Compose does not tell, docker does."""
    engine = command[: command.index("compose")] if "compose" in command else ["docker"]
    form, restarts = "{{.Name}} {{.RestartCount}} {{.State.StartedAt}}", {}
    with suppress(Failure, TimeoutError, ValueError):
        ids = [str(row["ID"]) for row in found if "ID" in row]
        for line in programs.output([*engine, "inspect", "--format", form, *ids], clock).splitlines():
            name, number, since = line.split()
            restarts[name.removeprefix("/")] = (int(number), time.time() - datetime.fromisoformat(since).timestamp())
    return restarts


def published(found: Iterable[Mapping[str, Any]], port: int, form: str) -> str:
    """The URL on this machine at which some container's port is published, if one is."""
    for row in found:
        for one in row.get("Publishers") or ():
            if one.get("TargetPort") == port and one.get("PublishedPort"):
                host = one.get("URL") or "127.0.0.1"
                host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
                return form.format(f"{host}:{one['PublishedPort']}")
    return ""


def of_kubernetes(given: argparse.Namespace, programs: Programs, clock: Clock) -> Place:
    """Workloads and pods by `kubectl get`; our processes from inside, the rest through `kubectl port-forward`."""
    context = ["--context", given.context] if given.context else []
    kubectl = [*given.kubectl, *context, *(["--namespace", given.namespace] if given.namespace else [])]
    shown = shlex.join(kubectl)
    try:
        told = programs.output([*kubectl, "get", "deployments,statefulsets,jobs,pods", "--output", "json"], clock)
        items = json.loads(told)["items"]
        pods = [item for item in items if item["kind"] == "Pod"]
        states = [workload(item, shown) for item in items if item["kind"] != "Pod"]
        states += filter(None, (pod(item, datetime.now(UTC), shown) for item in pods))
        running = [
            one for one in pods if one["status"]["phase"] == "Running" and not one["metadata"].get("deletionTimestamp")
        ]
        replicas = [in_pod(one, kubectl, programs) for one in running if component(one) in PORTS]
        doors = {component(one): one["metadata"]["name"] for one in sorted(running, key=is_ready)}  # ready ones last
    except TimeoutError:
        raise Failure(f"{shown} get gives no answer in time: is this the right --context?") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{shown} get prints something unexpected: {clean(repr(error))}") from error
    states += absent(replicas, f"is this the namespace? {shown} get pods; --namespace, --context")
    forward = [*kubectl, "port-forward", "--address", "127.0.0.1"]
    tunnels = {
        name: programs.start([*forward, f"pod/{doors[name]}", f":{port}"])
        for name, (port, _) in DOORS.items()
        if name in doors and not getattr(given, name)
    }
    urls = {}
    for name, tunnel in tunnels.items():
        try:
            line = programs.first_line(tunnel, clock)  # Forwarding from 127.0.0.1:40123 -> 8000
            urls[name] = DOORS[name][1].format(line.removeprefix("Forwarding from ").partition(" ")[0])
        except (Failure, TimeoutError) as error:
            hint = f"give --{name} URL instead"
            states.append(Result("state", f"port-forward {name}", "degraded", why(error), hint))
    logs = f"{shown} logs --tail 50 --selector app.kubernetes.io/name="
    return Place(f"Kubernetes, {shown}", lambda name: logs + name, states, replicas, urls)


def is_ready(item: Mapping[str, Any]) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in item["status"].get("conditions", ()))


def in_pod(item: Mapping[str, Any], kubectl: Sequence[str], programs: Programs) -> Replica:
    """A process in a pod, from inside; who may not `exec` asks by the API server, which keeps a 503's body back."""
    name, namespace, service = item["metadata"]["name"], item["metadata"]["namespace"], component(item)
    inside = from_inside(service, name, [*kubectl, "exec", name, "--container", service, "--"], programs)
    raw = f"/api/v1/namespaces/{namespace}/pods/{name}:{PORTS[service]}/proxy/readyz"

    def tell(clock: Clock) -> tuple[Answer, Answer | None, Answer | None]:
        try:
            return inside.tell(clock)
        except Failure as refusal:
            if "forbidden" not in str(refusal).lower():
                raise
            return Answer(200, programs.output([*kubectl, "get", "--raw", raw], clock)), None, None

    return Replica(service, name, tell)


def of_urls(given: argparse.Namespace, tokens: Tokens) -> Place:
    """Plain URLs, one for each process that can be reached."""
    replicas = [by_url("api", "api", given.api, tokens.metrics)] if given.api else []
    for service, urls in (("gateway", given.gateway_admin), ("rollup", given.rollup_admin)):
        for number, url in enumerate(urls, 1):
            replicas.append(by_url(service, service if len(urls) == 1 else f"{service}-{number}", url, tokens.metrics))
    return Place("URLs", lambda name: f"the log of {name}", (), replicas)


def find(given: argparse.Namespace, programs: Programs, clock: Clock) -> Place:
    """The place that was asked for, or the one that is here, with what the command line and environment add to it."""
    mine = Tokens(given.token_file or "", given.token_file or "", given.metrics_token_file or "")
    tokens = Tokens(*(of_environment(f"PLUGWATCH_{name}_TOKEN") for name in ("READ", "ADMIN", "METRICS")))
    if given.compose:
        place = of_compose(given, programs, clock)
    elif given.kubernetes:
        place = of_kubernetes(given, programs, clock)
    elif not given.run and (given.api or given.gateway or given.gateway_admin or given.rollup_admin):
        place = of_urls(given, mine | tokens)
    elif given.run or RUN_FILE.exists():
        place = of_run(given.run or RUN_FILE)
    else:
        place = around(given, programs, clock)
    urls = {name: url for name in DOORS if (url := getattr(given, name))}
    return replace(place, tokens=mine | place.tokens | tokens, urls={**place.urls, **urls})


def around(given: argparse.Namespace, programs: Programs, clock: Clock) -> Place:
    """Compose, if a container of it is here."""
    said = "no container of its project runs"
    try:
        place = of_compose(given, programs, clock)
        if any(one.facts for one in place.states):
            return place
    except Failure as failure:
        said = str(failure)
    raise Failure(
        f"nothing runs here: `make run` or `make up` (no {RUN_FILE}; Compose: {said}). "
        "If it runs elsewhere, say where: --compose, --kubernetes, or --api URL and --gateway URL; --help has examples"
    )


def of_environment(name: str) -> str:
    return first(os.environ.get(name, "")) or kept(Path(os.environ.get(f"{name}_FILE", os.devnull)))


def kept(file: Path) -> str:
    """The first token in a file, "" where it cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return first(file.read_text())
    return ""


def first(tokens: str) -> str:
    """The first of several by comma or line, "" if that cannot be sent."""
    token = tokens.replace("\n", ",").split(",")[0].strip()
    return token if token.isascii() and token.isprintable() else ""


# checks


def told_by(replica: Replica, clock: Clock) -> list[Result | Told]:
    try:
        return [Told(replica.service, replica.subject, *replica.tell(clock))]
    except (Failure, OSError, ValueError, TypeError) as error:
        return [Told(replica.service, replica.subject, error=why(error))]


def api_read(place: Place, given: argparse.Namespace, clock: Clock) -> list[Result | Told]:
    """GET /v1/stats: 401 without a token, and with one an answer within a time that is bearable."""
    line, look = partial(Result, "api", "GET /v1/stats"), f"look: {place.look('api')}"
    url = f"{place.urls.get('api', '')}/v1/stats"
    if "api" not in place.urls:
        return [line("skipped", "no address of the API is known", "give --api URL")]
    try:
        closed, answer = ask(url, clock), ask(url, clock, place.tokens.reads)
    except OSError as error:
        return [line("unhealthy", f"does not answer: {why(error)}", look)]
    line = partial(line, took_ms=answer.took_ms, facts={"status": answer.status})
    document = answer.document if isinstance(answer.document, dict) else {}
    if closed.status != 401:
        words = f"answers {closed.status} without a token, and must answer 401: {clean(closed.text)}"
        return [line("degraded" if closed.status == 200 else "unhealthy", words, f"is this Plugwatch's API? {look}")]
    if not place.tokens.reads:
        hint = "give a READ token: --token-file, or PLUGWATCH_READ_TOKEN"
        return [line("skipped", "401 without a token, as it must; none was given to read with", hint)]
    if answer.status in (401, 403):
        hint = "a rotated token? Compare it with PLUGWATCH_READ_TOKEN_FILE of the API"
        return [line("degraded", f"{answer.status}: our token does not do", hint)]
    if answer.status != 200 or not document:
        words = f"{answer.status}: {clean(str(document.get('detail', answer.text)))}"
        return [line("unhealthy", words, f"{look}, and {place.look('postgres')}")]
    if answer.took_ms is not None and answer.took_ms > given.max_latency * 1000:
        return [line("degraded", fleet(document), f"slower than {given.max_latency:g} s: look at Postgres' load")]
    return [line("ok", fleet(document))]


def fleet(stats: Mapping[str, Any]) -> str:
    """/v1/stats in a line."""
    with suppress(KeyError, TypeError, AttributeError):
        chargers, connectors = stats["charge_points"], stats["connectors"]
        each = listed(f"{number} {status.lower()}" for status, number in connectors["status"].items() if number)
        online = f"{chargers['connectivity']['ONLINE']} of {chargers['total']} chargers online"
        return f"{online}; {connectors['total']} connectors{each and ': '}{each}"
    return "it answers, in a shape that is new to this check"


def chargers_door(place: Place, given: argparse.Namespace, clock: Clock) -> list[Result | Told]:
    """The websocket as a charger sees it: as ourselves if the inventory has us, else as nobody."""
    line, look = partial(Result, "websocket", "ocpp1.6"), f"look: {place.look('gateway')}, and what is in front of it"
    if "gateway" not in place.urls:
        return [line("skipped", "no address of the chargers' door is known", "give --gateway ws://HOST:9000/ocpp")]
    who, began = given.charge_point or registered(place, clock), time.monotonic()
    basic = base64.b64encode(f"{who}:{given.password_file}".encode()).decode() if who and given.password_file else ""
    url = f"{place.urls['gateway']}/{quote(who or NOBODY, safe='')}"
    try:
        with WebSocket(url, "ocpp1.6", clock, f"Basic {basic}" if basic else "") as websocket:
            heartbeat(websocket)
            took_ms = (time.monotonic() - began) * 1000
    except Refused as refusal:
        return [refused(refusal, who, look, (time.monotonic() - began) * 1000)]
    except OSError as error:
        return [line("unhealthy", f"a charger gets nowhere: {why(error)}", look)]
    return [line("ok", f"Heartbeat answered, as {clean(who)}", "", took_ms, {"status": 101, "charge_point": who})]


def refused(refusal: Refused, who: str, look: str, took_ms: float) -> Result:
    """What it means that the handshake was answered by plain HTTP."""
    facts = {"status": refusal.status, "charge_point": who or None}
    line = partial(Result, "websocket", "ocpp1.6", took_ms=took_ms, facts=facts)
    words = clean(str(refusal))
    match refusal.status:
        case 404 if not who and NOBODY_IS_TOLD in refusal.text:
            hint = "for a Heartbeat there and back, once: --register (--help says as which charger)"
            return line("ok", "answers, and refuses who can be nobody; Heartbeat not tried", hint)
        case 404 if who:
            hint = "this charge point is not in the inventory: create it, or leave --charge-point out"
            return line("degraded", words, hint)
        case 401 if who:
            return line("degraded", words, "give the charge point's own password: --password-file")
        case 429:
            return line("degraded", words, "somebody knocks in vain from this address: GET /v1/inbox names whom")
        case 503:
            return line("unhealthy", words, f"it takes no new chargers: stopping, overloaded, or none is there; {look}")
    return line("unhealthy", words, f"is this the chargers' door, with /ocpp at its end? {look}")


def registered(place: Place, clock: Clock) -> str:
    """Our own charge point's id, if the API knows it."""
    with suppress(OSError):
        if "api" in place.urls and place.tokens.reads:
            url, brief = f"{place.urls['api']}/v1/charge-points/{OURSELVES}", Clock(clock.left(at_most=2))
            return OURSELVES if ask(url, brief, place.tokens.reads).status == 200 else ""
    return ""


def register(place: Place, given: argparse.Namespace, clock: Clock) -> None:
    """Creates our own charge point, or leaves it as it is; Failure when that cannot be done."""
    if "api" not in place.urls or not place.tokens.admin:
        raise Failure("--register needs the API's address and an ADMIN token: --api, --token-file")
    station = {"id": OURSELVES, "name": "The health check's own, no real station"}
    charge_point = {"id": OURSELVES} | ({"password": given.password_file} if given.password_file else {})
    for path, body in (("", station), (f"/{OURSELVES}/charge-points", charge_point)):
        try:
            answer = ask(f"{place.urls['api']}/v1/stations{path}", clock, place.tokens.admin, body)
        except OSError as error:
            raise Failure(f"--register: the API does not answer: {why(error)}") from error
        if answer.status not in (201, 409):
            raise Failure(f"--register: the API answers {answer.status}: {clean(answer.text)}")


def alerting(place: Place, given: argparse.Namespace, clock: Clock) -> list[Result | Told]:
    """What fires: by Alertmanager, which knows of silences, where it is given; else by Prometheus."""
    url, name, path = place.urls.get("prometheus"), "Prometheus", "/api/v1/alerts"
    if given.alertmanager:
        url, name, path = given.alertmanager, "Alertmanager", "/api/v2/alerts?silenced=false&inhibited=false"
    if not url:
        return [Result("alerts", "all", "skipped", "no Prometheus is known", "give --prometheus or --alertmanager URL")]
    words = "no alerts are in its answer"
    try:
        told = ask(url + path, clock).document
        return [*firing(told if given.alertmanager else [a for a in told["data"]["alerts"] if a["state"] == "firing"])]
    except OSError as error:
        words = f"does not answer: {why(error)}"
    except (KeyError, TypeError, AttributeError):
        pass
    hint = f"nobody is woken meanwhile; look: {place.look(name.lower())}"
    return [Result("alerts", name, "degraded", words, hint)]


# one round


@dataclass(frozen=True, slots=True)
class Task:
    """A check to be made, and what is said, in words, when it comes to nothing."""

    work: Callable[[Clock], Sequence[Result | Told]]
    lost: Callable[[str], Result | Told]


def together(tasks: Sequence[Task], timeout_s: float, until: float) -> list[Result | Told]:
    """All of them at once, told in their order; what is not done by `until` (monotonic) is left behind."""
    done: queue.SimpleQueue[tuple[int, Sequence[Result | Told]]] = queue.SimpleQueue()

    def work(number: int, task: Task) -> None:
        found: Sequence[Result | Told]
        try:
            found = task.work(Clock(timeout_s))
        except Exception as error:  # noqa: BLE001  a bug in one check must not hide what the others found
            found = [task.lost(f"a bug of this check, please report it: {clean(repr(error))}")]
        done.put((number, found))

    for number, task in enumerate(tasks):
        threading.Thread(target=work, args=(number, task), daemon=True).start()
    found = {number: [task.lost("no answer before the deadline")] for number, task in enumerate(tasks)}
    with suppress(queue.Empty):
        for _ in tasks:
            number, results = done.get(timeout=max(0.0, until - time.monotonic()))
            found[number] = list(results)
    return [one for results in found.values() for one in results]


def examine(given: argparse.Namespace) -> Report:
    """One round; raises Failure when nothing can be said."""
    began = time.monotonic()
    timeout_s = min(given.timeout, given.deadline)
    with Programs() as programs:
        place = find(given, programs, Clock(timeout_s))
        if given.register:
            register(place, given, Clock(timeout_s))
        tasks = [
            Task(partial(told_by, one), partial(Told, one.service, one.subject, None, None, None))
            for one in place.replicas
        ] + [
            Task(partial(check, place, given), partial(Result, name, subject, "unhealthy"))
            for name, subject, check in (
                ("websocket", "ocpp1.6", chargers_door), ("api", "GET /v1/stats", api_read), ("alerts", "all", alerting)
            )
        ]  # fmt: skip
        found = together(tasks, timeout_s, began + given.deadline)
    told = [one for one in found if isinstance(one, Told)]
    results = [*place.states, *(one for one in found if isinstance(one, Result))]
    results += [*(readiness(one, place.look) for one in told), *guarded(told)]
    results.append(lagging(told, given.max_lag_seconds, given.max_lag_records))
    return Report(place.name, softened(results), time.monotonic() - began)


# what is shown

COLOURS: dict[State, str] = {"ok": "32", "skipped": "2", "degraded": "1;33", "unhealthy": "1;31"}


def table(report: Report, *, colour: bool, quiet: bool, at: str) -> str:
    """For people: a line for each check, and below it what to do, which is said once."""

    def painted(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    shown = report.unwell if quiet else report.results
    if quiet and not shown:
        return ""
    width = max((len(one.subject) for one in shown), default=0)
    lines, before, said = [f"Plugwatch by {report.place} at {at}", ""], "", set[str]()
    for one in shown:
        head = painted(f"{'' if one.check == before else one.check:<10}", "1")
        took = "" if one.took_ms is None else painted(f"  {one.took_ms:.0f} ms", "2")
        lines.append(
            f"{head} {painted(f'{one.state:<9}', COLOURS[one.state])}  {one.subject:<{width}}  {one.detail}{took}"
        )
        hints = [hint for hint in one.hint.splitlines() if hint not in said]
        lines += [painted(f"{'':<22}{'':<{width}}  → {hint}", "0" if EXIT[one.state] else "2") for hint in hints]
        said.update(hints)
        before = one.check
    lines += ["", f"{painted(report.verdict.upper(), COLOURS[report.verdict])}: {summary(report)}"]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def summary(report: Report) -> str:
    """The verdict's reason in a few words."""
    asked = sum(one.state != "skipped" for one in report.results)
    names = [f"{one.check} {one.subject}" for one in report.unwell if one.state == report.verdict]
    if not names:
        return f"{asked} checks in {report.took_s:.1f} s"
    shown = names if len(names) < 5 else [*names[:3], f"{len(names) - 3} more"]
    return f"{listed(shown)}; {len(report.unwell)} of {asked} checks not well"


def document(report: Report, now: datetime) -> str:
    """For programs: one line of JSON; `schema_version` grows when a key goes, or comes to mean something else."""
    checks = [asdict(one) | {"took_ms": one.took_ms and round(one.took_ms, 1)} for one in report.results]
    told = {
        "schema_version": SCHEMA_VERSION,
        "verdict": report.verdict,
        "place": report.place,
        "checked_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "took_ms": round(report.took_s * 1000, 1),
        "counts": {state: sum(one.state == state for one in report.results) for state in EXIT},
        "checks": checks,
    }
    return json.dumps(told, ensure_ascii=False) + "\n"


def show(report: Report, given: argparse.Namespace, out: TextIO) -> None:
    now = datetime.now(UTC)
    if given.json:
        out.write(document(report, now))
    else:
        colour = out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        clear = "\x1b[H\x1b[2J" if given.watch and out.isatty() and not given.quiet else ""
        out.write(clear + table(report, colour=colour, quiet=given.quiet, at=now.astimezone().strftime("%H:%M:%S")))
    out.flush()


# the command


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit 3; argparse's own 2 is "unhealthy" here."""
        self.exit(IMPOSSIBLE, f"{self.prog}: {message}; --help says more\n")


def checked_url(url: str, scheme: Literal["http", "ws"]) -> str:
    """A URL without its last slash, if it is one that can be asked."""
    host: str | None = None
    with suppress(ValueError):
        parts = urlsplit(url)
        host = parts.hostname if parts.port != 0 else None
    if not host or not re.fullmatch(rf"{scheme}s?://[!-~]+", url):
        raise argparse.ArgumentTypeError(f"wanted is {scheme}://HOST:PORT or {scheme}s://HOST:PORT")
    if re.search(r"[@?#]", url):
        raise argparse.ArgumentTypeError("a URL is no place for secrets or a query: tokens come by file or environment")
    return url.rstrip("/")


def positive(text: str) -> float:
    with suppress(ValueError):
        if 0 < (number := float(text)) < 1e6:
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")


def command_line(text: str) -> list[str]:
    with suppress(ValueError):
        if words := shlex.split(text):
            return words
    raise argparse.ArgumentTypeError(f"{text!r} is no command")


def secret_in(name: str) -> str:
    """What is in a file, without the end of its last line."""
    try:
        if secret := Path(name).read_text().rstrip("\r\n"):
            return secret
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {why(error)}") from error
    raise argparse.ArgumentTypeError(f"{name} is empty")


def token_in(name: str) -> str:
    if token := first(secret_in(name)):
        return token
    raise argparse.ArgumentTypeError(f"{name} holds no token")


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        prog="healthcheck.py",
        usage="%(prog)s [--run | --compose | --kubernetes | --api URL --gateway URL ...] [options]",
        description=(__doc__ or "").partition("\n\nIn this file")[0],
        epilog=EXAMPLES,
        allow_abbrev=False,
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, max_help_position=28, width=110),
    )
    http_url, ws_url = partial(checked_url, scheme="http"), partial(checked_url, scheme="ws")
    group = parser.add_argument_group("where (default: what is here)").add_mutually_exclusive_group()
    group.add_argument("--run", nargs="?", const=RUN_FILE, type=Path, metavar="FILE", help=f"make run ({RUN_FILE})")
    group.add_argument("--compose", action="store_true", help="Docker Compose")
    group.add_argument("--kubernetes", action="store_true", help="Kubernetes")
    add = parser.add_argument_group("how to get there").add_argument
    add("--compose-command", type=command_line, default=["docker", "compose"], metavar="CMD",
        help='as you call Compose, with its -f and -p ("docker compose")')  # fmt: skip
    add("--kubectl", type=command_line, default=["kubectl"], metavar="CMD", help="as you call kubectl (kubectl)")
    add("--namespace", help="(the context's own)")
    add("--context", help="(the current one)")
    add = parser.add_argument_group("URLs (alone, or in place of what a place has)").add_argument
    add("--api", type=http_url, metavar="URL", help="http://HOST:8000")
    add("--gateway", type=ws_url, metavar="URL", help="the chargers' door, ws://HOST:9000/ocpp")
    add("--gateway-admin", type=http_url, metavar="URL", action="append", default=[],
        help="http://HOST:9100; again for each replica")  # fmt: skip
    add("--rollup-admin", type=http_url, metavar="URL", action="append", default=[],
        help="http://HOST:9101; again for each replica")  # fmt: skip
    add("--prometheus", type=http_url, metavar="URL", help="whose alerts count")
    add("--alertmanager", type=http_url, metavar="URL", help="then its alerts count, without those that are silenced")
    add = parser.add_argument_group("as whom (see below)").add_argument
    add("--token-file", type=token_in, metavar="FILE", help="a READ or ADMIN token of the API")
    add("--metrics-token-file", type=token_in, metavar="FILE", help="a token of /metrics")
    add("--charge-point", metavar="ID", help="be this charger; it is thrown out if it is connected")
    add("--password-file", type=secret_in, metavar="FILE", help="the charge point's password")
    add("--register", action="store_true", help=f"create charge point {OURSELVES} first")
    add = parser.add_argument_group("limits").add_argument
    add("--timeout", type=positive, default=5.0, metavar="S", help="for one check (5)")
    add("--deadline", type=positive, default=30.0, metavar="S", help="for all of them (30)")
    add("--max-latency", type=positive, default=3.0, metavar="S", help="of an API read (3)")
    add("--max-lag-seconds", type=positive, default=30.0, metavar="S", help="that the rollups may be behind (30)")
    add("--max-lag-records", type=positive, default=100_000, metavar="N", help="that may wait for them (100000)")
    output = parser.add_argument_group("output")
    often = output.add_mutually_exclusive_group()
    often.add_argument("--wait", nargs="?", const=120.0, type=positive, metavar="S", help="until ok, at most S s (120)")
    often.add_argument("--watch", nargs="?", const=5.0, type=positive, metavar="S", help="again every S s (5)")
    output.add_argument("--json", action="store_true", help=f"one line of JSON, schema_version {SCHEMA_VERSION}")
    output.add_argument("-q", "--quiet", action="store_true", help="only what is not well")
    return parser.parse_args(argv)


def rounds(given: argparse.Namespace) -> int:
    """One; with --wait until all is well or the time is up; with --watch for ever. Returns the exit code."""
    began, progress = time.monotonic(), Progress(sys.stderr)
    while True:
        began_round, report, failure = time.monotonic(), None, ""
        try:
            report = examine(given)
        except Failure as error:
            failure = str(error)
        code = EXIT[report.verdict] if report else IMPOSSIBLE
        now = time.monotonic()
        if given.wait and code and now < began + given.wait:
            progress.show(f"{report.verdict}: {summary(report)}" if report else failure, now - began)
            time.sleep(min(1.0, began + given.wait - now))
            continue
        progress.end()
        if report:
            show(report, given, sys.stdout)
        else:
            sys.stderr.write(f"healthcheck.py: {failure}\n")
        if given.wait and code:
            sys.stderr.write(f"healthcheck.py: not well after {now - began:.0f} s\n")
        if not given.watch:
            return code
        time.sleep(max(0.0, began_round + given.watch - time.monotonic()))


class Progress:
    """What is waited for: one line that changes on a terminal, elsewhere a line for each change."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._live, self._before = out, out.isatty(), ""

    def show(self, words: str, waited_s: float) -> None:
        line = f"{waited_s:3.0f} s  {words}"
        if self._live:
            self._out.write(f"\r\x1b[2K{line[: shutil.get_terminal_size().columns - 1]}")
        elif words != self._before:
            self._out.write(f"{line}\n")
        self._out.flush()
        self._before = words

    def end(self) -> None:
        if self._live and self._before:
            self._out.write("\r\x1b[2K")
        self._before = ""


def terminated(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def main(argv: Sequence[str]) -> int:
    given = arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, terminated)
    try:
        return rounds(given)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return IMPOSSIBLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
