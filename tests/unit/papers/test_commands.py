"""Commands of the pages that work only in the way that is written here, and the tour; other tests run whole pages."""

import re
from pathlib import Path

import pytest

from .test_links import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_redis_is_asked_with_its_password(page: Path) -> None:
    """Compose's Redis answers NOAUTH to the bare command."""
    text = page.read_text()
    assert "redis-cli" not in text or 'exec -e REDISCLI_AUTH="$(cat .secrets/redis_password)" redis redis-cli' in text


def test_the_tour_is_as_short_as_it_is_said_to_be() -> None:
    told = (ROOT / "docs/architecture.md").read_text().partition("To know the code in a day, read these ")[2]
    said = re.match(r"\(under ([\d,]+) lines\)", told)
    assert said
    files = re.findall(r"`([\w/]+\.py)`", told.partition(".\n")[0])
    lines = sum(len((ROOT / file).read_text().splitlines()) for file in files)
    assert len(files) == 6
    assert lines < int(said[1].replace(",", "")) < lines + 300
