"""From the plug to the screen: how much comes, and how long it takes."""

from monitoring.grafana.panels import (
    Heat,
    Lines,
    Row,
)
from monitoring.grafana.promql import ENV, buckets, more, quantile, rate

WAY = Row(
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
)
