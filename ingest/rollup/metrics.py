"""Every metric of the rollup, each with its reason. No label ever takes a charge point's or station's id."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

Values: TypeAlias = Mapping[tuple[str, ...], float]  #: values of labels → value


class Known(Collector):
    """A gauge of what is not always known, asked at each scrape: it tells nothing rather than something old."""

    def __init__(
        self, name: str, documentation: str, labels: Sequence[str] = (), *, registry: CollectorRegistry
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._ask: Callable[[], Values] = dict
        registry.register(self)

    def set_function(self, ask: Callable[[], Values]) -> None:
        """``ask`` gives what is known now; it must not wait for anything."""
        self._ask = ask

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, value in self._ask().items():
            family.add_metric(labels, value)
        yield family


class Metrics:
    """The rollup's metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        #: The work done.
        self.applied = Counter("plugwatch_rollup_events_total", "Events applied", ["kind"], registry=registry)
        #: Delivered again, by a producer or a log read anew: expected after a broker's trouble only.
        self.duplicates = Counter("plugwatch_rollup_duplicates_total", "Events skipped as known", registry=registry)
        #: After newer ones of the same connector: of old sessions (chargers that flap between gateways), or read again.
        self.late = Counter("plugwatch_rollup_late_total", "Events too late to change state", registry=registry)
        #: Of a 256th EVSE or connector of a charge point: numbers that a firmware makes up are no state.
        self.refused = Counter(
            "plugwatch_rollup_places_refused_total", "Reports of one place too many", registry=registry
        )
        #: Of charge points that were deleted meanwhile.
        self.unknown = Counter(
            "plugwatch_rollup_unknown_total", "Events of unknown charge points skipped", registry=registry
        )
        #: What can never be applied; each is in the dead-letter topic with its reason.
        self.dead_letters = Counter(
            "plugwatch_rollup_dead_letters_total",
            "Records sent to the dead-letter topic",
            ["reason"],
            registry=registry,
        )
        #: Partitions that stand before a record that fails, until another charge point's record tells whose fault it
        #: is, or the dead-letter topic takes letters again: what is behind it waits.
        self.held = Gauge("plugwatch_rollup_held_partitions", "Partitions that a record holds up", registry=registry)
        #: Rows of Postgres that could not be read as they should: what was lost of them comes with the next report.
        self.unreadable = Counter("plugwatch_rollup_unreadable_rows_total", "Rows mended in reading", registry=registry)
        #: Records that the log dropped before they were read: lost state until the next report.
        self.lost = Counter("plugwatch_rollup_lost_records_total", "Records trimmed before read", registry=registry)
        #: Another log was found under the topic's name: it is read from its beginning.
        self.other_logs = Counter("plugwatch_rollup_other_logs_total", "Partitions read anew", registry=registry)
        #: How far behind: records, and the age of the newest applied while there is more to read.
        self.lag = Gauge("plugwatch_rollup_lag_records", "Records not applied yet", ["partition"], registry=registry)
        self.lag_s = Gauge(
            "plugwatch_rollup_lag_seconds", "Age of the last applied record while behind", registry=registry
        )
        #: How old a lag may grow before the log drops what waits.
        self.retention_s = Known("plugwatch_rollup_retention_seconds", "Retention of the topic", registry=registry)
        #: Whether batching works, and what a batch costs.
        self.batch_records = Histogram(
            "plugwatch_rollup_batch_records", "Records a transaction", buckets=_SIZES, registry=registry
        )
        self.batch_s = Histogram(
            "plugwatch_rollup_batch_seconds", "Transaction and publication", buckets=_SECONDS, registry=registry
        )
        #: Whether memory spares the reads: "remembered" were written without, "outdated" were not as remembered and are
        #: among the "read", too. Many outdated: rollups take turns at stations. No alert: it costs CPU alone.
        batches = Counter(
            "plugwatch_rollup_batches_total", "Batches, by what was known of their rows", ["rows"], registry=registry
        )
        self.batches_remembered = batches.labels("remembered")
        self.batches_outdated = batches.labels("outdated")
        self.batches_read = batches.labels("read")
        #: What users feel: from the gateway's receipt to the published document, oldest of each batch.
        self.visible_s = Histogram(
            "plugwatch_rollup_visible_seconds", "Received to visible", buckets=_SECONDS, registry=registry
        )
        #: Charge points found away, and by which sign.
        self.offline = Counter(
            "plugwatch_rollup_offline_total", "Marked OFFLINE by sweep", ["cause"], registry=registry
        )
        #: Sessions told to end since a newer one exists; a steady rate is a wrong clock.
        self.fences = Counter("plugwatch_rollup_fences_total", "Fences sent to gateways", registry=registry)
        #: Redis writes that failed: documents are published again later.
        self.publish_failures = Counter(
            "plugwatch_rollup_publish_failures_total", "Publications that failed", registry=registry
        )
        #: Redis was found empty or replaced and was filled.
        self.fills = Counter("plugwatch_rollup_fills_total", "Times Redis was filled", registry=registry)
        #: Transactions given up since another rollup owns the partition.
        self.fenced = Counter("plugwatch_rollup_fenced_total", "Batches refused by position", registry=registry)
        #: What Redis should have by now: it is away, or nobody publishes. Of the whole system, told as the fleet is.
        self.unpublished = Known(
            "plugwatch_rollup_unpublished_notes", "Transactions committed but not yet in Redis", registry=registry
        )
        #: Whether readers may take documents from Redis as far as this rollup knows; 0: Postgres gets all the reads.
        self.fresh = Gauge(
            "plugwatch_rollup_copy_fresh", "1 while this rollup vouches for the copy in Redis", registry=registry
        )
        #: The fleet itself, told by the one rollup that owns partition 0: sum over rollups, there is but one.
        self.stations = Known("plugwatch_fleet_stations", "Stations", ["health"], registry=registry)
        self.charge_points = Known(
            "plugwatch_fleet_charge_points", "Charge points", ["connectivity"], registry=registry
        )
        self.connectors = Known("plugwatch_fleet_connectors", "Connectors", ["status"], registry=registry)
        #: What a technician may have to look at: chargers whose word comes and goes, and cars (or faults) that stay.
        self.flagged_connectors = Known(
            "plugwatch_fleet_flagged_connectors", "Connectors that are flapping or stuck", ["flag"], registry=registry
        )
        #: The same by charge point: those, too, that are ONLINE and silent about their places.
        self.flagged_charge_points = Known(
            "plugwatch_fleet_flagged_charge_points", "Charge points with a flag", ["flag"], registry=registry
        )
