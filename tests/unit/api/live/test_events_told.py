"""A client that tells events apart by their names knows them all; ``make conformance`` compiles it, this is sooner."""

from pathlib import Path

from msgspec import Struct, inspect

from api.live import answers

READER = Path(__file__).parents[3] / "conformance" / "reader.ts"


def test_the_reader_in_typescript_has_a_case_for_every_event() -> None:
    events = [one for name, one in vars(answers).items() if name.endswith("Event") and issubclass(one, Struct)]
    tags = {inspect.type_info(one).tag for one in events}  # type: ignore[attr-defined]
    text = READER.read_text(encoding="utf-8")
    assert tags
    assert {tag for tag in tags if f'case "{tag}":' not in text} == set()
