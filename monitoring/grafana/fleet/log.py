"""The log between gateway and rollup: how far behind, what was put aside, what was lost."""

from monitoring.grafana.fleet.network import BEHIND_S, HERE
from monitoring.grafana.panels import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    Lines,
    Row,
)
from monitoring.grafana.promql import more, rate

LOG = Row(
    "The log",
    [
        Lines(
            title="Lag by partition",
            says="Records that no rollup has applied. All partitions rising: too few rollups or a slow "
            "Postgres; one alone: its rollup stands still at a record, see its log.",
            queries={"{{partition}}": f"max by (partition) (plugwatch_rollup_lag_records{HERE})"},
            unit="short",
            runbooks=["ConsumerLagHigh", "RollupStalled"],
            width=6,
        ),
        Lines(
            title="Lag in seconds",
            says="Age of what was applied last, while there is more to read: so old is what the API shows. "
            "Above the lines alerts fire.",
            queries={"behind": BEHIND_S},
            unit="s",
            limits=[(30, ORANGE), (600, RED)],
            runbooks=["ConsumerLagHigh", "RollupStalled"],
            width=6,
        ),
        Lines(
            title="Lag against retention",
            says="Of the time after which the broker drops records, read or not, so much is behind us. At 1 "
            "state is lost: lengthen the retention first. Empty where the broker does not tell it.",
            queries={"used": f"{BEHIND_S} / min(plugwatch_rollup_retention_seconds{HERE})"},
            unit="percentunit",
            most=1,
            limits=[(0.5, RED)],
            runbooks=["LagNearsRetention", "LostRecords"],
            width=6,
        ),
        Lines(
            title="Documents not in Redis yet",
            says="Transactions committed and not published, and rollups that do not vouch for the copy. Above "
            "0 for long: Redis is away or no rollup runs, and the API reads documents from Postgres.",
            queries={
                "notes": f"max(plugwatch_rollup_unpublished_notes{HERE})",
                "failures": more("plugwatch_rollup_publish_failures_total"),
                "Redis filled": more("plugwatch_rollup_fills_total"),
                "not vouched for": f"sum(1 - plugwatch_rollup_copy_fresh{HERE})",
            },
            unit="short",
            colours={"failures": RED, "not vouched for": RED},
            runbooks=["DocumentsUnpublished", "CopyStale"],
            width=6,
        ),
        Lines(
            title="Dead letters by reason",
            says="Records that can never be applied; each is in the dead-letter topic with its reason. Any at "
            "all: find who writes to the topic, mend, re-drive.",
            queries={"{{reason}}": more("plugwatch_rollup_dead_letters_total", "reason")},
            unit="short",
            bars=True,
            runbooks=["DeadLettersGrowing"],
            width=6,
        ),
        Lines(
            title="Lost, late, known, unknown",
            says="lost: dropped by the log before they were read. late: a newer session had spoken. "
            "duplicates: delivered again after a broker's trouble. unknown: of charge points deleted "
            "meanwhile.",
            queries={
                "lost": more("plugwatch_rollup_lost_records_total"),
                "late": more("plugwatch_rollup_late_total"),
                "duplicates": more("plugwatch_rollup_duplicates_total"),
                "unknown": more("plugwatch_rollup_unknown_total"),
            },
            unit="short",
            bars=True,
            colours={"lost": RED, "late": ORANGE, "duplicates": BLUE, "unknown": GREY},
            runbooks=["LostRecords"],
            width=6,
        ),
        Lines(
            title="Trouble with the broker",
            says="Frames that wait for an ack, batches that the broker refused, frames that were answered "
            "InternalError instead. All but the first are 0 when all is well.",
            queries={
                "waiting": f"sum(plugwatch_gateway_pending_frames{HERE})",
                "refused": more("plugwatch_gateway_producer_errors_total"),
                "given up": more("plugwatch_gateway_ack_timeouts_total"),
            },
            unit="short",
            colours={"refused": ORANGE, "given up": RED},
            runbooks=["ProducerErrors"],
            width=6,
        ),
        Lines(
            title="Batches by what was known of their rows",
            says="remembered: written without reading. read: not in memory, as after a start. outdated: another had "
            "written a row meanwhile; these are among the read, too, and cost CPU twice. Many: rollups take turns at "
            "stations.",
            queries={"{{rows}}": rate("plugwatch_rollup_batches_total", "rows")},
            unit="ops",
            colours={"remembered": GREEN, "read": BLUE, "outdated": ORANGE},
            width=6,
        ),
    ],
)
