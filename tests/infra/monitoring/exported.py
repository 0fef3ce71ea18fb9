"""Every series that Prometheus can have, with its labels: ours from the code, the others by name and exporter."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.samples import Sample

from api.metrics import Metrics as ApiMetrics
from ingest.gateway.metrics import Metrics as GatewayMetrics
from ingest.rollup.metrics import Known
from ingest.rollup.metrics import Metrics as RollupMetrics

Labels = frozenset[str]

#: What every target has, by prometheus.yml or by Prometheus itself.
TARGET: Labels = frozenset({"app", "env", "job", "instance"})

#: Not ours: name → who exports it.
OTHERS: Mapping[str, str] = {
    "up": "Prometheus, of every target it scrapes",
    "probe_success": "the blackbox exporter, of every probe",
}


def samples() -> Iterator[Sample]:
    """One of each series that gateway, rollup and API can show: they are made to show it."""
    for declare in (GatewayMetrics, RollupMetrics, ApiMetrics):
        registry = CollectorRegistry()
        for metric in vars(declare(registry)).values():
            match metric:
                case Known():
                    _tell_one(metric)
                case MetricWrapperBase() if metric._labelnames and not metric._labelvalues:
                    metric.labels(*metric._labelnames)
        for family in registry.collect():
            yield from family.samples


def _tell_one(metric: Known) -> None:
    metric.set_function(lambda: {tuple(metric._labels): 1.0})


def all_series() -> dict[str, Labels]:
    """Every series by name, with its labels and those of its target."""
    series = dict.fromkeys(OTHERS, TARGET)
    for sample in samples():
        series[sample.name] = series.get(sample.name, TARGET) | sample.labels.keys()
    return series
