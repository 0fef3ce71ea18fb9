"""What other processes tell a gateway, on its way."""

import msgspec
import pytest

from shared.words import gateways
from shared.words.gateways import Ask, Fence, Told


def test_a_message_is_read_as_it_was_sent() -> None:
    fence = Fence(charge_point_key=7, below=1_800_000_000_000, newest=1_800_000_000_001)
    ask = Ask(id="1", reply_to="there", charge_point_key=7, what="unlock", evse_id=1, connector_id=2)
    for message in (fence, ask):
        assert gateways.decode(gateways.encode(message)) == message
    told = Told(id="1", status="Unlocked")
    assert gateways.decode_told(gateways.encode(told)) == told


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        gateways.decode(b'{"type":"dance"}')


def test_each_gateway_has_a_channel() -> None:
    assert gateways.channel("gw-1") != gateways.channel("gw-2")
