"""``python -m tools.import_inventory``: files from the command line."""

import asyncio
import subprocess
import sys
from pathlib import Path

from local.ports import free_port
from shared.http.server import serving
from tests.integration.api.bulk.files import HEADER, exported
from tests.integration.api.served import ADMIN, READ, Api

ROOT = Path(__file__).parents[4]


async def run(api: Api, *arguments: str, token: str = ADMIN) -> tuple[int, str]:
    """The program's exit status and what it says, the API being served on a port."""
    port = free_port()
    async with serving(api.app, "127.0.0.1", port):
        program = await asyncio.create_subprocess_exec(
            "env",
            f"PLUGWATCH_ADMIN_TOKEN={token}",
            sys.executable,
            "-m",
            "tools.import_inventory",
            "--api",
            f"http://127.0.0.1:{port}",
            *arguments,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(program.communicate(), 60)
    return program.returncode or 0, said.decode()


async def test_a_file_is_imported_from_the_command_line_in_parts(api: Api, tmp_path: Path) -> None:
    lines = [f'S{n % 3},"N{n % 3}, {n % 3}",,,,,CP{n},,' for n in range(2500)]
    lines[1700] = "S1,,,91,1,,CP1700,,"
    file = tmp_path / "inventory.csv"
    file.write_text("\n".join((HEADER, *lines)))
    status, said = await run(api, "--dry-run", str(file))
    assert (status, said.splitlines()[-1]) == (1, "would be: 2499 created, 0 updated, 0 unchanged, 1 error")
    assert await api.pool.fetchval("SELECT count(*) FROM charge_points") == 0
    status, said = await run(api, str(file))
    assert status == 1
    assert said.splitlines() == [
        "line 1702 (CP1700): latitude: Input should be less than or equal to 90",
        "2499 created, 0 updated, 0 unchanged, 1 error",
    ]
    file = tmp_path / "inventory.jsonl"
    file.write_text(await exported(api, "jsonl"))
    assert await run(api, str(file)) == (0, "0 created, 0 updated, 2499 unchanged, 0 error\n")


async def test_an_import_that_cannot_be_done_says_why(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "inventory.csv"
    file.write_text("station_id,colour\nS1,red\n")
    for arguments, token, expected in (
        ([str(file)], ADMIN, "422: correct header"),
        ([str(file)], READ, "403: "),
        ([str(tmp_path / "missing.csv")], ADMIN, "No such file"),
        ([str(tmp_path / "inventory.xls")], ADMIN, "name it .csv"),
        ([str(file), "--api", f"http://127.0.0.1:{free_port()}"], ADMIN, "did not answer"),
        ([str(file), "--api", "file:///etc"], ADMIN, "begins with http"),
    ):
        status, said = await run(api, *arguments, token=token)
        assert (status, expected in said) == (2, True), said
