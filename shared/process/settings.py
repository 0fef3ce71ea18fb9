"""The only reader of the environment: ``PLUGWATCH_*`` variables, or files for the secret ones.

Only composition roots import this; everything else receives values. A secret ``X`` can be given
as ``PLUGWATCH_X_FILE``, a path whose content (tokens: one a line) is the value.
"""

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
)

from shared.credentials import tokens

PREFIX = "PLUGWATCH_"
SECRETS = ("DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "READ_TOKEN", "ADMIN_TOKEN", "METRICS_TOKEN")

Port = Annotated[int, Field(ge=0, le=65535)]
Tokens = tuple[SecretStr, ...]


class Settings(BaseModel):
    """Everything that can be set, with its default; ``docs/configuration.md`` is made from this class."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: SecretStr = Field(description="Postgres, `postgresql://user:password@host:port/name`")
    database_direct_url: SecretStr | None = Field(
        default=None, description="Postgres without the pooler in between, for LISTEN; default: DATABASE_URL"
    )
    database_pool_size: PositiveInt = Field(default=10, description="Postgres connections a process holds at most")
    redis_url: SecretStr = Field(description="Redis, `redis://host:port/0`")
    kafka_bootstrap_servers: str = Field(description="Kafka-protocol brokers, `host:port`, several by comma")
    topic: str = Field(default="plugwatch.charger-events", description="topic of the charger events")
    dead_letter_topic: str = Field(default="plugwatch.charger-events.dlq", description="topic of the poison records")

    host: str = Field(default="0.0.0.0", description="address that every server of the process binds")  # noqa: S104
    gateway_port: Port = Field(default=9000, description="gateway: OCPP websockets")
    gateway_admin_port: Port = Field(default=9100, description="gateway: /livez /readyz /healthz /metrics")
    rollup_admin_port: Port = Field(default=9101, description="rollup: /livez /readyz /healthz /metrics")
    api_port: Port = Field(default=8000, description="API")

    read_token: Tokens = Field(
        default=(),
        description="tokens that read under /v1, 16 characters at least; "
        "several by comma, in a file also one a line; unset: closed",
    )
    admin_token: Tokens = Field(
        default=(),
        description="tokens for everything under /v1, also `name:secret`; "
        "several by comma, in a file also one a line; unset: closed",
    )
    metrics_token: Tokens = Field(
        default=(),
        description="tokens for /metrics; several by comma, in a file also one a line; unset: closed",
    )

    registration: Literal["closed", "open"] = Field(
        default="closed", description="whether a charge point that is not in the inventory is let in"
    )
    require_password: bool = Field(default=False, description="refuse charge points that have no password set")
    authorize: Literal["accept", "refuse"] = Field(
        default="accept", description="answer to Authorize, StartTransaction and idTokens"
    )
    strict_validation: bool = Field(
        default=False, description="CALLERROR for all that the official schema of a message forbids"
    )
    heartbeat_interval_s: PositiveInt = Field(default=300, description="interval given in BootNotification (s)")
    offline_after_intervals: PositiveInt = Field(
        default=3, description="a socket silent for so many heartbeat intervals is closed, the charge point OFFLINE"
    )
    close_grace_s: NonNegativeFloat = Field(
        default=60, description="how long a closed socket or a vanished gateway may stay away before OFFLINE (s)"
    )
    ping_interval_s: PositiveFloat = Field(default=45, description="websocket ping to each charger (s)")
    ack_deadline_s: PositiveFloat = Field(
        default=20, description="how long a frame waits for the broker before CALLERROR InternalError (s)"
    )
    handshake_timeout_s: PositiveFloat = Field(default=10, description="time from TCP accept to upgrade (s)")
    status_settle_s: PositiveFloat = Field(
        default=45, description="a charger is asked for what it has not reported so long after its connect or boot (s)"
    )
    command_answer_s: PositiveFloat = Field(
        default=30, description="a charger that has not answered a command for so long is sent the next one (s)"
    )
    max_message_bytes: PositiveInt = Field(default=262_144, description="larger frames close the socket with 1009")
    frames_per_second: PositiveFloat = Field(
        default=100,
        description="frames of up to 2 kB (a larger one, or a whole inventory report, counts for several) that one "
        "charger may send in the long run, 20 times as many at once; what comes faster waits",
    )
    flood_timeout_s: PositiveFloat = Field(
        default=30, description="a charger that has more to send for so long, without waiting, is closed with 1008 (s)"
    )
    max_half_open: PositiveInt = Field(
        default=8_192,
        description="sockets that have not sent their whole handshake; above, or above a quarter of the open files "
        "allowed, the oldest is cut off",
    )
    compression: Literal["2.x", "true", "false"] = Field(
        default="2.x",
        description="permessage-deflate without context takeover, when the charger offers it: in OCPP 2.x, which "
        "demands it, in every version, or never",
    )
    failed_handshakes_per_minute: int = Field(
        default=600,
        ge=0,
        description="refused handshakes an address (IPv6: a /64) may make before 429; who is known and needs no slow "
        "password check still gets in; 0: no limit",
    )
    failed_handshakes_per_id: int = Field(
        default=60, ge=0, description="the same for one charge point id, from whatever address; 0: no limit"
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="networks whose `X-Forwarded-For` or `Forwarded` names the address that is counted, by comma; "
        "of handshakes and of wrong tokens",
    )
    max_pending_events: PositiveInt = Field(
        default=200_000, description="events waiting for the broker before new sockets get 503"
    )
    lease_s: PositiveFloat = Field(default=10, description="a gateway silent for so long in Postgres is dead (s)")
    drain_s: NonNegativeFloat = Field(
        default=5, description="over how long a stopping gateway spreads the closing of its sockets (s)"
    )
    gateway_id: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}",
        description="name of this gateway; each start adds its incarnation; default: made from host and pid",
    )

    connector0_mode: Literal["recency", "strict", "ignore"] = Field(
        default="recency", description="when a bad report on connector 0 overrules the connectors"
    )
    consumer_group: str = Field(default="plugwatch-rollup", description="Kafka consumer group of the rollups")
    session_timeout_s: PositiveFloat = Field(default=30, description="Kafka session timeout of a rollup (s)")
    batch_records: PositiveInt = Field(default=5_000, description="records in one rollup transaction at most")
    dead_letter_limit: PositiveInt = Field(
        default=100,
        description="charge points whose records may be set aside within an hour; one more stops the rollup loudly",
    )
    offline_max_lag_s: PositiveFloat = Field(
        default=10, description="a rollup that is further behind than this marks nobody OFFLINE (s)"
    )
    flapping_changes: PositiveInt = Field(
        default=10, description="a place whose word changes more often than this in 10 minutes is flapping"
    )
    stuck_s: PositiveFloat = Field(
        default=14_400,
        description="a connector that is OCCUPIED without charging (Preparing, SuspendedEV, SuspendedEVSE, Finishing) "
        "for longer is stuck (s)",
    )
    history_retention_days: int = Field(default=0, ge=0, description="history older than this is dropped; 0: kept")
    stream_length: PositiveInt = Field(
        default=1_000_000, description="changes kept in the Redis stream, about: 15 minutes of 1,000 a second"
    )
    stream_bytes: PositiveInt = Field(
        default=268_435_456, description="memory that the Redis stream may take; the oldest changes go first"
    )

    api_mode: Literal["all", "read"] = Field(
        default="all", description="`read` serves no route that writes, on Postgres connections that cannot write"
    )
    command_timeout_s: PositiveFloat = Field(
        default=10,
        description="API: how long a command waits for the charger's answer; what was not sent in the first 70 % of it "
        "never is (s)",
    )
    cors_origins: tuple[str, ...] = Field(
        default=(), description="API: origins whose pages may read the answers in a browser, by comma; `*`: any"
    )
    rate_limit_per_minute: int = Field(
        default=0, ge=0, description="API: requests a token may make at each API process; 0: no limit"
    )
    wrong_tokens_per_minute: int = Field(
        default=60,
        ge=0,
        description="API: wrong tokens of an address before 429; right ones always pass; 0: no limit",
    )
    max_connections: PositiveInt = Field(
        default=10_000, description="API: open connections; then the longest silent ones give way, else 503"
    )

    access_log: bool = Field(
        default=False,
        description="API: a log line for each request: method, route, status, ms, name of the token, request id; "
        "never a query, a token or an id in the path",
    )
    board: bool = Field(default=True, description="API: the status board at `/`")
    board_stations: int = Field(
        default=20_000, ge=1, le=100_000, description="API: the board holds so many stations, the worst of all"
    )
    tiles_url: str = Field(
        default="",
        pattern=r"^$|^https?://[^\s\"';,/]+/[^\s\"';,]*$",
        description="API: map tiles of the board, `https://host/{z}/{x}/{y}.png`; unset: coast lines of its own",
    )
    chargers_url: str = Field(
        default="",
        pattern=r"^$|^wss?://[^\s\"'<>]+/$",
        description="API: where chargers connect, as the board tells it: `wss://ocpp.example.org/`; unset: the board's "
        "own host at `GATEWAY_PORT`",
    )

    public_status: bool = Field(
        default=False,
        description="API: anybody may see a station (name, address, plugs) at `/status/{station_id}`, without a token",
    )
    public_status_per_minute: int = Field(
        default=120,
        ge=0,
        description="API: how often an address (IPv6: a /64) may ask for that at each API process; 0: no limit",
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="least level logged")
    log_format: Literal["json", "text"] = Field(default="json", description="log lines for machines or for people")

    @field_validator("read_token", "admin_token", "metrics_token", "cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(one for part in value.replace("\n", ",").split(",") if (one := part.strip()))
        return value

    @field_validator("read_token", "admin_token", "metrics_token")
    @classmethod
    def _strong(cls, given: Tokens) -> Tokens:
        if not all(tokens.SECRET.fullmatch(one.get_secret_value()) for one in given):
            raise ValueError(
                f"a token has at least {tokens.SHORTEST} characters, printable ASCII without spaces: "
                "make one with `openssl rand -hex 24`"
            )
        return given

    @property
    def listen_dsn(self) -> str:
        """Where LISTEN works: the direct URL when there is one."""
        return (self.database_direct_url or self.database_url).get_secret_value()

    def shown(self) -> dict[str, Any]:
        """The settings in force, secrets masked, for the log at start."""
        return self.model_dump(mode="json")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment.

    Raises:
        SystemExit: one is missing or wrong; the message names the variable and what it wants.
    """
    given = os.environ if environment is None else environment
    values: dict[str, str] = {}
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        if given.get(variable):
            values[name] = given[variable]
        elif name.upper() in SECRETS and (path := given.get(f"{variable}_FILE")):
            values[name] = _content(variable, path)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        wrong = [
            f"  {PREFIX}{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
        ]
        raise SystemExit("settings that cannot be used (see docs/configuration.md):\n" + "\n".join(wrong)) from None


def _content(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SystemExit(f"{variable}_FILE: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SystemExit(f"{variable}_FILE: {path} is no UTF-8 text: write the secret as plain ASCII") from None
