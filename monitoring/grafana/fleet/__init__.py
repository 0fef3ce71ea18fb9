"""The Fleet dashboard: what operators of chargers watch, from the plug to the document that shows its state."""

from monitoring.grafana.fleet.chargers import CHARGERS
from monitoring.grafana.fleet.first import FIRST
from monitoring.grafana.fleet.log import LOG
from monitoring.grafana.fleet.refused import REFUSED
from monitoring.grafana.fleet.way import WAY
from monitoring.grafana.panels import Dashboard, asked

FLEET = Dashboard(
    uid="plugwatch-fleet",
    title="Plugwatch / Fleet",
    says="The chargers, what they say, how soon it can be read, and what is refused, late or lost on the way.",
    beside=("plugwatch-service", "Service"),
    variables=[asked("env", "Environment", "label_values(up, env)")],
    first=FIRST,
    rows=[CHARGERS, WAY, LOG, REFUSED],
)
