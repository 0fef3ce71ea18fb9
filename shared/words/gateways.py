"""What other processes tell a gateway over Redis pub/sub, on the gateway's own channel.

``Fence``: a newer session exists (from another gateway's claim, or a rollup that saw an old epoch talk;
losing one is harmless, rollups order by epoch). ``Ask``: do this with the charger you hold, and answer
to the channel named, with a ``Told``.
"""

from typing import Literal

import msgspec

Asked = Literal["trigger", "reset", "unlock"]


class Fence(msgspec.Struct, frozen=True, tag="fence"):
    """Close any session of the charge point whose epoch is below ``below``; claim above ``newest`` from now on."""

    charge_point_key: int
    below: int
    newest: int


class Ask(msgspec.Struct, frozen=True, tag="ask", omit_defaults=True):
    """A command to the charger: ``what`` with its ``argument`` (message to trigger, kind of reset).

    What cannot be sent by ``expires_at`` (ms, by Redis's clock, the one that both sides can ask) never is; None:
    some seconds from when it is heard.
    """

    id: str
    reply_to: str
    charge_point_key: int
    what: Asked
    argument: str = ""
    evse_id: int | None = None
    connector_id: int | None = None
    expires_at: int | None = None


class Told(msgspec.Struct, frozen=True):
    """The answer to an ``Ask``: the charger's status word, or why there is none.

    ``offline``, ``busy``, ``unsupported``: it was not sent. ``left``, ``timeout``: it was, and may have been done.
    """

    id: str
    status: str | None = None
    error: Literal["offline", "busy", "unsupported", "left", "timeout", "refused"] | None = None
    detail: str | None = None


def channel(gateway_id: str) -> str:
    """The Redis channel of a gateway."""
    return f"plugwatch:gateway:{gateway_id}"


encode = msgspec.json.Encoder().encode
_messages: msgspec.json.Decoder[Fence | Ask] = msgspec.json.Decoder(Fence | Ask)
decode = _messages.decode
decode_told = msgspec.json.Decoder(Told).decode
