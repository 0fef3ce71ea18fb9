"""Every page is found from the README, and every link of a page leads somewhere: to a file, and to a heading in it."""

import hashlib
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    ROOT / name
    for name in subprocess.check_output(["git", "ls-files", "*.md"], cwd=ROOT, text=True).splitlines()
    if name != ".github/PULL_REQUEST_TEMPLATE.md"
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.M | re.S)
IN_THE_REPOSITORY = "https://github.com/plugwatch/plugwatch/blob/main/"
LINES = 150


def links(page: Path) -> set[str]:
    """What a page links to, code apart."""
    return set(LINK.findall(CODE.sub("", page.read_text())))


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub names them."""
    titles = re.findall(
        r"^#+ (.+)$", CODE.sub(lambda found: found[0].strip("`") * ("\n" not in found[0]), page.read_text()), re.M
    )
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def led_to(page: Path) -> set[Path]:
    """The files of ours that a page links to."""
    own = (link.removeprefix(IN_THE_REPOSITORY) if IN_THE_REPOSITORY in link else link for link in links(page))
    return {(page.parent / unquote(link.partition("#")[0])).resolve() for link in own if "://" not in link}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / unquote(name)).resolve() if name else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), (
            f"{link}: there is no such heading, but {sorted(anchors(target))}"
        )


def test_every_page_is_found_from_the_readme() -> None:
    found, new = set[Path](), {ROOT / "README.md"}
    while new:
        found |= new
        new = {one for page in new for one in led_to(page) if one.suffix == ".md"} - found
    assert set(PAGES) <= found


def test_the_readme_is_read_in_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= LINES


def test_every_picture_is_shown() -> None:
    shown = {file for page in PAGES for file in led_to(page)}
    assert {file for file in (ROOT / "docs/pictures").rglob("*.[ps][nv]g")} <= shown


def test_the_drawing_is_made_of_its_text() -> None:
    pictures = ROOT / "docs/pictures"
    digest = hashlib.sha256((pictures / "architecture.dot").read_bytes()).hexdigest()
    assert digest in (pictures / "architecture.svg").read_text(), "make drawing"
