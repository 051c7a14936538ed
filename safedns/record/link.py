"""The pipe from a resolver to the recorder: codec, sending end, receiving end. DNS never waits for it.

::

    resolver                                              recorder
    pending, counters -> EventSender.flush ==messages==> EventReceiver -> on_batch(Batch)
                         EventSender.on_nudge <==bytes== EventReceiver.nudge  (a scrape wants fresh numbers)

It runs over one AF_UNIX SOCK_SEQPACKET pair: messages keep their borders, arrive in order, and a full pipe says so
at once. Events wait for a pipe that is full, up to a bound, and are dropped and counted beyond it; counter deltas
are never lost. Must not block, raise into the query path, or know what an event means.

Messages are ``marshal``: both ends are the same program in the same interpreter, and nobody else holds the socket.
Measured for 256 events whose outcomes repeat as names do (microseconds an event, to dump and load): format 4, with
references, 0.12 + 0.15 and 95 bytes; format 2, without, 0.33 + 0.32 and 198 bytes; pickle 0.15 + 0.32.
"""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from safedns.record.counters import Counters, Key

EventRow = tuple[Any, ...]
"""An ``Event`` (with its ``Outcome``) as a plain tuple; who reads it checks it."""

MARSHAL_FORMAT = 4
MAX_MESSAGE = 60_000
"""Bytes; several fit into the smallest default socket buffer (212 992)."""
ITEMS_PER_MESSAGE = 256
SEND_BUFFER = 1 << 20
"""Bytes asked for; the kernel grants what ``net.core.wmem_max`` allows."""
MESSAGES_PER_WAKE_UP = 64
NUDGE = b"!"
MAX_TWINS = 4096
"""Outcomes whose plain form is remembered."""

Item = TypeVar("Item")
Number = TypeVar("Number", int, float)


class Mark(NamedTuple):
    """A place in the stream of events of one sender."""

    sender: int
    """Which: a number of its own, drawn at its start."""
    events: int
    """How many events it had sent by then."""


class Batch(NamedTuple):
    """One message, received."""

    events: list[EventRow]
    deltas: dict[Key, int]
    gauges: dict[Key, float] | None
    """All gauges of the sender, with the last message of its numbers; otherwise ``None``."""
    mark: Mark
    """Where the first of the events stands."""


class EventSender:
    """The resolver's end. Not thread-safe; nothing in it blocks or raises."""

    __slots__ = ("_bound", "_counters", "_deltas", "_dropped", "_number", "_plain_events", "_sent", "_sock", "pending")

    def __init__(self, sock: socket.socket, counters: Counters, *, bound: int = 8192) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._sock = sock
        self._counters = counters
        self._dropped = counters.cell("events_dropped")
        self._deltas: dict[Key, int] = {}
        self._bound = bound
        self._number = int.from_bytes(os.urandom(7))
        self._sent = 0
        self._plain_events = _PlainEvents()
        self.pending: list[EventRow] = []
        """What the next flush sends. The same list for ever: a hot caller may keep its ``append``."""

    def add(self, event: EventRow) -> None:
        """Queue one event; over the bound it is dropped and counted."""
        if len(self.pending) < self._bound:
            self.pending.append(event)
        else:
            self._dropped[0] += 1

    def flush(self, gauges: Callable[[], None] | None = None) -> None:
        """Send counters, gauges (``gauges()`` sets them first) and events, as far as the pipe takes them."""
        if gauges is not None:
            gauges()
        self._drop_beyond_bound()
        for key, count in self._counters.drain().items():
            self._deltas[key] = self._deltas.get(key, 0) + count
        if self._send_numbers():
            del self.pending[: self._send_all(self.pending, self._events_message, self._events_sent)]

    def on_nudge(self, gauges: Callable[[], None] | None = None) -> bool:
        """The socket is readable: the recorder wants fresh numbers. False once its end is closed for good."""
        try:
            alive = bool(self._sock.recv(64))
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        if alive:
            self.flush(gauges)
        return alive

    def attach(self, loop: asyncio.AbstractEventLoop, gauges: Callable[[], None] | None = None) -> None:
        """Answer nudges on ``loop`` for as long as the recorder's end is open."""
        loop.add_reader(self._sock, self._nudged, loop, gauges)

    def detach(self, loop: asyncio.AbstractEventLoop) -> None:
        """No longer answer nudges."""
        loop.remove_reader(self._sock)

    def _nudged(self, loop: asyncio.AbstractEventLoop, gauges: Callable[[], None] | None) -> None:
        if not self.on_nudge(gauges):
            # A socket at its end stays readable: watching it further would burn a core.
            self.detach(loop)

    def _drop_beyond_bound(self) -> None:
        excess = len(self.pending) - self._bound
        if excess > 0:
            del self.pending[self._bound :]
            self._dropped[0] += excess

    def _send_numbers(self) -> bool:
        """Counters and gauges go before the events: they are few, and a scrape may be waiting for them."""
        deltas = list(self._deltas.items())
        for key, _ in deltas[: self._send_all(deltas, lambda items: self._numbers(_plain_keys(items), {}))]:
            del self._deltas[key]
        if self._deltas:
            return False
        gauges = list(self._counters.gauges.items())
        if self._send_all(gauges, lambda items: self._numbers({}, _plain_keys(items))) < len(gauges):
            return False
        return self._send(marshal.dumps(self._numbers({}, {}, last=True), MARSHAL_FORMAT))

    def _numbers(self, deltas: dict[Key, int], gauges: dict[Key, float], *, last: bool = False) -> tuple[Any, ...]:
        return [], deltas, gauges, last, self._number, self._sent

    def _events_message(self, events: Sequence[EventRow]) -> tuple[Any, ...]:
        return self._plain_events(events), {}, {}, False, self._number, self._sent

    def _events_sent(self, events: int) -> None:
        self._sent += events

    def _send_all(
        self,
        items: Sequence[Item],
        wrap: Callable[[Sequence[Item]], tuple[Any, ...]],
        sent: Callable[[int], None] | None = None,
    ) -> int:
        """Send ``items`` in messages of bounded size; says how many are done with when the pipe is full or all went."""
        done, size = 0, ITEMS_PER_MESSAGE
        while done < len(items):
            part = items[done : done + size]
            message = _encode(wrap, part)
            if message is not None:
                if not self._send(message):
                    break
                done += len(part)
                if sent is not None:
                    sent(len(part))
            elif len(part) > 1:
                size = len(part) // 2
            else:
                self._dropped[0] += 1
                done += 1
        return done

    def _send(self, message: bytes) -> bool:
        """False: the pipe is full, or nobody is at its other end just now."""
        try:
            self._sock.send(message)
        except OSError:
            return False
        return True


