"""Frames told apart in a byte stream, however the stream is cut."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from ingest.gateway.session.framing import Framer

LIMIT = 70_000

frames = st.builds(
    Frame,
    st.sampled_from([Opcode.TEXT, Opcode.TEXT, Opcode.BINARY, Opcode.CONT]),
    st.one_of(st.binary(max_size=130), st.sampled_from([b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_536])),
    st.booleans(),
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 200), max_size=200), st.booleans())
def test_every_frame_comes_out_once_and_in_order_however_the_bytes_come(
    sent: list[Frame], cuts: list[int], texts: bool
) -> None:
    wire = [frame.serialize(mask=True) for frame in sent]
    data, framer, taken = b"".join(wire), Framer(LIMIT), []
    for cut in [*cuts, len(data)]:
        piece, data = data[:cut], data[cut:]
        framer.feed(piece)
        if cut % 3:  # some are left for later
            while (one := framer.take(texts=texts)) is not None:
                taken.append((one[0], bytes(one[1])))
    while (one := framer.take(texts=texts)) is not None:
        taken.append((one[0], bytes(one[1])))
    assert taken == [
        (True, bytes(frame.data)) if texts and frame.fin and frame.opcode is Opcode.TEXT else (False, raw)
        for frame, raw in zip(sent, wire, strict=True)
    ]
    assert len(framer) == 0


@given(st.binary(max_size=400), st.integers(1, 20))
def test_no_bytes_make_it_raise_or_hold_more_than_a_frame(data: bytes, step: int) -> None:
    framer = Framer(50)
    for at in range(0, len(data), step):
        framer.feed(data[at : at + step])
        while (one := framer.take(texts=True)) is not None:
            assert one[0] or one[1]
        assert len(framer) < 50 + 14


def test_what_is_too_large_or_unmasked_is_given_out_with_all_behind_it() -> None:
    for broken in (b"\x89\x00", b"\x81\x05hello", b"\x81\xff" + (LIMIT + 1).to_bytes(8) + b"\0\0\0\0"):
        framer = Framer(LIMIT)
        framer.feed(broken + b"behind")
        assert framer.take(texts=True) == (False, broken + b"behind")
        assert len(framer) == 0


def test_a_large_frame_in_single_bytes_is_not_copied_for_each() -> None:
    wire = Frame(Opcode.TEXT, b"x" * 60_000).serialize(mask=True)
    framer, copied = Framer(LIMIT), set()
    for n in range(len(wire)):
        framer.feed(wire[n : n + 1])
        copied.add(id(framer._data))
        assert (framer.take(texts=True) is not None) == (n == len(wire) - 1)
    assert len(copied) < 10
