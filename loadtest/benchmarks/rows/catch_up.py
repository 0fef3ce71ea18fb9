"""A backlog of a million events: the rollup beside a bare loop that consumes, decodes and writes the same columns.

A thousand charge points of one plug in stations of four, each event a change. Both read the same topic of the same
broker from its beginning into the same Postgres, one after the other. The figures are those of each tenth of the
backlog after the first, so that starting is not in them.
"""

import asyncio
import time
from itertools import count

import asyncpg
from confluent_kafka import Producer

from loadtest.benchmarks.clients.crowd import named
from loadtest.benchmarks.row import Goal, Rounds, Row, quotient
from loadtest.benchmarks.rows.rivals import APART
from loadtest.servers.child import process
from loadtest.servers.cpu import Meter
from loadtest.servers.inventory import imported, in_stations
from loadtest.servers.log import applied
from loadtest.servers.system import TOPIC, broker, partitions, system

TITLE = "A backlog caught up"
BASELINE = """`copy_loop`: aiokafka, a decoder of msgspec, COPY and set-based upserts of the same columns into tables \
with the same indexes. It applies no rule, checks no order, locks nothing, makes no document, publishes nothing."""
GOALS = (
    Goal("events a second, beside the bare loop", "ratio", 0.5, kind="at least"),
    Goal("CPU an event, the bare loop's ÷ ours", "cpu_ratio", 0.5, kind="at least"),
)
EVENTS, CHARGERS = 1_000_000, 1_000
MOST_IN_MEMORY = 40_000  #: librdkafka's broker keeps 5 MB a partition
TENTHS = 10
PATIENCE_S = 600
_WORDS = ("Available", "Preparing", "Charging", "Finishing")
_BARE = """
    CREATE SCHEMA bare;
    CREATE TABLE bare.stations (LIKE stations INCLUDING ALL EXCLUDING IDENTITY EXCLUDING GENERATED)
        WITH (fillfactor = 80);
    CREATE TABLE bare.charge_points (LIKE charge_points INCLUDING ALL EXCLUDING IDENTITY EXCLUDING GENERATED)
        WITH (fillfactor = 70);
    CREATE TABLE bare.reports (LIKE reports INCLUDING ALL) WITH (fillfactor = 80);
    CREATE TABLE bare.history (LIKE history INCLUDING ALL);
    CREATE TABLE bare.log_positions (LIKE log_positions INCLUDING ALL);
    INSERT INTO bare.stations SELECT * FROM stations;
    INSERT INTO bare.charge_points SELECT * FROM charge_points;
    INSERT INTO gateways (id, expires_at) VALUES ('bench', now() + interval '1 day')
"""

_HISTORY_BYTES = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'history'::regclass"


async def catch_up(*, quick: bool, events: int | None = None) -> Row:
    """The row."""
    wanted = events or (20_000 if quick else EVENTS)
    n = wanted if broker() == "kafka" else min(wanted, MOST_IN_MEMORY)
    short = [f"{n} events in the place of {wanted}: librdkafka's broker holds no more"] if n < wanted else []
    figures = Rounds()
    async with system(("rollup", "api")) as ours:
        imported(ours.api_port, ours.token, in_stations(named(CHARGERS)))
        ours.services["rollup"].stop()
        database = await asyncpg.connect(ours.stack.database_url)
        await database.execute(_BARE)
        keys = {row[0]: row[1] for row in await database.fetch("SELECT id, key FROM charge_points")}
        await asyncio.to_thread(_produce, ours.stack.kafka_bootstrap_servers, keys, n)
        stack = ours.stack
        loop = ("loadtest.baselines.copy_loop", stack.kafka_bootstrap_servers, TOPIC, stack.database_url)
        with process(*loop) as bare:
            pids = {"loop": bare.pid, "postgres": ours.pids["postgres"], "broker": ours.pids["broker"]}
            await _tenths(figures, "bare", Meter(pids), database, "bare.", n)
        await database.execute("CHECKPOINT")
        ours.services["rollup"].spawn()
        await _tenths(figures, "ours", Meter(ours.pids), database, "", n)
        figures.add("history_bytes_each", await database.fetchval(_HISTORY_BYTES) / n)
        await database.close()
    spread = figures.spread
    spread["ratio"] = quotient(spread["ours.per_s"], spread["bare.per_s"])
    spread["cpu_ratio"] = quotient(spread["bare.all_us"], spread["ours.all_us"])
    settings = {"events": n, "charge_points": CHARGERS, "broker": broker()}
    return Row(settings, spread, GOALS, short)


def _produce(servers: str, keys: dict[str, int], events: int) -> None:
    """A session of each charge point, then their statuses in turn, as a gateway publishes them; the last are now's."""
    options = {"bootstrap.servers": servers, "linger.ms": 20, "batch.size": 500_000, "log_level": 0}
    producer = Producer(options)
    epoch = time.time_ns() // 1_000_000
    first, n = epoch - events // 2, len(keys)  # 2,000 a second
    who = [
        (id_.encode(), number % partitions(), f'"charge_point_id":"{id_}","charge_point_key":{key},"epoch":{epoch}')
        for number, (id_, key) in enumerate(sorted(keys.items()))
    ]
    for i in range(events):
        id_, partition, name = who[i % n]
        sequence, at = i // n, first + i // 2
        head = f'"v":1,{name},"sequence":{sequence},"received_at":{at},"gateway_id":"bench","protocol":"ocpp1.6"'
        if sequence == 0:
            value = '{"kind":"session_began",' + head + "}"
        else:
            status = f'"evse_id":1,"connector_id":1,"reported":"{_WORDS[sequence % 4]}","error_code":"NoError"'
            value = f'{{"kind":"status_reported",{head},{status},"reported_at":{at}}}'
        while True:
            try:
                producer.produce(TOPIC, value.encode(), id_, partition)
                break
            except BufferError:
                producer.poll(0.1)
        if i % 1_000 == 0:
            producer.poll(0)
    if producer.flush(120):
        raise TimeoutError("the broker does not take the backlog")


async def _tenths(
    figures: Rounds, name: str, meter: Meter, database: "asyncpg.Connection[asyncpg.Record]", schema: str, events: int
) -> None:
    """Figures of each tenth but the first, by the positions in ``schema``."""
    began = before = done = 0.0
    used: dict[str, float] = {}
    async with asyncio.timeout(PATIENCE_S):
        for tenth in count(1):
            while done < events * tenth / TENTHS:
                await asyncio.sleep(0.01)
                done = await applied(database, schema)
            now, spent = time.perf_counter(), meter.used_s()
            if used and done > before:
                some = done - before
                figures.add(f"{name}.per_s", some / (now - began))
                each = {part: (spent[part] - used[part]) / some * 1e6 for part in spent}
                each["all"] = sum(cost for part, cost in each.items() if part not in APART)
                figures.add_all({f"{name}.{part}_us": cost for part, cost in each.items()})
            began, before, used = now, done, spent
            if done >= events:
                return