class EventReceiver:
    """The recorder's end. A malformed message is counted in ``rejected`` and otherwise ignored."""

    __slots__ = ("_gauges", "_loop", "_on_batch", "_sock", "closed", "rejected")

    def __init__(self, sock: socket.socket, on_batch: Callable[[Batch], None]) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._on_batch = on_batch
        self._gauges: dict[Key, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False
        """The sender's end is closed for good; nothing more comes."""
        self.rejected = 0

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read on ``loop`` until the sender closes or ``close`` is called."""
        self._loop = loop
        loop.add_reader(self._sock, self.read)

    def nudge(self) -> None:
        """Ask the sender to flush now; what it sent before is read first."""
        self.read()
        if not self.closed:
            # A full pipe holds nudges enough.
            with contextlib.suppress(OSError):
                self._sock.send(NUDGE)

    def read(self) -> None:
        """Hand over what has arrived, a bounded number of messages at a time."""
        for _ in range(MESSAGES_PER_WAKE_UP):
            if self.closed:
                return
            try:
                message = self._sock.recv(MAX_MESSAGE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                message = b""
            if message:
                self._accept(message)
            else:
                self.close()

    def close(self) -> None:
        """Stop reading and close the socket; a second call does nothing."""
        if not self.closed:
            self.closed = True
            if self._loop is not None:
                self._loop.remove_reader(self._sock)
            self._sock.close()

    def _accept(self, message: bytes) -> None:
        decoded = _decode(message)
        if decoded is None:
            self.rejected += 1
            return
        events, deltas, gauges, last, mark = decoded
        self._gauges.update(gauges)
        whole: dict[Key, float] | None = None
        if last:
            whole, self._gauges = self._gauges, {}
        self._on_batch(Batch(events, deltas, whole, mark))


def _encode(wrap: Callable[[Sequence[Item]], tuple[Any, ...]], items: Sequence[Item]) -> bytes | None:
    """The items' message as bytes; ``None`` where it is too large or holds what cannot travel."""
    try:
        encoded = marshal.dumps(wrap(items), MARSHAL_FORMAT)
    except (ValueError, TypeError):
        return None
    return encoded if len(encoded) <= MAX_MESSAGE else None


def _plain_keys(items: Iterable[tuple[Key, Number]]) -> dict[Key, Number]:
    return {_plain(key): value for key, value in items}


def _plain(values: Iterable[Any]) -> tuple[Any, ...]:
    """A plain tuple with the values of enum members, for marshal takes exact types only."""
    return tuple([value.value if isinstance(value, Enum) else value for value in values])


class _PlainEvents:
    """Turns outcomes into the plain tuples that marshal takes, each once for as long as it is remembered.

    A resolver uses one outcome object for every repetition of an answer, so that an event costs one look-up by
    identity; the originals are kept, or another could take over their identity.
    """

    __slots__ = ("_twins",)

    def __init__(self) -> None:
        self._twins: dict[int, tuple[tuple[Any, ...], Any]] = {}

    def __call__(self, events: Sequence[EventRow]) -> list[EventRow]:
        if len(self._twins) > MAX_TWINS:
            self._twins.clear()
        known, make = self._twins.get, self._twin
        return [
            (at, client, device, micros, (known(id(outcome)) or make(outcome))[0])
            for at, client, device, micros, outcome in events
        ]

    def _twin(self, outcome: Iterable[Any]) -> tuple[tuple[Any, ...], Any]:
        made = self._twins[id(outcome)] = (_plain(outcome), outcome)
        return made


def _decode(message: bytes) -> tuple[list[EventRow], dict[Key, int], dict[Key, float], bool, Mark] | None:
    """The parts of a message, their numbers checked; ``None`` for anything else."""
    try:
        events, deltas, gauges, last, *mark = marshal.loads(message)  # noqa: S302 - a private socket to the same program
    except (ValueError, EOFError, TypeError):
        return None
    if type(events) is not list or type(deltas) is not dict or type(gauges) is not dict:
        return None
    if not (_are_keys(deltas) and _are_keys(gauges)):
        return None
    if not (_are_all(int, deltas.values()) and _are_all((int, float), gauges.values())):
        return None
    if len(mark) != len(Mark._fields) or not _are_all(int, mark):
        return None
    return events, deltas, gauges, last is True, Mark(*mark)


def _are_keys(keys: Iterable[object]) -> bool:
    return all(isinstance(key, tuple) and key and _are_all(str, key) for key in keys)


def _are_all(kind: type | tuple[type, ...], values: Iterable[object]) -> bool:
    return all(isinstance(value, kind) for value in values)
