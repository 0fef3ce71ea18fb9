"""The row that is looked at first: is the network well, and is what is shown of now?"""

from monitoring.grafana.fleet.network import BEHIND_S, FAULTED_SHARE, ONLINE_SHARE, of_fleet
from monitoring.grafana.panels import (
    ALERTS_FIRING,
    GREEN,
    ORANGE,
    RED,
    Stat,
)
from monitoring.grafana.promql import more, quantile, rate

FIRST = [
    ALERTS_FIRING,
    Stat(
        title="Charge points online",
        says="Share of those that have ever been here. Falling: look below whether all fell at once (network, "
        "proxy, gateway) or one after the other (power, roaming SIMs, one site).",
        queries={"online": ONLINE_SHARE},
        unit="percentunit",
        base=RED,
        limits=[(0.9, ORANGE), (0.97, GREEN)],
        runbooks=["ChargersDisconnecting"],
    ),
    Stat(
        title="Connectors faulted",
        says="Share of all connectors. Rising slowly is wear; a jump is a firmware roll-out or the grid at one "
        "site. GET /v1/charge-points?health=DEGRADED&health=DOWN has them.",
        queries={"faulted": FAULTED_SHARE},
        unit="percentunit",
        limits=[(0.02, ORANGE), (0.1, RED)],
        runbooks=["ConnectorsFaulted"],
    ),
    Stat(
        title="Stations down",
        says="Stations at which nobody can charge: every plug is faulted or out of service. GET "
        "/v1/stations?health=DOWN has them.",
        queries={"down": f"sum({of_fleet('stations', 'health', 'DOWN')})"},
        unit="short",
        limits=[(1, ORANGE)],
        runbooks=["ConnectorsFaulted"],
    ),
    Stat(
        title="Visible after, p99",
        says="From the gateway's receipt to the published document. Rising: look at the lag beside it, then at "
        "the rollup's CPU and at Postgres.",
        queries={"p99": quantile(0.99, "plugwatch_rollup_visible_seconds")},
        unit="s",
        limits=[(2, ORANGE), (10, RED)],
        runbooks=["ConsumerLagHigh"],
    ),
    Stat(
        title="Behind by",
        says="How old the newest applied event is while there is more to read. Above 0 what the API shows is that "
        "old. Rising: a rollup stands still, or is too slow.",
        queries={"behind": BEHIND_S},
        unit="s",
        limits=[(30, ORANGE), (600, RED)],
        runbooks=["ConsumerLagHigh", "RollupStalled"],
    ),
    Stat(
        title="Events",
        says="Events applied a second. 0 with chargers online: nothing arrives, or the rollup stands still.",
        queries={"events": rate("plugwatch_rollup_events_total")},
        unit="eps",
        runbooks=["RollupStalled"],
    ),
    Stat(
        title="Dead or lost, 24 h",
        says="Records that could not be applied (they wait in the dead-letter topic) or were dropped by the log "
        "before they were read (they are gone). Not 0: a person must look.",
        queries={
            "records": more("plugwatch_rollup_dead_letters_total", window="24h")
            + " + "
            + more("plugwatch_rollup_lost_records_total", window="24h")
        },
        unit="short",
        limits=[(0.5, RED)],
        runbooks=["DeadLettersGrowing", "LostRecords"],
    ),
]
