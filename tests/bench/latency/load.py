"""The load: sends each query at its time and notes when the kernel took its answer in. A process of its own.

    python -m tests.bench.latency.load PORT RATE NAMES_FILE        one name a line; prints a ``Load`` as JSON

It stands for other devices, so where it may, it runs before everything else on the machine (``SCHED_FIFO``): its waits
for the processor are not the resolver's fault. How late it was is told, and is a part of the times.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SOCKETS = 16
"""From so many ports the queries come, in turn."""
ANSWER_WITHIN = 2.0
"""Seconds after which a query counts as lost."""

_TIMESTAMPS = 64
"""``SO_TIMESTAMPNS_NEW`` of the Linux ABI: each datagram comes with its time of arrival, 64 bits on every machine."""
_TIME = struct.Struct("=qq")
_NANOSECOND = 1e-9
_RECEIVE_BUFFER = 4 << 20
_QUESTION = b"\0\1\0\1"
"""Type A, class IN."""
_FLAGS_AND_COUNTS = b"\1\0\0\1\0\0\0\0\0\0"


class Load(NamedTuple):
    """What came of one load."""

    micros: Sequence[float]
    """Of each answer: microseconds from when its query was due."""
    late: Sequence[float]
    """Of each query: microseconds from when it was due until it was sent."""
    lost: int
    codes: Mapping[str, int]
    """RCODE, as a number in text -> answers."""
    first: bool
    """Whether it ran before everything else on the machine."""


def packets(names: Sequence[str]) -> Iterator[bytes]:
    """One query each, with ids that do not repeat on the socket that it is sent from."""
    for number, name in enumerate(names):
        labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
        yield (number // SOCKETS & 0xFFFF).to_bytes(2) + _FLAGS_AND_COUNTS + labels + b"\0" + _QUESTION


class Sender:
    """Sends on time and collects what comes back; one thread, which never waits for an answer."""

    def __init__(self, port: int, queries: Sequence[bytes], rate: int) -> None:
        """``rate`` in queries a second."""
        self._queries = queries
        self._interval = 1_000_000_000 // rate
        self._sockets = [_socket(port) for _ in range(SOCKETS)]
        self._arrived: list[int] = [0] * len(queries)
        self._sent: list[int] = [0] * len(queries)
        self._codes: Counter[str] = Counter()
        self._due: range = range(0)

    def run(self, first: bool) -> Load:
        """The whole load; ``first`` is handed on."""
        begin = _now() + 10_000_000
        self._due = range(begin, begin + self._interval * len(self._queries), self._interval)
        for number, due in enumerate(self._due):
            wait = due - _now()
            if wait > 0:
                time.sleep(wait * _NANOSECOND)
            self._send(number)
            self._collect((number + 1) % SOCKETS)
        give_up = _now() + int(ANSWER_WITHIN / _NANOSECOND)
        while not all(self._arrived) and _now() < give_up:
            time.sleep(0.01)
            for place in range(SOCKETS):
                self._collect(place)
        for sock in self._sockets:
            sock.close()
        return self._result(first)

    def _send(self, number: int) -> None:
        self._sent[number] = _now()
        with contextlib.suppress(OSError):  # nobody listens, or there is no room: the query is lost
            self._sockets[number % SOCKETS].send(self._queries[number])

    def _collect(self, place: int) -> None:
        sock = self._sockets[place]
        with contextlib.suppress(OSError):  # nothing more is there
            while True:
                packet, notes, _, _ = sock.recvmsg(4096, 64)
                seconds, nanos = _TIME.unpack(notes[0][2])
                self._arrived[int.from_bytes(packet[:2]) * SOCKETS + place] = seconds * 1_000_000_000 + nanos
                self._codes[str(packet[3] & 15)] += 1

    def _result(self, first: bool) -> Load:
        limit = ANSWER_WITHIN * 1e6
        times = [(there - due) / 1e3 for there, due in zip(self._arrived, self._due, strict=True) if there]
        micros = [micro for micro in times if micro <= limit]
        late = [(sent - due) / 1e3 for sent, due in zip(self._sent, self._due, strict=True)]
        return Load(micros, late, len(self._queries) - len(micros), dict(self._codes), first)


def _socket(port: int) -> socket.socket:
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
    sock.connect(("127.0.0.1", port))
    return sock


def _now() -> int:
    """Nanoseconds by the clock that the kernel stamps datagrams with."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


def _go_first() -> bool:
    """Run before ordinary programs where that is allowed; elsewhere at least wake up in time."""
    with contextlib.suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1")
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    return True


def main() -> None:
    """Read the names, send, print."""
    port, rate, file = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sender = Sender(port, list(packets(file.read_text(encoding="ascii").split())), rate)
    gc.disable()  # a pause of the load would look like one of the resolver
    print(json.dumps(sender.run(_go_first())))


if __name__ == "__main__":
    main()
