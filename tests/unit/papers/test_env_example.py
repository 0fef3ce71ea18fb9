"""`.env.example` is true for who copies it to `.env`: each name acts in docker-compose.yml, with its default there."""

import re
from pathlib import Path

from shared.process.settings import PREFIX, Settings
from tools.configuration import default

ROOT = Path(__file__).parents[3]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
#: As Compose reads them: what has two dollars is the shell's.
USED = re.findall(r"(?<!\$)\$\{(\w+):-([^}]*)\}", COMPOSE)
EXAMPLE = re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.M)


def test_the_example_has_every_name_that_compose_reads_with_its_default() -> None:
    assert dict(EXAMPLE) == dict(USED)
    assert len(EXAMPLE) == len(dict(EXAMPLE))


def test_a_name_has_one_default_wherever_compose_reads_it() -> None:
    assert len(set(USED)) == len(dict(USED))


def test_compose_reads_nothing_else() -> None:
    assert len(re.findall(r"(?<!\$)\$\{?\w", COMPOSE)) == len(USED)


def test_settings_have_the_default_of_the_code() -> None:
    fields = {PREFIX + name.upper(): field for name, field in Settings.model_fields.items()}
    settings = {name: value for name, value in USED if name in fields}
    assert settings == {name: default(fields[name]) for name in settings}
    assert {name for name, _ in USED if name.startswith(PREFIX)} - fields.keys() == {
        "PLUGWATCH_VERSION",
        "PLUGWATCH_REVISION",
    }


def test_make_exports_none_of_them_since_the_environment_would_overrule_the_file() -> None:
    exported = re.findall(r"^export (.+)$", (ROOT / "Makefile").read_text(), re.M)
    names = {re.split(r"[ ?:]*=", one)[0] for line in exported for one in ([line] if "=" in line else line.split())}
    assert names
    assert not names & (dict(EXAMPLE).keys() | {"COMPOSE_PROFILES"})
