"""The event pipe: what goes in comes out, a full pipe is bounded and counted, and neither end can be upset."""

from __future__ import annotations

import asyncio
import marshal
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.policy.decision import Action, ReasonKind
from safedns.record.counters import Counters
from safedns.record.event import Outcome
from safedns.record.link import ITEMS_PER_MESSAGE, MAX_MESSAGE, Batch, EventReceiver, EventSender
from safedns.wire.types import QType
from tests.unit.record.samples import event, outcome


class Pipe:
    """Both ends of a link, and what came out of it."""

    def __init__(self, *, bound: int = 8192) -> None:
        near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.near = near
        self.counters = Counters()
        self.sender = EventSender(near, self.counters, bound=bound)
        self.batches: list[Batch] = []
        self.receiver = EventReceiver(self.far, self.batches.append)

    def read_all(self) -> None:
        seen = -1
        while seen != len(self.batches):
            seen = len(self.batches)
            self.receiver.read()

    @property
    def events(self) -> list[tuple[Any, ...]]:
        return [each for batch in self.batches for each in batch.events]

    @property
    def deltas(self) -> dict[tuple[str, ...], int]:
        totals: dict[tuple[str, ...], int] = {}
        for batch in self.batches:
            for key, count in batch.deltas.items():
                totals[key] = totals.get(key, 0) + count
        return totals

    @property
    def gauges(self) -> list[dict[tuple[str, ...], float]]:
        return [batch.gauges for batch in self.batches if batch.gauges is not None]

    def fill(self) -> None:
        """Flush events until the kernel takes no more."""
        while not self.sender.pending:
            self.sender.pending.extend([event()] * ITEMS_PER_MESSAGE)
            self.sender.flush()

    def close(self) -> None:
        self.receiver.close()
        self.near.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe(bound=500)
    yield pipe
    pipe.close()


