"""Fences: how a gateway learns that a session it holds is not the newest of its charge point.

Sent over Redis pub/sub: by a gateway whose claim told it who held the charger, or by a rollup that
saw an old epoch talk. Losing one is harmless: rollups order by epoch whoever still talks.
"""

import msgspec


class Fence(msgspec.Struct, frozen=True):
    """Close any session of the charge point whose epoch is below ``below``; claim above ``newest`` from now on."""

    charge_point_key: int
    below: int
    newest: int


def channel(gateway_id: str) -> str:
    """The Redis channel of a gateway."""
    return f"plugwatch:gateway:{gateway_id}"


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Fence).decode
