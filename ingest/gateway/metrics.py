"""Every metric of the gateway, each with its reason. No label ever takes a charge point's id."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 3, 5, 10, 20, 30)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class Metrics:
    """The gateway's metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        #: How many chargers are here, and what they speak: capacity, roll-outs, mass disconnects.
        self.connections = Gauge(
            "plugwatch_gateway_connections", "Open charger sockets", ["protocol"], registry=registry
        )
        #: Why chargers do not get in: 404 unknown, 401 password, 400 sub-protocol, 503 overload.
        self.handshakes = Counter(
            "plugwatch_gateway_handshakes_total", "Handshakes by HTTP status", ["status"], registry=registry
        )
        #: Who does not speak websocket: an installer's wrong URL, a proxy that drops Upgrade, TLS on a plain port.
        self.bad_handshakes = Counter(
            "plugwatch_gateway_bad_handshakes_total", "What was no handshake", ["reason"], registry=registry
        )
        #: More than PLUGWATCH_FRAMES_PER_SECOND for PLUGWATCH_FLOOD_TIMEOUT_S: firmware gone wild, or an attack.
        self.floods = Counter("plugwatch_gateway_floods_total", "Sockets closed for flooding", registry=registry)
        #: Bugs that ended one socket, or one traced frame, instead of the process: each has its traceback in the log.
        self.faults = Counter(
            "plugwatch_gateway_faults_total", "Errors in our own code, contained", ["where"], registry=registry
        )
        #: Frames answered InternalError because one of their records can never be stored.
        self.refused_records = Counter(
            "plugwatch_gateway_refused_records_total", "Records that the log can never take", registry=registry
        )
        #: Where handshakes' CPU goes: slow ones take 50 ms each, so give chargers generated keys; limited, overloaded
        #: and gone are guessers, or a fleet with chosen passwords that comes back at once.
        self.password_checks = Counter(
            "plugwatch_gateway_password_checks_total",
            "Password checks by how they were made",
            ["how"],
            registry=registry,
        )
        #: Sockets that are silent from the start; near PLUGWATCH_MAX_HALF_OPEN somebody opens them on purpose.
        self.half_open = Gauge("plugwatch_gateway_half_open", "Sockets without a whole handshake", registry=registry)
        self.half_open_cut_off = Counter(
            "plugwatch_gateway_half_open_cut_off_total", "Such sockets cut off for being too many", registry=registry
        )
        #: Why sockets end: silent and closed are the network's, superseded a charger that came back.
        self.ended = Counter("plugwatch_gateway_sessions_ended_total", "Sessions ended", ["reason"], registry=registry)
        #: The traffic: what chargers send; an action that rises alone is a firmware gone wild.
        self.frames = Counter(
            "plugwatch_gateway_frames_total", "Frames from chargers", ["protocol", "kind", "action"], registry=registry
        )
        #: What we refuse: a new code after a firmware roll-out is lost state.
        self.call_errors = Counter(
            "plugwatch_gateway_call_errors_total", "CALLERRORs sent", ["protocol", "code"], registry=registry
        )
        #: A charger that reports thousands of values of one place in one frame; its last word always counts.
        self.left_out = Counter(
            "plugwatch_gateway_values_left_out_total", "Values of a place too many in a frame", registry=registry
        )
        #: What goes to the log.
        self.events = Counter("plugwatch_gateway_events_total", "Events published", ["kind"], registry=registry)
        #: The broker's part of the answer time.
        self.publish_latency = Histogram(
            "plugwatch_gateway_publish_seconds", "Batch sent to acked", buckets=_LATENCY_S, registry=registry
        )
        #: What a charger waits for: frame read to reply written, of frames with events.
        self.ack_latency = Histogram(
            "plugwatch_gateway_ack_seconds", "Frame read to reply written", buckets=_LATENCY_S, registry=registry
        )
        #: Whether batching works: with load this must grow, or CPU will.
        self.batch_records = Histogram(
            "plugwatch_gateway_batch_records", "Records a produced batch", buckets=_SIZES, registry=registry
        )
        #: What waits for the broker; at PLUGWATCH_MAX_PENDING_EVENTS new sockets get 503.
        self.pending = Gauge("plugwatch_gateway_pending_frames", "Frames waiting for the broker", registry=registry)
        #: A dead producer is made anew; more than a few an hour is a broker problem.
        self.producer_errors = Counter(
            "plugwatch_gateway_producer_errors_total", "Batches the broker refused", ["error"], registry=registry
        )
        #: Frames answered InternalError because the broker was away: their state is asked for again.
        self.ack_timeouts = Counter(
            "plugwatch_gateway_ack_timeouts_total", "Frames not acked by the deadline", registry=registry
        )
        #: Chargers that came back over a new socket while the old one was open.
        self.takeovers = Counter(
            "plugwatch_gateway_takeovers_total", "Sockets replaced by a newer one", registry=registry
        )
        #: Two devices that bear one identity evict each other: somebody configured the second wrongly.
        self.identity_conflicts = Counter(
            "plugwatch_gateway_identity_conflicts_total", "Sockets accepted in a conflict", registry=registry
        )
        #: Inventory size as the gateway sees it: 0 means that every charger gets 404.
        self.registry_size = Gauge("plugwatch_gateway_registry_charge_points", "Known charge points", registry=registry)
        #: Anybody who knows such an id can be that charge point: set passwords, then PLUGWATCH_REQUIRE_PASSWORD.
        self.without_password = Gauge(
            "plugwatch_gateway_registry_without_password", "Known charge points with no password", registry=registry
        )
        #: A lapsed lease makes rollups mark this gateway's chargers OFFLINE.
        self.lease_lapses = Counter(
            "plugwatch_gateway_lease_lapses_total", "Leases renewed too late", registry=registry
        )
        #: Commands to chargers and how they ended.
        self.commands = Counter(
            "plugwatch_gateway_commands_total", "Commands to chargers", ["command", "result"], registry=registry
        )
