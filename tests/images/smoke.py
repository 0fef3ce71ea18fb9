"""An image as it is to run, by `make smoke-image`: read-only, without rights, with nothing that it needs in reach.

It must live, say of each thing that is missing that it is, and stop when it is told to. Standard library only: where a
release is built nothing else is installed.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CONFINED = ["--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"]
NOWHERE = {
    "PLUGWATCH_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/nowhere",
    "PLUGWATCH_REDIS_URL": "redis://127.0.0.1:1/0",
    "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
}
USER = "10001:10001"
LIVES_WITHIN_S = 30.0
STOPS_WITHIN_S = 20
STATUS = "from pathlib import Path; print(Path('/proc/1/status').read_text())"
WRITE = "from pathlib import Path; Path('here').touch()"
WHO = "import os; print(f'{os.getuid()}:{os.getgid()}')"


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=120)


def said(*words: str) -> str:
    """What docker prints; it must succeed."""
    done = docker(*words)
    if done.returncode != 0:
        sys.exit(f"docker {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def running(image: str) -> Iterator[str]:
    """A confined container of the image's own command."""
    given = [f"--env={name}={value}" for name, value in NOWHERE.items()]
    container = said("run", "--detach", *CONFINED, *given, image)
    try:
        yield container
    except SystemExit as failure:
        raise SystemExit(f"{image}: {failure}\n{docker('logs', '--tail=20', container).stderr}") from failure
    finally:
        docker("rm", "--force", "--volumes", container)


def expect(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"not so: {what}")


def python(container: str, code: str) -> subprocess.CompletedProcess[str]:
    return docker("exec", container, "python", "-c", code)


def lives(container: str, url: str) -> None:
    deadline = time.monotonic() + LIVES_WITHIN_S
    while docker("exec", container, "python", "-m", "shared.process.probe", f"{url}/livez").returncode != 0:
        expect(time.monotonic() < deadline, f"it lives within {LIVES_WITHIN_S:g} s")
        time.sleep(0.2)


def misses_everything(container: str, url: str) -> None:
    answer = docker("exec", container, "python", "-m", "shared.process.probe", f"{url}/readyz")
    expect(answer.returncode == 1, "it is not ready with nothing in reach")
    dependencies = json.loads(answer.stdout)["dependencies"]
    expect({"postgres", "redis"} <= dependencies.keys(), f"it names what it misses: {dependencies}")
    expect("ok" not in dependencies.values(), f"all of it is missing: {dependencies}")


def confined(container: str) -> None:
    who = python(container, WHO).stdout.strip()
    expect(who == USER, f"it runs as {USER}: {who}")
    expect(python(container, WRITE).returncode != 0, "it cannot write where it is")
    first = python(container, STATUS).stdout
    expect("Name:\tpython" in first, f"Python is the first process: {first.splitlines()[0]}")
    expect("CapEff:\t0000000000000000" in first, "it has no capabilities")


def stops(container: str) -> None:
    said("stop", f"--time={STOPS_WITHIN_S}", container)
    code = said("inspect", "--format={{.State.ExitCode}}", container)
    expect(code == "0", f"it ends with 0 when it is told to stop: {code}")


def labelled(labels: dict[str, str], version: str, revision: str) -> None:
    """As whoever built it says, where that is said."""
    for name, wanted in (("version", version), ("revision", revision)):
        label = labels.get(f"org.opencontainers.image.{name}")
        expect(wanted in ("", label), f"its {name} is {wanted}: {label}")


def main(image: str, version: str, revision: str) -> None:
    config: dict[str, Any] = json.loads(said("image", "inspect", "--format={{json .Config}}", image))
    expect(config["User"] == USER, f"the image's user is {USER}")
    labelled(config["Labels"], version, revision)
    url = config["Healthcheck"]["Test"][-1].removesuffix("/healthz")
    with running(image) as container:
        lives(container, url)
        misses_everything(container, url)
        confined(container)
        stops(container)
    sys.stdout.write(f"{image} runs read-only as {USER}, says what it misses, and stops when told to\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
