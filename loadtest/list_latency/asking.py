"""Asks an API, one request at a time, and tells how long it took."""

import http.client
import statistics
import time

BOUND_S = 5  #: a query is asked no longer than this


class Refused(Exception):
    """Not a 200; says what."""


class Client:
    """Asks the API, one connection."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> bytes:
        """The body of a 200.

        Raises:
            Refused
        """
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Refused(f"{path}: {answer.status} {body[:300].decode(errors='replace')}")
        return body


def measured(client: Client, path: str, times: int) -> tuple[float, float]:
    """p50 and p99 in ms."""
    for _ in range(2):
        client.get(path)
    took: list[float] = []
    deadline = time.monotonic() + BOUND_S
    while len(took) < times and (time.monotonic() < deadline or not took):
        if path == "/v1/stats":
            time.sleep(1.05)  # past its cache
        began = time.perf_counter()
        client.get(path)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), sorted(took)[max(0, -(-len(took) * 99 // 100) - 1)]
