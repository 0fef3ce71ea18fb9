"""Blocks of a stream, wherever the pieces are cut."""

from loadtest.stream.sse import Block, Blocks

STREAM = b'id: 1-0\n\n: heartbeat\n\nid: 2-0\nevent: charge_point\ndata: {"name": "Z\xc3\xbcrich"}\n\n'
BLOCKS = [Block(id="1-0"), Block(), Block("2-0", "charge_point", '{"name": "Zürich"}')]


def test_blocks_are_the_same_however_the_bytes_come() -> None:
    for size in range(1, len(STREAM) + 1):
        blocks = Blocks()
        pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
        assert [block for piece in pieces for block in blocks.feed(piece)] == BLOCKS


def test_half_a_block_waits_for_the_other_half() -> None:
    blocks = Blocks()
    assert list(blocks.feed(b"id: 1-0\nevent: st")) == []
    assert list(blocks.feed(b"ation\n\n")) == [Block("1-0", "station")]
