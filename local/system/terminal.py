"""What `make run` says: the panel, the line that lives, and news above it. Plain ANSI; no colour with NO_COLOR."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
BOLD, DIM, PLAIN = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if COLOUR else ("", "", "")
CLEAR_LINE = "\r\x1b[2K"


def panel(run: Mapping[str, Any], board: str, took_s: float, home: Path) -> str:
    """What one needs to know, once all is ready; first the link to the status board."""
    read, api = run["read_token"], run["api"]
    curl = f"curl -s -H 'Authorization: Bearer {read}' '{api}"
    scrape = f"curl -s -H 'Authorization: Bearer {run['metrics_token']}' '{api}/metrics'"
    first = "/v1/stations/UTR-001" if "simulator" in run["pids"] else "/v1/stations"
    known = "a station with its plugs: free or not, why, since when" if "simulator" in run["pids"] else "none yet"
    return f"""
  {BOLD}board{PLAIN}      {BOLD}{board}{PLAIN}  {DIM}(signs you in, once; `make board`: another){PLAIN}

  {BOLD}Plugwatch is up{PLAIN} {DIM}after {took_s:.1f} s{PLAIN}

  API        {api}  {DIM}documentation at /docs{PLAIN}
  chargers   {run["gateway"]}/{{charge_point_id}}
  metrics    {run["gateway_admin"]}/metrics  {run["rollup_admin"]}/metrics  {api}/metrics
  tokens     read {read}  admin {run["admin_token"]}  metrics {run["metrics_token"]}
  logs       {home}/*.log
  stop       Ctrl-C

  {BOLD}look first{PLAIN} {curl}{first}'  {DIM}({known}){PLAIN}
  then       {curl}/v1/stats'  {DIM}(the fleet in figures){PLAIN}
             {curl}/v1/stream' --no-buffer  {DIM}(changes as they come){PLAIN}
             {scrape}  {DIM}(what Prometheus reads){PLAIN}
             {api}/docs  {DIM}(all there is to ask; a token opens it){PLAIN}
"""


def summary(stats: Mapping[str, Any]) -> str:
    """One line of /v1/stats."""
    chargers, connectors = stats["charge_points"], stats["connectors"]
    online = chargers["connectivity"].get("ONLINE", 0)
    statuses = ", ".join(f"{number} {status.lower()}" for status, number in connectors["status"].items() if number)
    return f"{online}/{chargers['total']} chargers online · {connectors['total']} connectors: {statuses or 'none yet'}"


class Screen:
    """On a terminal one line is rewritten every second; elsewhere a line is added every 10 s."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self.every_s = 1.0 if self._live else 10.0

    def print(self, text: str) -> None:
        print(text, flush=True)

    def show(self, line: str) -> None:
        stamped = f"{DIM}{time.strftime('%H:%M:%S')}{PLAIN}  {line}"
        print(f"{CLEAR_LINE}{stamped}" if self._live else stamped, end="" if self._live else "\n", flush=True)

    def news(self, line: str) -> None:
        """To stderr, on a line of its own."""
        if self._live:
            print(CLEAR_LINE, end="", flush=True)
        print(line, file=sys.stderr, flush=True)
