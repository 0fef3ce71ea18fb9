"""The last frames of a charge point that is traced: a capped list in Redis, which forgets it by itself.

Gateways push, masked already; the API reads. Losing a list loses nothing but the list.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from .redis_client import answering

MAX_S = 3600  #: a trace ends by itself
KEPT_S = 3600  #: after the last frame
FRAMES = 200  #: the newest are kept
FRAME_BYTES = 4096

Direction = Literal["in", "out"]


class Traced(Struct, frozen=True):
    """A frame as it is shown: from the charger (``in``) or to it (``out``)."""

    at: str
    direction: Direction
    frame: str


def key(charge_point_key: int) -> str:
    """Where the frames of a charge point lie, newest first."""
    return f"plugwatch:trace:{charge_point_key}"


async def push(redis: Redis, frames: Mapping[int, Sequence[Traced]]) -> None:
    """Appends frames, oldest first, by charge point.

    Raises:
        one of ``hot.AWAY``.
    """
    async with answering(), redis.pipeline(transaction=False) as pipeline:
        for charge_point_key, traced in frames.items():
            place = key(charge_point_key)
            pipeline.lpush(place, *(msgspec.json.encode(one) for one in traced[-FRAMES:]))
            pipeline.ltrim(place, 0, FRAMES - 1)
            pipeline.expire(place, KEPT_S)
        await pipeline.execute()


async def newest(redis: Redis, charge_point_key: int) -> list[bytes]:
    """The frames of a charge point as JSON, newest first.

    Raises:
        one of ``hot.AWAY``.
    """
    async with answering():
        return cast("list[bytes]", await redis.lrange(key(charge_point_key), 0, FRAMES - 1))
