"""The aiokafka that is installed is one whose insides we know; another one ends the process, and says what to do."""

import importlib
import sys

import aiokafka
import pytest

from ingest import aiokafka_internals
from ingest.aiokafka_internals import verify


def test_the_one_that_is_installed_is_known() -> None:
    verify()


@pytest.mark.parametrize("version", ["0.13.9", "0.15.0", "1.0"])
def test_another_release_ends_the_process_and_says_what_to_do(version: str) -> None:
    with pytest.raises(SystemExit, match=f"aiokafka {version} is installed.*requirements/ingest.txt"):
        verify(version)


@pytest.mark.parametrize("table", ["_MODULES", "_PRODUCER"])
def test_what_is_not_there_any_more_is_named(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    gone = {"_MODULES": ("aiokafka.consumer.fetcher", "Gone"), "_PRODUCER": "_sender.gone"}[table]
    monkeypatch.setattr(aiokafka_internals, table, (gone,))
    with pytest.raises(SystemExit, match=r"has no .*(fetcher\.Gone|_sender\.gone)"):
        verify(aiokafka.__version__)


@pytest.mark.parametrize("process", ["__main__", "redrive.redrive", "redrive.skip"])
def test_whoever_reads_the_log_looks_before_it_starts(monkeypatch: pytest.MonkeyPatch, process: str) -> None:
    monkeypatch.setattr(aiokafka_internals, "READ_IN", "0.13.")
    monkeypatch.setattr(sys, "argv", ["x", "0", "0"] if process == "redrive.skip" else ["x"])
    with pytest.raises(SystemExit, match="aiokafka"):
        importlib.import_module(f"ingest.rollup.{process}").main()
