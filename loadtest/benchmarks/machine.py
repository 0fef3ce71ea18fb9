"""On what, with what and when a row was measured."""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loadtest.servers.system import broker
from local.servers import kafka_jars, postgres

PACKAGES = ("aiokafka", "asyncpg", "fastapi", "msgspec", "ocpp", "redis", "uvicorn", "uvloop", "websockets")


def circumstances() -> dict[str, Any]:
    """Taken before a row is measured, so that the load of others shows."""
    return {
        "began_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "loadtest.benchmarks", *sys.argv[1:]]),
        "commit": _said("git", "describe", "--always", "--dirty", "--exclude=*"),
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": f"{platform.system()} {platform.release()}",
            "load_before": round(os.getloadavg()[0], 2),
        },
        "versions": {
            "python": f"{platform.python_version()} ({_builder()})",
            "postgres": _said(postgres.binary("postgres"), "--version").split()[-1],
            "broker": f"Apache Kafka {kafka_jars.VERSION}" if broker() == "kafka" else "librdkafka's built-in",
            **{name: version(name) for name in PACKAGES},
        },
    }


def _builder() -> str:
    """Of Python: a distribution's is built with other options than one's own."""
    return platform.freedesktop_os_release()["ID"] if sys.base_prefix == "/usr" else "built apart"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"
