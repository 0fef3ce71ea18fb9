"""What was refused at the door, and who disputes an identity."""

from monitoring.grafana.fleet.network import HERE
from monitoring.grafana.panels import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    Lines,
    Row,
)
from monitoring.grafana.promql import ENV, mean, more

REFUSED = Row(
    "Refused and disputed",
    [
        Lines(
            title="Handshakes refused by status",
            says="404: not in the inventory, see /v1/inbox. 401: wrong password. 400: no sub-protocol of "
            "ours. 429: one address knocks too often. 503: overload or the broker is away.",
            queries={"{{status}}": more("plugwatch_gateway_handshakes_total", "status", f'{ENV}, status!="101"')},
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
                "known": f"max(plugwatch_gateway_registry_charge_points{HERE})",
                "without password": f"max(plugwatch_gateway_registry_without_password{HERE})",
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
                "half open": f"sum(plugwatch_gateway_half_open{HERE})",
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
                "held": f"sum(plugwatch_rollup_held_partitions{HERE})",
                "values": more("plugwatch_gateway_values_left_out_total"),
                "places": more("plugwatch_rollup_places_refused_total"),
            },
            unit="short",
            runbooks=["GatewayFaults", "RecordsRefused", "RowsUnreadable", "PartitionHeld"],
        ),
    ],
)
