"""GET /v1/stats: the network in numbers."""

import asyncio
from collections.abc import Callable

import msgspec

from api.history import answers
from tests.integration.api.served import Api


async def test_everything_alive_is_counted_once(build: Callable[..., Api]) -> None:
    now = 0.0
    api = build(clock=lambda: now)
    await api.station("S1", "CP1", "CP2")
    await api.station("S2", "CP3")
    await api.station("S3", "CP4")
    await api.client.delete("/v1/stations/S3")
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
    await api.rolled_up("CP2", "AVAILABLE", connectivity="OFFLINE")
    stats = (await api.client.get("/v1/stats")).json()
    msgspec.convert(stats, answers.StatsDocument)
    zeros = dict.fromkeys(("AVAILABLE", "OCCUPIED", "RESERVED", "UNAVAILABLE", "FAULTED", "UNKNOWN"), 0)
    plugs = {"total": 3, "status": zeros | {"AVAILABLE": 2, "FAULTED": 1}}
    assert stats == {
        "stations": {
            "total": 2,
            "status": zeros | {"AVAILABLE": 1, "UNKNOWN": 1},
            "health": {"OK": 0, "DEGRADED": 1, "DOWN": 0, "UNKNOWN": 1},
        },
        "charge_points": {
            "total": 3,
            "status": zeros | {"AVAILABLE": 2, "UNKNOWN": 1},
            "health": {"OK": 1, "DEGRADED": 1, "DOWN": 0, "UNKNOWN": 1},
            "connectivity": {"ONLINE": 1, "OFFLINE": 1, "NEVER": 1},
        },
        "evses": plugs,
        "connectors": plugs,
    }


async def test_the_numbers_are_a_second_old_at_most(build: Callable[..., Api]) -> None:
    now = 0.0
    api = build(clock=lambda: now)
    before = await asyncio.gather(*(api.client.get("/v1/stats") for _ in range(20)))
    assert {answer.json()["stations"]["total"] for answer in before} == {0}
    await api.station("S1")
    now = 0.9
    assert (await api.client.get("/v1/stats")).json()["stations"]["total"] == 0
    now = 1.0
    assert (await api.client.get("/v1/stats")).json()["stations"]["total"] == 1
