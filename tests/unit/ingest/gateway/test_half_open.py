"""Sockets without a handshake: bounded, the oldest goes, and one line in the log."""

import logging

import pytest
from prometheus_client import CollectorRegistry

from ingest.gateway.handshake.half_open import SAID_EVERY_S, HalfOpen
from ingest.gateway.metrics import Metrics


class Silent:
    """A socket."""

    is_cut_off = False

    def abort(self) -> None:
        self.is_cut_off = True


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def half_open(registry: CollectorRegistry) -> HalfOpen:
    return HalfOpen(100, Metrics(registry))


def test_the_oldest_goes_when_there_are_too_many(half_open: HalfOpen, registry: CollectorRegistry) -> None:
    sockets = [Silent() for _ in range(250)]
    for socket in sockets:
        half_open.add(socket, 0)
    assert [socket.is_cut_off for socket in sockets] == [True] * 150 + [False] * 100
    assert registry.get_sample_value("plugwatch_gateway_half_open") == 100
    assert registry.get_sample_value("plugwatch_gateway_half_open_cut_off_total") == 150


def test_who_sent_a_handshake_takes_no_place(half_open: HalfOpen) -> None:
    patient = Silent()
    half_open.add(patient, 0)
    for _ in range(500):
        quick = Silent()
        half_open.add(quick, 0)
        half_open.discard(quick)
        half_open.discard(quick)
    assert not patient.is_cut_off


def test_it_says_so_once_a_minute(half_open: HalfOpen, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for n in range(1_000):
            half_open.add(Silent(), n * SAID_EVERY_S / 1_000)
        assert len(caplog.records) == 1
        half_open.add(Silent(), 2 * SAID_EVERY_S)
        assert len(caplog.records) == 2
