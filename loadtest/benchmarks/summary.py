"""What the rounds of a benchmark come to."""

import statistics


def summary(figures: dict[str, list[float]]) -> dict[str, object]:
    """Minimum, median and maximum of each figure."""
    return {
        name: {
            "min": round(min(values), 3),
            "median": round(statistics.median(values), 3),
            "max": round(max(values), 3),
        }
        for name, values in figures.items()
    }
