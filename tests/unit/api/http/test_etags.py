"""Entity tags: If-None-Match looks at all of it, If-Match at the inventory version alone."""

import pytest

from api.http import etags
from api.http.problems import Changed

TAG = '"3.120"'
MALFORMED = (
    '"3"',
    '"3."',
    '"3.x"',
    f"{TAG} {TAG}",
    f"{TAG}x",
    f"x{TAG}",
    f"*, {TAG}",
    '"3.120',
    "'3.120'",
    f"w/{TAG}",
    "," * 9,
)


@pytest.mark.parametrize("held", [TAG, f"W/{TAG}", f'"1.1", {TAG}', f'"1.1",W/{TAG}', "*", " * "])
def test_a_client_that_holds_the_document_is_told_so(held: str) -> None:
    assert etags.is_current(held, TAG)


@pytest.mark.parametrize("held", [None, "", '"3.121"', '"3"', "3.120", '"3.12"', '"*"'])
def test_any_other_tag_gets_the_document(held: str | None) -> None:
    assert not etags.is_current(held, TAG)


@pytest.mark.parametrize(
    "condition", [None, "*", " * ", TAG, '"3.7"', '"2.1", "3.9"', '"2.1","3.9"', f'W/"9.9", {TAG},']
)
def test_a_change_for_this_version_goes_on_whatever_the_charger_did(condition: str | None) -> None:
    etags.require(condition, 3)


@pytest.mark.parametrize("condition", ['"2.120"', f"W/{TAG}", '"33.1"', "", "3.120", '"30.1", "1.3"', *MALFORMED])
def test_a_change_for_another_version_is_refused(condition: str) -> None:
    with pytest.raises(Changed):
        etags.require(condition, 3)
