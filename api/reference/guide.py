"""What a developer has to know before the first request: the texts of ``/openapi.json``."""

DESCRIPTION = """
The state of every plug: which connectors are free, broken, or not even there, and since when.

**Tokens.** Send `Authorization: Bearer <token>`, never in a URL: a browser's `EventSource`
takes a ticket of one use. READ tokens read; ADMIN tokens do everything.

**Errors** are problem documents (RFC 9457, `application/problem+json`). Tell them apart by `type`, which leads to a
text about it; show people `detail`, which says what to do next. `request_id` finds the request in our log.

**Pages.** A list answers `items` and `next_cursor`; ask again with `cursor=` that, until it is null, or follow the
`Link` header. Cursors belong to their list and its filters. `limit` is 1 to 500.

**ETags.** A document's `ETag` is `"<inventory>.<state>"`. `If-None-Match` compares all of it (304: nothing changed);
`If-Match` on a change compares the inventory part alone, so that a busy station can be edited (412: someone else was
faster). Lists and numbers have the tag of their bytes, for `If-None-Match`. JSON over 1 kB comes as gzip to whoever
takes it.

**Sending again.** A POST with an `Idempotency-Key` of your own (1 to 255 printable characters, such as a UUID) may be
sent again for 24 h: it gets the same answer, with `Idempotency-Replayed: true`, and nothing is done twice. Another
request under that key is 422; while the first is under way, 409 with `Retry-After`. Answers of 4xx and 5xx are not
kept, but for those after which a charger may have done what was asked (`charger-silent`, `answer-lost`). A generated
password is in the first answer alone: who lost that has another one made by PATCH.

**Times** are RFC 3339; ours are UTC with milliseconds. A time that you send without an offset is UTC. `from` belongs to
the time asked for, `to` does not.

**Ids** match case-insensitively. In OCPP 1.6 a connector n is EVSE n, connector 1.

**New fields** may come with any version: ignore those that you do not know.
"""
TAGS = [
    {"name": "stations", "description": "Places with charge points: what they are, and what they come to."},
    {"name": "charge points", "description": "What speaks OCPP: its EVSEs and connectors, its place, its password."},
    {"name": "connectors", "description": "Every plug of the network in one list."},
    {
        "name": "availability",
        "description": "In service or out of it. An intent is kept until the charger has followed.",
    },
    {"name": "commands", "description": "What a connected charger shall do now; its own answer comes back, or a 409."},
    {"name": "history", "description": "What was reported, newest first by `received_at`; a line for every change."},
    {"name": "stats", "description": "The whole network in numbers: now, and over time."},
    {
        "name": "stream",
        "description": "Changes as Server-Sent Events. Read first, then follow from its `Plugwatch-Stream-Id`:"
        " as `Last-Event-ID`, which also takes up again.",
    },
    {"name": "inbox", "description": "Charge points that knock and are refused: adopt them, or forget them."},
    {"name": "audit", "description": "Who changed what. For ADMIN tokens."},
    {"name": "me", "description": "Which token a client has, and what it is good for."},
    {"name": "import and export", "description": "The inventory as a file, CSV or JSON lines."},
    {"name": "board", "description": "The whole network at once, in columns, for a status board."},
]
