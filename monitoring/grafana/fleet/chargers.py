"""The chargers: what state they are in, and how they come and go."""

from monitoring.grafana.fleet.network import CONNECTIVITY, HEALTH, HERE, STATUSES, fleet
from monitoring.grafana.panels import (
    Lines,
    Row,
)
from monitoring.grafana.promql import more

CHARGERS = Row(
    "Chargers",
    [
        Lines(
            title="Connectors by status",
            says="The effective status of every connector. FAULTED that grows needs technicians; UNKNOWN that "
            "grows means that chargers are away: see charge points by connectivity.",
            queries={"{{status}}": fleet("connectors", "status")},
            unit="short",
            stacked=True,
            colours=STATUSES,
            runbooks=["ConnectorsFaulted"],
            width=12,
        ),
        Lines(
            title="Charge points by connectivity",
            says="OFFLINE that grows: the network, a gateway or power. NEVER are in the inventory and have "
            "not been here yet.",
            queries={"{{connectivity}}": fleet("charge_points", "connectivity")},
            unit="short",
            stacked=True,
            colours=CONNECTIVITY,
            runbooks=["ChargersDisconnecting"],
            width=6,
        ),
        Lines(
            title="Stations by health",
            says="DEGRADED: some plug is bad and some is good. DOWN: nobody can charge there.",
            queries={"{{health}}": fleet("stations", "health")},
            unit="short",
            stacked=True,
            colours=HEALTH,
            runbooks=["ConnectorsFaulted"],
            width=6,
        ),
        Lines(
            title="Open sockets by protocol",
            says="Chargers that are connected now. All protocols falling at once is ours (gateway, proxy, "
            "network); one falling alone is a firmware.",
            queries={"{{protocol}}": f"sum by (protocol) (plugwatch_gateway_connections{HERE})"},
            unit="short",
            stacked=True,
            runbooks=["ChargersDisconnecting"],
        ),
        Lines(
            title="Marked OFFLINE by cause",
            says="closed: the socket ended and the grace passed. vanished: a gateway died and its lease ran "
            "out; many of these at once is one gateway.",
            queries={"{{cause}}": more("plugwatch_rollup_offline_total", "cause")},
            unit="short",
            bars=True,
            runbooks=["ChargersDisconnecting"],
        ),
        Lines(
            title="Sessions ended by reason",
            says="silent and closed are the network's, superseded is a charger that came back before we "
            "noticed. refused: we hung up on bad frames. All at once: a drain, or a proxy that "
            "restarted.",
            queries={"{{reason}}": more("plugwatch_gateway_sessions_ended_total", "reason")},
            unit="short",
            bars=True,
            runbooks=["ChargersDisconnecting"],
        ),
    ],
)