text = st.text(max_size=30)
events = st.lists(
    st.tuples(
        st.floats(allow_nan=False),
        text,
        text,
        st.integers(min_value=0, max_value=2**31),
        st.tuples(text, text, st.integers(0, 65535), *[text] * 5, st.integers(0, 4095), *[text] * 4),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(events)
def test_any_events_come_out_as_they_went_in(sent: list[tuple[Any, ...]]) -> None:
    pipe = Pipe()
    try:
        for each in sent:
            pipe.sender.add(each)
        pipe.sender.flush()
        pipe.read_all()
        assert pipe.events == sent
        assert pipe.sender.pending == []
    finally:
        pipe.close()


WHOLE = marshal.dumps(([event()], {("queries", "binh"): 2}, {("inflight",): 1.5}, True, 7, 0))


@settings(max_examples=100)
@given(
    st.recursive(st.none() | st.integers() | text, st.lists).map(marshal.dumps)
    | st.integers(1, len(WHOLE) - 1).map(lambda length: WHOLE[:length])
)
def test_a_message_of_something_else_or_cut_short_is_counted_as_rejected_and_nothing_else(message: bytes) -> None:
    pipe = Pipe()
    try:
        pipe.near.send(message)
        pipe.receiver.read()
        assert pipe.receiver.rejected == 1
        assert pipe.batches == []
    finally:
        pipe.close()


@pytest.mark.parametrize(
    "message",
    [
        ([], {}, {}),
        "text",
        ([], {}, {}, True),
        ([], {}, {}, True, 7),
        ([], {}, {}, True, 7, "0"),
        ({}, {}, {}, True, 7, 0),
        ([], {"queries": 1}, {}, True, 7, 0),
        ([], {(): 1}, {}, True, 7, 0),
        ([], {("queries",): "1"}, {}, True, 7, 0),
        ([], {("queries", 1): 1}, {}, True, 7, 0),
        ([], {}, {("up",): None}, True, 7, 0),
    ],
)
def test_numbers_of_the_wrong_shape_are_rejected(pipe: Pipe, message: Any) -> None:
    pipe.near.send(marshal.dumps(message))
    pipe.receiver.read()
    assert (pipe.receiver.rejected, pipe.batches) == (1, [])


def test_named_tuples_and_enum_members_arrive_as_the_plain_values_they_stand_for(pipe: Pipe) -> None:
    made = Outcome(*outcome(action=Action.BLOCK, reason=ReasonKind.BEDTIME, qtype=QType.AAAA))
    pipe.sender.pending.append((1.5, "192.168.1.32", "", 12, made))
    pipe.counters.cell("queries", "binh", Action.BLOCK, ReasonKind.BEDTIME, "udp")[0] += 1
    pipe.sender.flush()
    pipe.read_all()
    (arrived,) = pipe.events
    assert arrived == (1.5, "192.168.1.32", "", 12, outcome(action="blocked", reason="bedtime", qtype=28))
    assert type(arrived[4]) is tuple
    assert [type(value) for value in arrived[4][2:5]] == [int, str, str]
    assert pipe.deltas == {("queries", "binh", "blocked", "bedtime", "udp"): 1}


def test_an_outcome_that_repeats_travels_once_a_message(pipe: Pipe) -> None:
    one = Outcome(*outcome(name="x" * 200))
    for _ in range(100):
        pipe.sender.add((1.0, "192.168.1.32", "", 12, one))
    pipe.sender.flush()
    pipe.far.recv(MAX_MESSAGE)
    message = pipe.far.recv(MAX_MESSAGE)
    assert (message.count(b"x" * 200), message.count(b"192.168.1.32")) == (1, 1)
    assert len(marshal.loads(message)[0]) == 100


def test_many_distinct_outcomes_stay_distinct_when_the_memory_of_them_starts_anew() -> None:
    pipe = Pipe(bound=20_000)
    try:
        for batch in range(6):
            for number in range(1000):
                name = f"{batch}-{number}.example"
                pipe.sender.add((1.0, "192.168.1.32", "", 12, Outcome(*outcome(name=name))))
            pipe.sender.flush()
            pipe.read_all()
        assert [each[4][1] for each in pipe.events] == [f"{b}-{n}.example" for b in range(6) for n in range(1000)]
    finally:
        pipe.close()


def test_add_drops_and_counts_what_is_over_the_bound(pipe: Pipe) -> None:
    for number in range(503):
        pipe.sender.add(event(micros=number))
    assert len(pipe.sender.pending) == 500
    pipe.sender.flush()
    pipe.read_all()
    assert [each[3] for each in pipe.events] == list(range(500))
    assert pipe.deltas["events_dropped",] == 3


def test_a_full_pipe_keeps_events_up_to_the_bound_drops_the_newest_and_counts_them(pipe: Pipe) -> None:
    pipe.fill()
    kept = len(pipe.sender.pending)
    pipe.sender.pending.extend([event(client="new")] * 600)
    pipe.sender.flush()
    assert len(pipe.sender.pending) == 500
    pipe.read_all()
    pipe.sender.flush()
    pipe.read_all()
    assert pipe.sender.pending == []
    assert pipe.deltas["events_dropped",] == kept + 600 - 500
    assert sum(each[1] == "new" for each in pipe.events) == 500 - kept


def test_the_pending_list_stays_the_same_object_so_that_its_append_may_be_kept(pipe: Pipe) -> None:
    append = pipe.sender.pending.append
    append(event())
    pipe.sender.flush()
    append(event())
    assert len(pipe.sender.pending) == 1


def test_counts_survive_a_full_pipe_and_arrive_once_it_is_read(pipe: Pipe) -> None:
    pipe.fill()
    cell = pipe.counters.cell("queries", "binh", "allowed", "default", "udp")
    for _ in range(5):
        cell[0] += 2
        pipe.sender.flush()
    pipe.read_all()
    assert ("queries", "binh", "allowed", "default", "udp") not in pipe.deltas
    pipe.sender.flush()
    pipe.read_all()
    assert pipe.deltas["queries", "binh", "allowed", "default", "udp"] == 10
    pipe.sender.flush()
    pipe.read_all()
    assert pipe.deltas["queries", "binh", "allowed", "default", "udp"] == 10


def test_gauges_are_set_by_the_callback_and_arrive_whole_with_each_flush(pipe: Pipe) -> None:
    def set_gauges() -> None:
        for number in range(3 * ITEMS_PER_MESSAGE):
            pipe.counters.gauges["next_edge", f"child{number}"] = float(number)

    pipe.sender.flush(set_gauges)
    pipe.read_all()
    assert pipe.gauges == [{("next_edge", f"child{n}"): float(n) for n in range(3 * ITEMS_PER_MESSAGE)}]
    pipe.counters.gauges.clear()
    pipe.sender.flush()
    pipe.read_all()
    assert pipe.gauges[-1] == {}


def test_events_of_any_size_are_split_into_messages_below_the_limit(pipe: Pipe) -> None:
    for number in range(ITEMS_PER_MESSAGE):
        pipe.sender.add(event(micros=number, name=f"{number}." + "x" * 1000))
    pipe.sender.flush()
    pipe.read_all()
    assert [each[3] for each in pipe.events] == list(range(ITEMS_PER_MESSAGE))


@pytest.mark.parametrize("broken", [event(name="x" * MAX_MESSAGE), event(device=object()), (1, 2, 3), None])  # type: ignore[arg-type]  # what must never be sent
def test_an_event_that_cannot_travel_is_dropped_alone_and_counted(pipe: Pipe, broken: Any) -> None:
    pipe.sender.pending.extend([event(micros=1), broken, event(micros=2)])
    pipe.sender.flush()
    pipe.sender.flush()
    pipe.read_all()
    assert [each[3] for each in pipe.events] == [1, 2]
    assert pipe.deltas["events_dropped",] == 1


def test_a_nudge_makes_the_sender_flush_at_once(pipe: Pipe) -> None:
    pipe.counters.cell("memo", "hit")[0] = 3
    pipe.receiver.nudge()
    assert pipe.sender.on_nudge(lambda: pipe.counters.gauges.update({("inflight",): 2.0}))
    pipe.read_all()
    assert pipe.deltas == {("memo", "hit"): 3}
    assert pipe.gauges == [{("inflight",): 2.0}]


def test_without_a_nudge_waiting_nothing_is_flushed(pipe: Pipe) -> None:
    assert pipe.sender.on_nudge()
    pipe.read_all()
    assert pipe.batches == []


def test_nudges_that_nobody_reads_never_block_the_recorder(pipe: Pipe) -> None:
    for _ in range(5000):
        pipe.receiver.nudge()
    assert pipe.sender.on_nudge()
    assert not pipe.receiver.closed


def test_a_sender_whose_recorder_is_gone_for_good_keeps_the_bound_and_does_not_raise(pipe: Pipe) -> None:
    pipe.receiver.close()
    pipe.sender.pending.extend([event()] * 700)
    pipe.sender.flush()
    assert not pipe.sender.on_nudge()
    assert len(pipe.sender.pending) == 500


def test_a_new_recorder_on_the_same_socket_goes_on_where_the_old_one_died(pipe: Pipe) -> None:
    pipe.sender.add(event(micros=1))
    pipe.sender.flush()
    successor_end = pipe.far.dup()
    pipe.receiver.read()
    pipe.receiver.close()
    pipe.sender.add(event(micros=2))
    pipe.sender.flush()
    pipe.receiver = EventReceiver(successor_end, pipe.batches.append)
    pipe.sender.add(event(micros=3))
    pipe.sender.flush()
    pipe.read_all()
    assert [each[3] for each in pipe.events] == [1, 2, 3]


def test_each_message_says_how_many_events_its_sender_had_sent_before(pipe: Pipe) -> None:
    sent = ITEMS_PER_MESSAGE + 44
    for number in range(sent):
        pipe.sender.add(event(micros=number))
    pipe.sender.flush()
    pipe.sender.add(event(rule=lambda: None))  # it cannot travel
    pipe.sender.add(event())
    pipe.sender.flush()
    pipe.read_all()
    assert [batch.mark.events for batch in pipe.batches if batch.events] == [0, ITEMS_PER_MESSAGE, sent]
    other = Pipe()
    other.sender.flush()
    other.read_all()
    assert len({batch.mark.sender for batch in pipe.batches + other.batches}) == 2
    other.close()


def test_a_receiver_notices_that_the_sender_is_gone_after_the_last_message(pipe: Pipe) -> None:
    pipe.sender.add(event())
    pipe.sender.flush()
    pipe.near.close()
    pipe.receiver.read()
    assert pipe.receiver.closed
    assert len(pipe.events) == 1
    pipe.receiver.nudge()
    pipe.receiver.read()


async def test_on_a_loop_both_ends_serve_themselves(pipe: Pipe) -> None:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    receiver_end = pipe.far.dup()
    receiver = EventReceiver(receiver_end, lambda batch: arrived.set() if batch.events else None)
    receiver.attach(loop)
    pipe.sender.attach(loop)
    try:
        pipe.sender.add(event())
        receiver.nudge()
        await asyncio.wait_for(arrived.wait(), 5)
    finally:
        pipe.sender.detach(loop)
        receiver.close()


async def test_a_sender_stops_watching_a_socket_that_has_ended(pipe: Pipe) -> None:
    loop = asyncio.get_running_loop()
    pipe.sender.attach(loop)
    pipe.receiver.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not loop.remove_reader(pipe.near)
