"""What the fold is told besides events, and what comes of it besides charge points."""

from dataclasses import dataclass, field

from shared.words.gateways import Fence

from .rules import Connector0Mode
from .state import HistoryRow


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a closed socket may stay away (ms), and when connector 0 overrules the connectors."""

    close_grace_ms: int = 60_000
    connector0_mode: Connector0Mode = "recency"


@dataclass(slots=True)
class Folded:
    """What came of folding, besides the changed charge points."""

    history: list[HistoryRow] = field(default_factory=list)
    late: list[HistoryRow] = field(default_factory=list)  #: history unless it repeats what was known then
    fences: list[tuple[str, Fence]] = field(default_factory=list)  #: (gateway, what to tell it)
    duplicates: int = 0
    refused: int = 0  #: reports of one place too many
