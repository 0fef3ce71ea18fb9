"""Those who knocked, for OpenAPI alone."""

from datetime import datetime

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from api.http.schemas import AT, like

_KNOCK: JsonDict = {"id": "CP9", "status": 404, "attempts": 12, "first_seen_at": AT, "last_seen_at": AT}


class Knock(BaseModel):
    """A charge point that is refused."""

    model_config = like(_KNOCK)

    id: str
    status: int = Field(description="404: not in the inventory; 401: a wrong password, or none; 400, 429: the rest")
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime


class KnockPage(BaseModel):
    """Some of those who knocked, the newest first."""

    model_config = like({"items": [_KNOCK], "next_cursor": None})

    items: list[Knock]
    next_cursor: str | None = Field(description="null on the last page")
