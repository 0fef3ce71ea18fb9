"""Structured logs on stderr: one JSON object a line for machines, or plain text for people.

Extra fields go in as ``logger.info("what happened", extra={"charge_point_id": …})``.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def configure(process: str, level: str, form: str) -> None:
    """Sends every log line of the process to stderr; ``process`` is its name in each JSON line."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(_Text() if form == "text" else _Json(process))
    logging.basicConfig(level=level, handlers=[output], force=True)
    for noisy in ("aiokafka", "uvicorn.access", "uvicorn.error", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger("uvicorn.error").setLevel(
        logging.ERROR
    )  # warns at each bad request: `shared.http.server` sums them up


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class _Json(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extra = " ".join(f"{name}={value}" for name, value in _extra(record).items())
        return f"{line}  {extra}" if extra else line
