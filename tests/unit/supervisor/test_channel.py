"""Messages between the supervisor and its children."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from safedns.errors import SafednsError
from safedns.supervisor.channel import Channel, ChannelClosedError, from_memory_file, to_memory_file

Ends = tuple[Channel, Channel]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = Channel.pair()
    other = Channel(theirs)
    yield ours, other
    ours.close()
    other.close()


def test_messages_arrive_one_by_one_in_order(ends: Ends) -> None:
    for number in range(3):
        ends[0].send({"number": number, "text": "Bình"})
    received = [ends[1].receive() for _ in range(3)]
    assert [each.message["number"] for each in received if each is not None] == [0, 1, 2]
    assert ends[1].receive() is None


def test_descriptors_travel_with_a_message(ends: Ends) -> None:
    read, write = os.pipe()
    ends[0].send({"do": "take"}, (write,))
    os.close(write)
    received = ends[1].receive()
    assert received is not None
    os.write(received.descriptors[0], b"through it")
    os.close(received.descriptors[0])
    assert os.read(read, 20) == b"through it"
    os.close(read)


def test_a_household_of_any_size_travels_as_a_memory_file(ends: Ends) -> None:
    data = os.urandom(3_000_000)
    descriptor = to_memory_file(data)
    ends[0].send({"do": "load"}, (descriptor,))
    os.close(descriptor)
    received = ends[1].receive()
    assert received is not None
    assert from_memory_file(received.descriptors[0]) == data


def test_a_message_of_any_length_arrives_whole_with_its_descriptors(ends: Ends) -> None:
    read, write = os.pipe()
    long = {"profiles": [f"Bình {number}: open" for number in range(50_000)]}
    ends[0].send(long, (write,))
    os.close(write)
    received = ends[1].receive()
    assert received is not None
    assert received.message == long
    assert len(received.descriptors) == 1
    os.close(received.descriptors[0])
    os.close(read)


def test_the_end_of_the_other_process_is_told(ends: Ends) -> None:
    ends[0].close()
    with pytest.raises(ChannelClosedError):
        ends[1].receive()
    with pytest.raises(ChannelClosedError):
        ends[1].send({"event": "beat"})


def test_more_sockets_than_the_kernel_passes_at_once_are_refused_clearly(ends: Ends) -> None:
    with pytest.raises(SafednsError, match="too many sockets"):
        ends[0].send({}, tuple([0] * 251))
