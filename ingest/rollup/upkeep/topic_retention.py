"""How long the topic keeps its records, as the broker tells it: a lag that nears this loses records unread.

A broker that does not tell leaves the gauge out. A topic may also be bounded in bytes (``retention.bytes``); how soon
that drops a record, no broker tells.
"""

import asyncio
import logging
import math

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from ingest.rollup.log.administrator import administrator
from ingest.rollup.metrics import Metrics, Values

log = logging.getLogger("plugwatch.rollup.topic_retention")

EVERY_S = 60
AGAIN_S = 5  #: after no answer: the broker may still be starting, the topic be new
WITHIN_S = 15
_SETTING = "retention.ms"


class TopicRetention:
    """Asks for the retention of one topic, and remembers the last answer."""

    def __init__(self, *, servers: str, topic: str, metrics: Metrics) -> None:
        self._servers = servers
        self._topic = topic
        self._known: Values = {}
        metrics.retention_s.set_function(lambda: self._known)

    async def run(self) -> None:
        """Asks until cancelled; what changed is logged."""
        while True:
            known: Values = {}
            try:
                known = {(): await self._asked()}
            except (KafkaError, OSError, TimeoutError, LookupError) as error:
                if self._known:
                    log.warning(
                        "the broker does not tell the topic's retention any more: watch the lag yourself meanwhile",
                        extra={"topic": self._topic, "error": repr(error)},
                    )
            if known and known != self._known:
                log.info("the topic's retention", extra={"topic": self._topic, "seconds": known[()]})
            self._known = known
            await asyncio.sleep(EVERY_S if known else AGAIN_S)

    async def _asked(self) -> float:
        """In seconds; inf for a topic that keeps everything."""
        wanted = ConfigResource(ConfigResourceType.TOPIC, self._topic, {_SETTING: None})
        async with asyncio.timeout(WITHIN_S), administrator(self._servers) as admin:
            answers = await admin.describe_configs([wanted])
        found = {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
        ms = int(found[_SETTING])
        return math.inf if ms < 0 else ms / 1000
