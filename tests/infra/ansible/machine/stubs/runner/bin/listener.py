"""Stands for the runner's listener: registers as config.sh asks, then is online until it gets SIGINT.

It keeps what the real one keeps (.runner with a BOM, .credentials), and beside it the arguments it was given and
every command line that was to be seen while it held the registration token.
"""

import argparse
import json
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

SETTINGS, CREDENTIALS, ARGUMENTS, SEEN = map(Path, (".runner", ".credentials", ".arguments", ".seen"))


def call(url: str, what: str, body: dict[str, Any], authorization: str = "") -> Any:
    """Ask the GitHub that stands beside `url`; ends the program with GitHub's message if it refuses."""
    request = urllib.request.Request(
        url.replace("/github.com/", "/api.github.com/repos/") + f"/actions/runners/stub/{what}",
        json.dumps(body).encode(),
        {"Authorization": authorization, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as refusal:
        sys.exit(json.load(refusal)["message"])


def configure(arguments: list[str]) -> None:
    if SETTINGS.exists():
        sys.exit("Cannot configure the runner because it is already configured.")
    known = argparse.ArgumentParser(allow_abbrev=False)
    for option in ("--url", "--name", "--labels", "--work"):
        known.add_argument(option, required=True)
    for flag in ("--unattended", "--replace", "--disableupdate"):
        known.add_argument(flag, action="store_true")
    given = known.parse_args(arguments)
    if not given.unattended:
        sys.exit("Would wait for answers.")
    token = sys.stdin.readline().strip()
    SEEN.write_text("\n".join(path.read_text().replace("\0", " ") for path in Path("/proc").glob("[0-9]*/cmdline")))
    labels = [label for label in given.labels.split(",") if label]
    wanted = {"name": given.name, "labels": labels, "replace": given.replace}
    registered = call(given.url, "register", wanted, f"RemoteAuth {token}")
    with ARGUMENTS.open("a") as record:
        record.write(" ".join(arguments) + "\n")
    SETTINGS.write_text(
        json.dumps({"agentId": registered["id"], "agentName": given.name, "gitHubUrl": given.url}), encoding="utf-8-sig"
    )
    CREDENTIALS.touch(mode=0o600)
    CREDENTIALS.write_text(registered["credential"])


def run() -> None:
    settings = json.loads(SETTINGS.read_text(encoding="utf-8-sig"))
    state = {"credential": CREDENTIALS.read_text()}
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    call(settings["gitHubUrl"], "session", {**state, "status": "online"})
    signal.sigwait([signal.SIGINT])
    call(settings["gitHubUrl"], "session", {**state, "status": "offline"})


if __name__ == "__main__":
    run() if sys.argv[1] == "run" else configure(sys.argv[2:])
