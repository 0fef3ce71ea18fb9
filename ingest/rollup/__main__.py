"""Composition root of the rollup: ``python -m ingest.rollup``."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping

import uvloop

from ingest import aiokafka_internals
from ingest.rollup.copy.fences import Fences
from ingest.rollup.copy.freshness import Freshness
from ingest.rollup.copy.publication import Publication
from ingest.rollup.fold.fold import Policy
from ingest.rollup.log.consumer import Consumer
from ingest.rollup.log.quarantine import Quarantine, quarantining
from ingest.rollup.log.senders import Senders
from ingest.rollup.metrics import Metrics
from ingest.rollup.state.flags import Flags
from ingest.rollup.state.liveness import Liveness
from ingest.rollup.state.places import ANSWER_S, REPORT_S, Places
from ingest.rollup.state.store import Store
from ingest.rollup.upkeep.fleet_gauges import FleetGauges
from ingest.rollup.upkeep.history_months import HistoryMonths
from ingest.rollup.upkeep.series_minutes import SeriesMinutes
from ingest.rollup.upkeep.topic_retention import TopicRetention
from shared.http.server import serving
from shared.process import admin, logs, settings
from shared.process.settings import Settings
from shared.stores import hot, postgres, redis_client

log = logging.getLogger("plugwatch.rollup")

PARTING_S = 3  #: so long is waited for what is being written


def main() -> None:
    """Settings in, signals handled, exit 0 after a clean stop."""
    aiokafka_internals.verify()
    given = settings.load()
    logs.configure("rollup", given.log_level, given.log_format)
    log.info("starting", extra={"settings": given.shown()})
    admin.run(serve(given), uvloop.new_event_loop)


async def serve(given: Settings) -> None:
    """Runs the rollup until SIGTERM or SIGINT."""
    stop, started = asyncio.Event(), asyncio.Event()
    admin.on_signal(stop, started)
    prometheus = admin.metrics_registry()
    metrics = Metrics(prometheus)
    policy = Policy(close_grace_ms=int(given.close_grace_s * 1000), connector0_mode=given.connector0_mode)

    def clock() -> int:
        return time.time_ns() // 1_000_000

    async with (
        redis_client.client(given.redis_url.get_secret_value()) as redis,
        postgres.pool(
            given.database_url.get_secret_value(),
            size=given.database_pool_size,
            name="plugwatch-rollup",
            plan_cache_mode="force_generic_plan",  # of few rows, whichever: to plan costs more than to find them
        ) as pool,
    ):
        hot_copy = hot.HotCopy(redis, stream_length=given.stream_length, stream_bytes=given.stream_bytes)
        store = Store(pool, topic=given.topic, metrics=metrics)
        publication = Publication(pool, hot_copy, metrics)
        fences = Fences(redis)
        quarantine = Quarantine(
            servers=given.kafka_bootstrap_servers,
            topic=given.dead_letter_topic,
            senders=Senders(pool, topic=given.topic, limit=given.dead_letter_limit),
            metrics=metrics,
        )
        consumer = Consumer(
            servers=given.kafka_bootstrap_servers,
            topic=given.topic,
            group=given.consumer_group,
            session_timeout_s=given.session_timeout_s,
            batch_records=given.batch_records,
            policy=policy,
            store=store,
            publication=publication,
            quarantine=quarantine,
            send_fence=fences.send,
            metrics=metrics,
            clock=clock,
        )
        series_minutes = SeriesMinutes(pool, lambda: consumer.lag_s if consumer.partitions else consumer.behind_s)
        freshness = Freshness(hot_copy, publication, metrics, lambda: consumer.behind_s)
        liveness = Liveness(
            pool,
            store,
            consumer,
            publication,
            metrics,
            policy=policy,
            lease_s=given.lease_s,
            max_lag_s=given.offline_max_lag_s,
            clock=clock,
        )

        places = Places(
            pool,
            store,
            consumer,
            publication,
            metrics,
            policy=policy,
            clock=clock,
            unreported_s=given.status_settle_s + REPORT_S + ANSWER_S,
        )

        flags = Flags(
            pool,
            store,
            consumer,
            publication,
            metrics,
            clock=clock,
            changes=given.flapping_changes,
            stuck_s=given.stuck_s,
            asked_s=given.status_settle_s + REPORT_S + ANSWER_S,
        )

        async def readiness() -> tuple[bool, Mapping[str, str]]:
            answers = await admin.probed(
                {"postgres": lambda: postgres.answers(pool), "redis": hot_copy.takes_writes, "kafka": consumer.answers}
            )
            answers["positions"] = consumer.moves
            ready = answers["postgres"] and answers["kafka"] and answers["positions"] and not stop.is_set()
            return ready, {name: "ok" if answer else "unavailable" for name, answer in answers.items()}

        application = admin.application(readiness, prometheus, given.metrics_token, given.trusted_proxies)
        async with (
            serving(application, given.host, given.rollup_admin_port),
            quarantining(quarantine),
            asyncio.TaskGroup() as group,
        ):
            admin.spare_the_collector()
            started.set()
            tasks = [
                group.create_task(work, name=name)
                for name, work in {
                    "consumer": consumer.run(),
                    "liveness": liveness.run(),
                    "places": places.run(),
                    "flags": flags.run(),
                    "publication": publication.run(),
                    "freshness": freshness.run(),
                    "history months": HistoryMonths(pool, retention_days=given.history_retention_days).run(),
                    "series minutes": series_minutes.run(),
                    "fences": fences.run(),
                    "fleet gauges": FleetGauges(pool, consumer, metrics, clock=clock).run(),
                    "topic retention": TopicRetention(
                        servers=given.kafka_bootstrap_servers, topic=given.topic, metrics=metrics
                    ).run(),
                }.items()
            ]
            await stop.wait()
            log.info("stopping")
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=PARTING_S)
            with contextlib.suppress(*postgres.AWAY):
                await publication.forget()
                await freshness.part()
    log.info("stopped")


if __name__ == "__main__":
    main()
