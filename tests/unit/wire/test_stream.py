"""Framing: the same messages come out however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.wire.stream import Deframer, frame


def test_a_frame_is_the_length_and_the_message() -> None:
    assert frame(b"abc") == b"\0\x03abc"
    assert frame(b"") == b"\0\0"
    assert frame(bytes(65535)) == b"\xff\xff" + bytes(65535)


def test_a_message_too_long_for_its_length_is_refused() -> None:
    with pytest.raises(ValueError, match="65536 octets"):
        frame(bytes(65536))


def test_whole_messages_come_out_and_the_rest_waits() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\0\x02ab\0\x01c\0\x03de") == [b"ab", b"c"]
    assert deframer.pending == 4
    assert deframer.feed(b"") == []
    assert deframer.feed(b"f\0") == [b"def"]
    assert deframer.pending == 1
    assert deframer.feed(b"\0") == [b""]
    assert deframer.pending == 0


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_any_chunking_gives_the_same_messages(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    deframer = Deframer()
    received: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += deframer.feed(stream[start:end])
    assert received == messages
    assert deframer.pending == 0
