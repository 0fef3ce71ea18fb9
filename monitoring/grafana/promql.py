"""The few shapes of PromQL that the dashboards are made of. `$env` and the like are Grafana's variables."""

RATE = "$__rate_interval"
ENV = 'env=~"$env"'


def rate(counter: str, by: str = "", where: str = ENV) -> str:
    """How many a second."""
    return f"{_sum(by)} (rate({counter}{{{where}}}[{RATE}]))"


def more(counter: str, by: str = "", where: str = ENV, window: str = RATE) -> str:
    """How many more; without labels, nothing is 0.

    The first count under a label is a new series, of which `increase` knows no beginning: that one is taken whole. New
    is what was not there in the hour before, so that all is not new when Prometheus comes back.
    """
    series = f"{counter}{{{where}}}"
    new = f"{series} unless last_over_time({series}[1h] offset {window})"
    found = f"{_sum(by)} (({new}) or increase({series}[{window}]))"
    return found if by else f"({found} or vector(0))"


def quantile(q: float, histogram: str, by: str = "", where: str = ENV) -> str:
    """What `q` of the observations do not exceed."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', labels, where)})"


def buckets(histogram: str, where: str = ENV) -> str:
    """How many observations fell below each bound, for a heatmap."""
    return f"sum by (le) (increase({histogram}_bucket{{{where}}}[{RATE}]))"


def mean(histogram: str) -> str:
    """The mean of the observations."""
    return f"{rate(f'{histogram}_sum')} / {rate(f'{histogram}_count')}"


def _sum(by: str) -> str:
    return f"sum by ({by})" if by else "sum"
