"""What a Redis writes and reads on disk is its own, and not of whoever started it where."""

from pathlib import Path

import pytest
import redis

from local.servers.redis import Redis


def test_neither_reads_nor_writes_a_dump_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    data.mkdir()
    (here / "dump.rdb").write_bytes(b"")
    monkeypatch.chdir(here)
    with Redis(data) as server, redis.Redis.from_url(server.url) as client:
        client.save()
    assert (here / "dump.rdb").read_bytes() == b""
