"""A report of all that a 2.x charger has, coming in parts (2.0.1 Part 2 B07): which EVSEs it lists."""

from dataclasses import dataclass, field

from ingest.ocpp.dialects.dialect import Fact, Part, Status


@dataclass(slots=True)
class Inventory:
    """The EVSEs that a report listed so far, and those whose places we could not read.

    ``first_sequence`` is that of the event that its first part begins with.
    """

    request_id: int | None
    first_sequence: int
    parts: int = 0
    evse_ids: set[int] = field(default_factory=set)
    unread: set[int] = field(default_factory=set)

    def take(self, part: Part, facts: tuple[Fact, ...]) -> bool:
        """Whether ``part`` is the one that comes next; what it lists is in the report then."""
        if (self.request_id, self.parts) != (part.request_id, part.number):
            return False
        self.parts += 1
        self.evse_ids.update(
            fact.evse_id for fact in facts if isinstance(fact, Status) and fact.evse_id and not fact.connector_id
        )
        self.unread |= part.unread
        return True

    def listed(self) -> tuple[int, ...]:
        """The EVSEs of which it lists nothing that we could not read, ascending."""
        return tuple(sorted(self.evse_ids - self.unread))
