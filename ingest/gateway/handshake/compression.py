"""permessage-deflate (RFC 7692) for those who shall have it: OCPP 2.x demands it of a server (Part 4 §3.3).

Never with context takeover, and with small windows: state that stays between messages costs 90 kB a
connection, this nothing.
"""

from collections.abc import Sequence
from typing import Literal

from websockets.exceptions import InvalidHeader
from websockets.extensions import ServerExtensionFactory
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import parse_subprotocol
from websockets.http11 import Request

from ingest.ocpp import versions

Compression = Literal["2.x", "true", "false"]

_FACTORY = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=11,
    client_max_window_bits=11,
    compress_settings={"memLevel": 4},
)


def offered(request: Request, compression: Compression) -> Sequence[ServerExtensionFactory]:
    """What the charger of this handshake may have."""
    if compression == "false" or (compression == "2.x" and not _speaks_2x(request)):
        return ()
    return (_FACTORY,)


def _speaks_2x(request: Request) -> bool:
    try:
        tokens = [
            token for header in request.headers.get_all("Sec-WebSocket-Protocol") for token in parse_subprotocol(header)
        ]
    except InvalidHeader:
        return False
    chosen = versions.choose(tokens)
    return chosen is not None and chosen.startswith("ocpp2.")
