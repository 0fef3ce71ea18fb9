"""What the row of a storm takes for usual is what a gateway really asks, storm or not."""

from ingest.gateway.inventory import registry
from loadtest.benchmarks.rows import storm


def test_a_page_of_the_comparison_is_no_statement_of_the_storm() -> None:
    assert " ".join(registry._PAGE.split()).endswith(storm._USUAL_END)
