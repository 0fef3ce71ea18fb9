"""The Fleet dashboard: what operators of chargers watch, from the plug to the document that shows its state."""

from monitoring.grafana.panels import (
    ALERTS_FIRING,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Dashboard,
    Heat,
    Lines,
    Row,
    Stat,
    asked,
)
from monitoring.grafana.promql import ENV, buckets, mean, more, quantile, rate

_ENV = f"{{{ENV}}}"
_STATUSES = {
    "AVAILABLE": GREEN,
    "OCCUPIED": BLUE,
    "RESERVED": PURPLE,
    "UNAVAILABLE": ORANGE,
    "FAULTED": RED,
    "UNKNOWN": GREY,
}
_CONNECTIVITY = {"ONLINE": GREEN, "OFFLINE": RED, "NEVER": GREY}
_HEALTH = {"OK": GREEN, "DEGRADED": ORANGE, "DOWN": RED, "UNKNOWN": GREY}


def _of_fleet(what: str, label: str, values: str = ".*") -> str:
    """Numbers of the whole fleet; one rollup tells them, and for a moment at a handover two do."""
    return f'max by (env, {label}) (plugwatch_fleet_{what}{{env=~"$env", {label}=~"{values}"}})'


def _fleet(what: str, label: str) -> str:
    return f"sum by ({label}) ({_of_fleet(what, label)})"


_ONLINE_SHARE = (
    f"sum({_of_fleet('charge_points', 'connectivity', 'ONLINE')})"
    f" / sum({_of_fleet('charge_points', 'connectivity', 'ONLINE|OFFLINE')})"
)
_FAULTED_SHARE = f"sum({_of_fleet('connectors', 'status', 'FAULTED')}) / sum({_of_fleet('connectors', 'status')})"
_LAG_S = f"max(plugwatch_rollup_lag_seconds{_ENV})"

