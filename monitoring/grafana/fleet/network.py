"""What the fleet gauges say, as queries and in their colours."""

from monitoring.grafana.panels import BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from monitoring.grafana.promql import ENV

HERE = f"{{{ENV}}}"
STATUSES = {
    "AVAILABLE": GREEN,
    "OCCUPIED": BLUE,
    "RESERVED": PURPLE,
    "UNAVAILABLE": ORANGE,
    "FAULTED": RED,
    "UNKNOWN": GREY,
}
CONNECTIVITY = {"ONLINE": GREEN, "OFFLINE": RED, "NEVER": GREY}
HEALTH = {"OK": GREEN, "DEGRADED": ORANGE, "DOWN": RED, "UNKNOWN": GREY}


def of_fleet(what: str, label: str, values: str = ".*") -> str:
    """Numbers of the whole fleet; one rollup tells them, and for a moment at a handover two do."""
    return f'max by (env, {label}) (plugwatch_fleet_{what}{{env=~"$env", {label}=~"{values}"}})'


def fleet(what: str, label: str) -> str:
    return f"sum by ({label}) ({of_fleet(what, label)})"


ONLINE_SHARE = (
    f"sum({of_fleet('charge_points', 'connectivity', 'ONLINE')})"
    f" / sum({of_fleet('charge_points', 'connectivity', 'ONLINE|OFFLINE')})"
)
FAULTED_SHARE = f"sum({of_fleet('connectors', 'status', 'FAULTED')}) / sum({of_fleet('connectors', 'status')})"
BEHIND_S = f"max(plugwatch_rollup_lag_seconds{HERE})"
