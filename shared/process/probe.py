"""Asks one URL, for health checks in images that have no curl: ``python -m shared.process.probe http://127.0.0.1:9100/healthz``.

Prints the body; ends with 0 after a 2xx, with 1 after anything else, also silence for 4 s. Standard library only.
"""

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 4


def main(argv: list[str]) -> int:
    """Asks the URL that is the one argument; returns the exit code."""
    parts = urlsplit(argv[0]) if len(argv) == 1 else None
    if parts is None or parts.scheme != "http" or not parts.hostname:
        return _failed("usage: python -m shared.process.probe http://HOST:PORT/PATH")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return _failed(f"{argv[0]} does not answer: {error!r}")
    finally:
        connection.close()
    print(body)  # noqa: T201
    return 0 if 200 <= answer.status < 300 else 1


def _failed(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
