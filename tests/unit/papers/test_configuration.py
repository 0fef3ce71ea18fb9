"""docs/configuration.md is what the settings say."""

from pathlib import Path

from shared.process.settings import Settings
from tools import configuration

PAGE = (Path(__file__).parents[3] / "docs/configuration.md").read_text()


def test_the_page_is_made_from_the_settings() -> None:
    assert configuration.page() == PAGE, "make configuration"


def test_every_setting_stands_in_it_under_a_heading() -> None:
    assert PAGE.count("\n## ") == len(configuration.GROUPS)
    assert configuration.GROUPS.keys() <= Settings.model_fields.keys()
    for name in Settings.model_fields:
        assert PAGE.count(f"\n| `{name.upper()}` | ") == 1
