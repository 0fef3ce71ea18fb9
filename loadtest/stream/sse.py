"""Server-Sent Events as bytes come in: blocks taken apart, as far as the API's stream has them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One block; a comment has neither event nor data."""

    id: str = ""
    event: str = ""
    data: str = ""


class Blocks:
    """What has been read of a stream."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[Block]:
        """The blocks that end in `piece`."""
        *whole, self._rest = (self._rest + piece).split(b"\n\n")
        for block in whole:
            fields = dict.fromkeys(("id", "event", "data"), "")
            for line in block.decode().split("\n"):
                name, _, value = line.partition(": ")
                if name in fields:
                    fields[name] = value
            yield Block(**fields)
