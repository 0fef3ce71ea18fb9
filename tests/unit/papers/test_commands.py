"""Commands of the pages that work only in the way that is written here; tests elsewhere run whole pages."""

from pathlib import Path

import pytest

from .test_links import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_redis_is_asked_with_its_password(page: Path) -> None:
    """Compose's Redis answers NOAUTH to the bare command."""
    text = page.read_text()
    assert "redis-cli" not in text or 'exec -e REDISCLI_AUTH="$(cat .secrets/redis_password)" redis redis-cli' in text
