"""The clients of docs/api.md, run as they stand against a real server."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest

from shared.http.server import serving
from tests.integration.api.served import ADMIN, Api

GUIDE = (Path(__file__).parents[4] / "docs/api.md").read_text()


def client(language: str, number: int = 0) -> str:
    """The block of this language in the guide, the first if no ``number`` is given."""
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert len(found) > number, f"the guide has no such client in {language}"
    return found[number]


async def run(command: list[str], port: int, *, until: str | None = None) -> str:
    """What the client prints, until it ends or has printed that word."""
    given = ["env", f"PLUGWATCH=http://127.0.0.1:{port}", f"TOKEN={ADMIN}"]
    process = await asyncio.create_subprocess_exec(*given, *command, stdout=PIPE, stderr=STDOUT)
    assert process.stdout is not None
    printed = ""
    try:
        async with asyncio.timeout(20):
            while line := await process.stdout.readline():
                printed += line.decode()
                if until and until in printed:
                    return printed
            assert await process.wait() == 0, printed
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return printed


async def test_curl_makes_a_station_lists_and_follows(api: Api) -> None:
    async with api.stream.running(), serving(api.app, "127.0.0.1", 0) as port:
        following = asyncio.create_task(run(["bash", "-euc", client("sh")], port, until="event: station"))
        while not (await api.client.get("/v1/stations/alex")).is_success:
            assert not following.done(), following.result()
            await asyncio.sleep(0.05)
        while not following.done():  # whatever time curl takes to follow
            await api.client.patch("/v1/stations/alex", json={"name": f"Alexanderplatz {os.urandom(2).hex()}"})
            await asyncio.sleep(0.1)
        assert '"id":"alex"' in await following


async def test_curl_lets_in_a_charger_that_was_refused(api: Api) -> None:
    await api.station("alex")
    await api.pool.execute("INSERT INTO unknown_charge_points (folded_id, id, status) VALUES ('cp9', 'CP9', 404)")
    async with serving(api.app, "127.0.0.1", 0) as port:
        assert '"password":' in await run(["bash", "-euc", client("sh", 1)], port)
    assert (await api.client.get("/v1/charge-points/CP9")).json()["station_id"] == "alex"


async def test_curl_takes_a_station_out_of_service(api: Api) -> None:
    await api.station("alex", "CP1")
    async with serving(api.app, "127.0.0.1", 0) as port:
        assert '"result":"Waiting"' in await run(["bash", "-euc", client("sh", 2)], port)
    assert (await api.client.get("/v1/charge-points/CP1")).json()["operative"] is False


async def test_curl_tells_what_happened_last_night(api: Api) -> None:
    await api.station("alex", "CP1")
    async with serving(api.app, "127.0.0.1", 0) as port:
        printed = await run(["bash", "-euc", client("sh", 3)], port)
    assert printed.count('{"items":') == 3
    assert '"type"' not in printed


async def test_python_reads_every_page_and_renames_a_station(api: Api) -> None:
    await api.station("alex", "CP1")
    async with serving(api.app, "127.0.0.1", 0) as port:
        assert await run([sys.executable, "-c", client("python")], port) == "200\n"
    assert (await api.client.get("/v1/stations/alex")).json()["name"] == "Alex P2"


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not here; in CI `make check` fails without it")
async def test_javascript_follows_the_changes(api: Api, tmp_path: Path) -> None:
    (tmp_path / "follow.mjs").write_text(client("js"))
    await api.station("alex", "CP1")
    async with api.stream.running(), serving(api.app, "127.0.0.1", 0) as port:
        following = asyncio.create_task(run(["node", str(tmp_path / "follow.mjs")], port, until="station alex"))
        while not following.done():
            await api.client.patch("/v1/stations/alex", json={"name": f"Alexanderplatz {os.urandom(2).hex()}"})
            await asyncio.sleep(0.1)
        assert "station alex" in await following
