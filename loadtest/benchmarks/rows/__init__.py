"""A row of the table each: what is measured, beside what, and what it is to be."""

from types import ModuleType

from loadtest.benchmarks.rows import answered, catch_up, handshakes, idle, read, saturation, stats, steady, storm

#: by name, in the order of the table; each has a coroutine of that name, TITLE, BASELINE and GOALS
ROWS: dict[str, ModuleType] = {
    "steady": steady,
    "saturation": saturation,
    "catch-up": catch_up,
    "answered": answered,
    "read": read,
    "stats": stats,
    "idle": idle,
    "storm": storm,
    "handshakes": handshakes,
}
ON_DEMAND = ("handshakes",)  #: has no goal
