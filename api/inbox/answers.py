"""Those who knocked, as they are listed."""

from typing import Annotated

from msgspec import Meta, Struct

from api.http.pages import Page
from api.reference.schemas import AT, Instant


class Knock(Struct, frozen=True):
    """A charge point that is refused."""

    id: str
    status: Annotated[int, Meta(description="404: not in the inventory; 401: a wrong password, or none")]
    attempts: int
    first_seen_at: Instant
    last_seen_at: Instant


INBOX = Page(items=[Knock(id="CP9", status=404, attempts=12, first_seen_at=AT, last_seen_at=AT)], next_cursor=None)
