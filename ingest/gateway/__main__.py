"""Composition root of the gateway: ``python -m ingest.gateway``."""

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping

import uvloop

from ingest import aiokafka_internals
from ingest.gateway.commands.channel import Channel
from ingest.gateway.handshake.admission import Admission
from ingest.gateway.handshake.claims import Claims
from ingest.gateway.handshake.inbox import Inbox
from ingest.gateway.inventory.places import PlaceLookups
from ingest.gateway.inventory.registry import Registry
from ingest.gateway.lease import Lease
from ingest.gateway.limits import Limits
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.producers import Producers
from ingest.gateway.publishing.publisher import Publisher, publishing
from ingest.gateway.server import Server
from ingest.gateway.trace import Trace
from ingest.ocpp.session import Policy
from shared.http.server import serving
from shared.process import admin, logs, settings
from shared.process.settings import Settings
from shared.stores import hot, postgres, redis_client

log = logging.getLogger("plugwatch.gateway")

FLUSH_S = 10


def main() -> None:
    """Settings in, signals handled, exit 0 after a clean stop."""
    aiokafka_internals.verify()
    given = settings.load()
    logs.configure("gateway", given.log_level, given.log_format)
    log.info("starting", extra={"settings": given.shown()})
    admin.raise_file_limit()
    admin.run(serve(given), uvloop.new_event_loop)


async def serve(given: Settings) -> None:
    """Runs the gateway until SIGTERM or SIGINT."""
    stop, started = asyncio.Event(), asyncio.Event()
    admin.on_signal(stop, started)
    prometheus = admin.metrics_registry()
    metrics = Metrics(prometheus)
    # An incarnation of its own: a name that is used again must not keep the sessions of the dead alive.
    gateway_id = f"{given.gateway_id}.{secrets.token_hex(4)}"
    redis = redis_client.client(given.redis_url.get_secret_value())
    producers = Producers(servers=given.kafka_bootstrap_servers, client_id=gateway_id)
    publisher = Publisher(producers, topic=given.topic, metrics=metrics)

    async def readiness() -> tuple[bool, Mapping[str, str]]:
        answers = await admin.probed({"kafka": publisher.answers, "redis": hot_answers, "postgres": postgres_answers})
        kafka = answers["kafka"] or (0 < publisher.stalled_s < given.ack_deadline_s)
        ready = started.is_set() and not stop.is_set() and kafka
        named = {name: "ok" if answer else "unavailable" for name, answer in answers.items()}
        state = "stopping" if stop.is_set() else "ok" if started.is_set() else "starting"
        return ready, {"gateway": state, **named}

    async with postgres.pool(
        given.database_url.get_secret_value(), size=given.database_pool_size, name="plugwatch-gateway"
    ) as pool:
        hot_answers = hot.HotCopy(redis, stream_length=given.stream_length).takes_writes

        async def postgres_answers() -> bool:
            return await postgres.answers(pool)

        application = admin.application(readiness, prometheus, given.metrics_token, given.trusted_proxies)
        async with serving(application, given.host, given.gateway_admin_port):
            registry = Registry(pool, listen_dsn=given.listen_dsn, open_registration=given.registration == "open")
            lease = Lease(pool, gateway_id=gateway_id, lease_s=given.lease_s, metrics=metrics)
            claims = Claims(redis, gateway_id=gateway_id)
            channel = Channel(redis, gateway_id=gateway_id)
            inbox = Inbox(pool)
            places = PlaceLookups(pool)
            server = Server(
                gateway_id=gateway_id,
                admission=Admission(
                    registry,
                    inbox,
                    require_password=given.require_password,
                    refusals_per_minute=given.failed_handshakes_per_minute,
                    refusals_per_id=given.failed_handshakes_per_id,
                    trusted_proxies=given.trusted_proxies,
                    checked=lambda how: metrics.password_checks.labels(how).inc(),
                ),
                claims=claims,
                publisher=publisher,
                places=places,
                metrics=metrics,
                policy=Policy(
                    heartbeat_interval_s=given.heartbeat_interval_s,
                    authorize=given.authorize,
                    strict=given.strict_validation,
                ),
                clock=lambda: time.time_ns() // 1_000_000,
                limits=Limits(
                    silence_s=given.heartbeat_interval_s * given.offline_after_intervals,
                    ping_interval_s=given.ping_interval_s,
                    ack_deadline_s=given.ack_deadline_s,
                    handshake_timeout_s=given.handshake_timeout_s,
                    max_message_bytes=given.max_message_bytes,
                    max_pending=given.max_pending_events,
                    max_half_open=min(given.max_half_open, admin.file_limit() // 4),
                    frames_per_second=given.frames_per_second,
                    flood_timeout_s=given.flood_timeout_s,
                    settle_s=given.status_settle_s,
                    answer_s=given.command_answer_s,
                ),
                compression=given.compression,
            )
            registry.on_change = server.inventory_changed
            trace = Trace(redis, server.clock, server.faults)
            server.trace = trace.add
            server.is_leased = lambda: lease.is_held
            metrics.registry_size.set_function(lambda: len(registry))
            metrics.without_password.set_function(lambda: registry.without_password)
            await _until_postgres_answers(registry, lease)
            async with publishing(publisher), asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(registry.listen(), name="registry-listen"),
                    group.create_task(registry.follow(), name="registry"),
                    group.create_task(channel.run(server.fenced, server.asked), name="channel"),
                    group.create_task(inbox.run(), name="inbox"),
                    group.create_task(places.run(), name="places"),
                    group.create_task(trace.run(), name="trace"),
                    group.create_task(lease.run(server.announce_all), name="lease"),
                ]
                async with server.serving(given.host, given.gateway_port) as port:
                    admin.spare_the_collector(young=10_000)  # 2 ms: chargers wait meanwhile
                    started.set()
                    log.info(
                        "chargers may connect",
                        extra={"gateway_id": gateway_id, "port": port, "charge_points": len(registry)},
                    )
                    await stop.wait()
                    log.info("stopping: closing the sockets")
                    await server.drain(given.drain_s)
                if not await publisher.flush(FLUSH_S):
                    log.warning("stopping with unacknowledged events", extra={"frames": publisher.pending})
                await lease.give_up()
                while left := [task for task in tasks if not task.done()]:
                    for task in left:
                        task.cancel()  # again, if a connection that hung in its release swallowed it
                    await asyncio.wait(left, timeout=1)
    await redis.aclose()
    log.info("stopped")


async def _until_postgres_answers(registry: Registry, lease: Lease) -> None:
    while True:
        try:
            await registry.load()
            await lease.renew()
            return
        except postgres.AWAY as error:
            log.warning(
                "Postgres does not answer; trying again. Check PLUGWATCH_DATABASE_URL", extra={"error": repr(error)}
            )
            await asyncio.sleep(1)


if __name__ == "__main__":
    main()