FLEET = Dashboard(
    uid="plugwatch-fleet",
    title="Plugwatch / Fleet",
    says="The chargers, what they say, how soon it can be read, and what is refused, late or lost on the way.",
    beside=("plugwatch-service", "Service"),
    variables=[asked("env", "Environment", "label_values(up, env)")],
    first=[
        ALERTS_FIRING,
        Stat(
            title="Charge points online",
            says="Share of those that have ever been here. Falling: look below whether all fell at once (network, "
            "proxy, gateway) or one after the other (power, roaming SIMs, one site).",
            queries={"online": _ONLINE_SHARE},
            unit="percentunit",
            base=RED,
            limits=[(0.9, ORANGE), (0.97, GREEN)],
            runbooks=["ChargersDisconnecting"],
        ),
        Stat(
            title="Connectors faulted",
            says="Share of all connectors. Rising slowly is wear; a jump is a firmware roll-out or the grid at one "
            "site. GET /v1/charge-points?health=DEGRADED&health=DOWN has them.",
            queries={"faulted": _FAULTED_SHARE},
            unit="percentunit",
            limits=[(0.02, ORANGE), (0.1, RED)],
            runbooks=["ConnectorsFaulted"],
        ),
        Stat(
            title="Stations down",
            says="Stations at which nobody can charge: every plug is faulted or out of service. GET "
            "/v1/stations?health=DOWN has them.",
            queries={"down": f"sum({_of_fleet('stations', 'health', 'DOWN')})"},
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
            queries={"behind": _LAG_S},
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
    ],
    rows=[
        Row(
            "Chargers",
            [
                Lines(
                    title="Connectors by status",
                    says="The effective status of every connector. FAULTED that grows needs technicians; UNKNOWN that "
                    "grows means that chargers are away: see charge points by connectivity.",
                    queries={"{{status}}": _fleet("connectors", "status")},
                    unit="short",
                    stacked=True,
                    colours=_STATUSES,
                    runbooks=["ConnectorsFaulted"],
                    width=12,
                ),
                Lines(
                    title="Charge points by connectivity",
                    says="OFFLINE that grows: the network, a gateway or power. NEVER are in the inventory and have "
                    "not been here yet.",
                    queries={"{{connectivity}}": _fleet("charge_points", "connectivity")},
                    unit="short",
                    stacked=True,
                    colours=_CONNECTIVITY,
                    runbooks=["ChargersDisconnecting"],
                    width=6,
                ),
                Lines(
                    title="Stations by health",
                    says="DEGRADED: some plug is bad and some is good. DOWN: nobody can charge there.",
                    queries={"{{health}}": _fleet("stations", "health")},
                    unit="short",
                    stacked=True,
                    colours=_HEALTH,
                    runbooks=["ConnectorsFaulted"],
                    width=6,
                ),
                Lines(
                    title="Open sockets by protocol",
                    says="Chargers that are connected now. All protocols falling at once is ours (gateway, proxy, "
                    "network); one falling alone is a firmware.",
                    queries={"{{protocol}}": f"sum by (protocol) (plugwatch_gateway_connections{_ENV})"},
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
        ),
        Row(
            "From the plug to the screen",
            [
                Heat(
                    title="Answer to a charger",
                    says="Frame read to reply written, of frames that go to the log: what a charger waits for. Most "
                    "of it is the broker's. At 20 s it gets InternalError.",
                    queries={"{{le}}": buckets("plugwatch_gateway_ack_seconds")},
                    unit="s",
                    runbooks=["ProducerErrors"],
                ),
                Lines(
                    title="Answer to a charger, and the broker's part",
                    says="When both rise, look at the broker; when the answer rises alone, at the gateway's CPU.",
                    queries={
                        "answer p50": quantile(0.5, "plugwatch_gateway_ack_seconds"),
                        "answer p99": quantile(0.99, "plugwatch_gateway_ack_seconds"),
                        "broker p99": quantile(0.99, "plugwatch_gateway_publish_seconds"),
                    },
                    unit="s",
                    runbooks=["ProducerErrors", "HighLatencyP90"],
                ),
                Lines(
                    title="Received to visible",
                    says="From the gateway's receipt to the published document: how old what a driver sees may be. "
                    "Rising with the lag: the rollup; rising with the batch: Postgres or Redis.",
                    queries={
                        "visible p50": quantile(0.5, "plugwatch_rollup_visible_seconds"),
                        "visible p99": quantile(0.99, "plugwatch_rollup_visible_seconds"),
                        "batch p99": quantile(0.99, "plugwatch_rollup_batch_seconds"),
                    },
                    unit="s",
                    runbooks=["ConsumerLagHigh"],
                ),
                Lines(
                    title="Events applied by kind",
                    says="What the rollup writes. SessionBegan that rises alone is chargers that come and go.",
                    queries={"{{kind}}": rate("plugwatch_rollup_events_total", "kind")},
                    unit="eps",
                    stacked=True,
                    runbooks=["RollupStalled"],
                ),
                Lines(
                    title="Frames by action",
                    says="What chargers send. One action that rises alone is a firmware gone wild: MeterValues and "
                    "Heartbeat cost the gateway and go nowhere.",
                    queries={"{{action}}": rate("plugwatch_gateway_frames_total", "action", f'{ENV}, kind="call"')},
                    unit="mps",
                ),
                Lines(
                    title="Commands by result",
                    says="timeout: the charger did not answer; error: it answered CALLERROR. Rejected is its right.",
                    queries={"{{command}} {{result}}": more("plugwatch_gateway_commands_total", "command, result")},
                    unit="short",
                    bars=True,
                ),
            ],
        ),
        Row(
            "The log",
            [
                Lines(
                    title="Lag by partition",
                    says="Records that no rollup has applied. All partitions rising: too few rollups or a slow "
                    "Postgres; one alone: its rollup stands still at a record, see its log.",
                    queries={"{{partition}}": f"max by (partition) (plugwatch_rollup_lag_records{_ENV})"},
                    unit="short",
                    runbooks=["ConsumerLagHigh", "RollupStalled"],
                    width=6,
                ),
                Lines(
                    title="Lag in seconds",
                    says="Age of what was applied last, while there is more to read: so old is what the API shows. "
                    "Above the lines alerts fire.",
                    queries={"behind": _LAG_S},
                    unit="s",
                    limits=[(30, ORANGE), (600, RED)],
                    runbooks=["ConsumerLagHigh", "RollupStalled"],
                    width=6,
                ),
                Lines(
                    title="Lag against retention",
                    says="Of the time after which the broker drops records, read or not, so much is behind us. At 1 "
                    "state is lost: lengthen the retention first. Empty where the broker does not tell it.",
                    queries={"used": f"{_LAG_S} / min(plugwatch_rollup_retention_seconds{_ENV})"},
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
                        "notes": f"max(plugwatch_rollup_unpublished_notes{_ENV})",
                        "failures": more("plugwatch_rollup_publish_failures_total"),
                        "Redis filled": more("plugwatch_rollup_fills_total"),
                        "not vouched for": f"sum(1 - plugwatch_rollup_copy_fresh{_ENV})",
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
                ),
                Lines(
                    title="Trouble with the broker",
                    says="Frames that wait for an ack, batches that the broker refused, frames that were answered "
                    "InternalError instead. All but the first are 0 when all is well.",
                    queries={
                        "waiting": f"sum(plugwatch_gateway_pending_frames{_ENV})",
                        "refused": more("plugwatch_gateway_producer_errors_total"),
                        "given up": more("plugwatch_gateway_ack_timeouts_total"),
                    },
                    unit="short",
                    colours={"refused": ORANGE, "given up": RED},
                    runbooks=["ProducerErrors"],
                ),
            ],
        ),
        Row(
            "Refused and disputed",
            [
                Lines(
                    title="Handshakes refused by status",
                    says="404: not in the inventory, see /v1/inbox. 401: wrong password. 400: no sub-protocol of "
                    "ours. 429: one address knocks too often. 503: overload or the broker is away.",
                    queries={
                        "{{status}}": more("plugwatch_gateway_handshakes_total", "status", f'{ENV}, status!="101"')
                    },
                    unit="short",
                    bars=True,
                    runbooks=["ChargersDisconnecting"],
                ),
                Lines(
                    title="CALLERRORs by code",
                    says="What we refuse of what chargers say. A code that is new after a firmware roll-out is lost "
                    "state: PUT …/trace on one of them shows the frames.",
                    queries={"{{protocol}} {{code}}": more("plugwatch_gateway_call_errors_total", "protocol, code")},
                    unit="short",
                    bars=True,
                    runbooks=["OcppCallErrorRatio"],
                ),
                Lines(
                    title="Two sockets, one charge point",
                    says="takeovers: a charger came back over a new socket, or two devices bear one id; conflicts: "
                    "the latter is certain. fences: an old session was told to end; a steady rate is a wrong "
                    "clock.",
                    queries={
                        "takeovers": more("plugwatch_gateway_takeovers_total"),
                        "conflicts": more("plugwatch_gateway_identity_conflicts_total"),
                        "fences": more("plugwatch_rollup_fences_total"),
                    },
                    unit="short",
                    bars=True,
                    colours={"takeovers": BLUE, "conflicts": RED, "fences": ORANGE},
                    runbooks=["IdentityConflicts"],
                ),
                Lines(
                    title="Inventory at the gateways",
                    says="Charge points that a gateway knows, and those of them that have no password: anybody who "
                    "knows such an id can be it. Known at 0 means that every charger gets 404.",
                    queries={
                        "known": f"max(plugwatch_gateway_registry_charge_points{_ENV})",
                        "without password": f"max(plugwatch_gateway_registry_without_password{_ENV})",
                    },
                    unit="short",
                    colours={"without password": ORANGE},
                ),
                Lines(
                    title="Leases and partitions",
                    says="Leases that a gateway renewed too late (its chargers then go OFFLINE), batches that a "
                    "rollup gave up since another owns the partition, partitions read anew from another log. 0 "
                    "but at roll-outs.",
                    queries={
                        "leases lapsed": more("plugwatch_gateway_lease_lapses_total"),
                        "batches given up": more("plugwatch_rollup_fenced_total"),
                        "other logs": more("plugwatch_rollup_other_logs_total"),
                    },
                    unit="short",
                    bars=True,
                    colours={"leases lapsed": RED, "other logs": ORANGE},
                    runbooks=["ChargersDisconnecting", "RollupStalled"],
                ),
                Lines(
                    title="Records a batch",
                    says="How many records go into one produced batch and into one transaction, on average. With load "
                    "both must grow, or CPU will.",
                    queries={
                        "gateway": mean("plugwatch_gateway_batch_records"),
                        "rollup": mean("plugwatch_rollup_batch_records"),
                    },
                    unit="short",
                    runbooks=["ConsumerLagHigh"],
                ),
                Lines(
                    title="Strangers and floods",
                    says="Sockets without a handshake now, those cut off for being too many, what was no handshake, "
                    "and chargers closed for sending too much. Steady: a scanner, or a proxy that speaks wrongly.",
                    queries={
                        "half open": f"sum(plugwatch_gateway_half_open{_ENV})",
                        "cut off": more("plugwatch_gateway_half_open_cut_off_total"),
                        "floods": more("plugwatch_gateway_floods_total"),
                        "{{reason}}": more("plugwatch_gateway_bad_handshakes_total", "reason"),
                    },
                    unit="short",
                    colours={"half open": GREY, "cut off": RED, "floods": RED},
                    runbooks=["GatewayFlooded"],
                ),
                Lines(
                    title="Password checks",
                    says="How passwords of chargers were checked. slow: those that people chose, 50 ms of CPU each: "
                    "give generated keys. limited: guessers. overloaded: too many slow ones at once, right ones too.",
                    queries={"{{how}}": more("plugwatch_gateway_password_checks_total", "how")},
                    unit="short",
                    bars=True,
                    colours={"overloaded": RED, "limited": ORANGE},
                    runbooks=["GatewayFlooded"],
                ),
                Lines(
                    title="Contained, refused, left out",
                    says="errors: of our own code, by where. records: those the log can never take. rows: unreadable "
                    "ones. held: partitions that wait before a record. values, places: more than a charger can have.",
                    queries={
                        "errors: {{where}}": more("plugwatch_gateway_faults_total", "where"),
                        "records": more("plugwatch_gateway_refused_records_total"),
                        "rows": more("plugwatch_rollup_unreadable_rows_total"),
                        "held": f"sum(plugwatch_rollup_held_partitions{_ENV})",
                        "values": more("plugwatch_gateway_values_left_out_total"),
                        "places": more("plugwatch_rollup_places_refused_total"),
                    },
                    unit="short",
                    runbooks=["GatewayFaults", "RecordsRefused", "RowsUnreadable", "PartitionHeld"],
                ),
            ],
        ),
    ],
)
