"""PromQL read roughly, as far as our rules go: which metrics an expression names, by which labels it asks and sums.

It is no parser (promtool is): strings are opaque, braces are not nested, and `by` stands before what is summed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_WINDOW = re.compile(r"\[[^]]*\]")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_AGGREGATION = re.compile(r"(?<![\w:])(sum|min|max|avg|count|topk|bottomk)\s*(?:by\s*\(([^)]*)\)\s*)?\(")
_SELECTOR = re.compile(r"(?<![\w:])([a-zA-Z_:][\w:]*)\b(?!\s*\()\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_WORDS = frozenset({"and", "or", "unless", "offset", "bool", "Inf"})


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric and the labels it is asked by."""

    metric: str
    labels: frozenset[str]


def selectors(expr: str) -> Iterator[Selector]:
    """Every metric that is asked for."""
    bare = _GROUPING.sub(" ", _WINDOW.sub(" ", _STRING.sub('""', expr)))
    for metric, matchers in _SELECTOR.findall(bare):
        if metric not in _WORDS:
            yield Selector(metric, frozenset(_MATCHER.findall(matchers)))


def groupings(expr: str) -> frozenset[str]:
    """Every label that something is grouped or matched by."""
    return frozenset[str]().union(*(_listed(labels) for labels in _GROUPING.findall(_STRING.sub('""', expr))))


def aggregations(expr: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every aggregation and the labels it keeps; none where it says nothing."""
    for operator, labels in _AGGREGATION.findall(_STRING.sub('""', expr)):
        yield operator, _listed(labels)


def _listed(labels: str) -> frozenset[str]:
    return frozenset(label.strip() for label in labels.split(",") if label.strip())
