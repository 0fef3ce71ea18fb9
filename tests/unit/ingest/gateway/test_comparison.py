"""What a page of the inventory says of the keys that are in memory."""

from ingest.gateway.inventory.comparison import PAGE, Comparison


def test_a_round_begins_with_the_lowest_keys() -> None:
    comparison = Comparison([7])
    assert (comparison.after, comparison.is_over) == (0, False)


def test_what_a_page_passes_and_lacks_is_gone() -> None:
    comparison = Comparison([PAGE + 5, 3, 7])
    page = [key for key in range(1, PAGE + 2) if key != 3]
    assert comparison.gone(page) == [3]
    assert (comparison.after, comparison.is_over) == (PAGE + 1, False)


def test_what_lies_behind_a_page_is_judged_by_the_next() -> None:
    comparison = Comparison([PAGE, PAGE + 1, PAGE + 2])
    assert comparison.gone(range(1, PAGE + 1)) == []
    assert comparison.gone([PAGE + 2]) == [PAGE + 1]
    assert comparison.is_over


def test_the_last_page_judges_all_that_is_left() -> None:
    comparison = Comparison([1, PAGE, 900])
    assert comparison.gone(range(1, PAGE)) == [PAGE, 900]
    assert comparison.is_over


def test_an_empty_inventory_has_none_of_them() -> None:
    comparison = Comparison([1, 2])
    assert comparison.gone([]) == [1, 2]
    assert comparison.is_over


def test_what_came_into_memory_since_the_beginning_is_not_judged() -> None:
    known = {1}
    comparison = Comparison(known)
    known.add(2)
    assert comparison.gone([1]) == []
