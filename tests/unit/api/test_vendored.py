"""What browsers are served of other people: as it was vendored, licensed to be shipped, told of in NOTICE."""

import hashlib
import json
from pathlib import Path

import pytest

from api.board.codes import LIVES_S, MOST, Codes

API = Path(__file__).parents[3] / "api"
LOCK = Path(__file__).parents[2] / "board" / "package-lock.json"
LICENCES = {"MIT", "Apache-2.0", "BSD-2-Clause", "ISC"}


@pytest.mark.parametrize("room", ["board", "reference"])
def test_every_vendored_file_is_the_one_that_was_vendored(room: str) -> None:
    folder = API / room / "page" / "vendor"
    vendored = json.loads((folder / "vendored.json").read_text())
    locked = json.loads(LOCK.read_text())["packages"]
    notice = (folder / "NOTICE.txt").read_text()
    for one in vendored:
        assert hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest() == one["sha256"], one["file"]
        assert one["licence"] in LICENCES, one
        assert locked[f"node_modules/{one['package']}"]["version"] == one["version"], "make vendor"
        assert f"{one['package']} {one['version']} ({one['licence']})" in notice
    known = {one["file"] for one in vendored} | {"vendored.json", "NOTICE.txt"}
    assert {path.name for path in folder.iterdir() if not path.name.endswith(".d.ts")} == known


def test_the_oldest_code_gives_way_and_none_lives_for_ever() -> None:
    now = 0.0
    codes = Codes(lambda: now)
    made = [codes.made(f"token-{number}") for number in range(MOST + 1)]
    assert codes.exchanged(made[0]) is None
    assert codes.exchanged(made[1]) == "token-1"
    now = LIVES_S
    assert codes.exchanged(made[2]) is None
