"""Values as people read them: 1.2 k req/s, 35 ms, 12 %."""

import math

AFTER = {"reqps": " req/s", "rps": " rd/s", "eps": " evt/s", "mps": " msg/s"}


def amount(value: float, unit: str) -> str:
    """A value in one of Grafana's units."""
    if not math.isfinite(value):
        return "idle"
    match unit:
        case "s":
            return _duration(value)
        case "percentunit":
            return f"{_digits(100 * value)} %"
        case "bytes":
            return f"{_digits(value / 2**20)} MiB"
        case _:
            after = AFTER.get(unit, "")
            return (f"{_digits(value / 1000)} k" if abs(value) >= 10_000 else _digits(value)) + after


def _duration(seconds: float) -> str:
    if 0 < abs(seconds) < 0.001:
        return f"{_digits(seconds * 1e6)} µs"
    if abs(seconds) < 1:
        return f"{_digits(seconds * 1000)} ms" if seconds else "0 s"
    if abs(seconds) < 120:
        return f"{_digits(seconds)} s"
    return f"{_digits(seconds / 60)} min" if abs(seconds) < 7200 else f"{_digits(seconds / 3600)} h"


def _digits(value: float) -> str:
    if abs(value) >= 100 or value == round(value):
        return f"{value:.0f}"
    return "~0" if abs(value) < 0.001 else f"{value:.3g}"
