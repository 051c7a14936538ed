"""The upstream of every measured system: answers any name with one address. A process of its own, not counted.

Run as ``python -m tests.bench.compare.upstream PORT``; it also serves as the plainest Python loop to compare with.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

TTL = 300
ADDRESS = bytes((11, 22, 33, 44))
"""A public address, as filters may refuse private ones in an answer. Nobody connects to it."""

HEADER = 12
TYPE_A = 1
_REPLY_FLAGS = 0x8180
_POINTER_TO_QUESTION = 0xC00C
_RECORD = struct.pack("!HHHIH", _POINTER_TO_QUESTION, TYPE_A, 1, TTL, len(ADDRESS)) + ADDRESS
_BATCH = 64


def answer(packet: bytes) -> bytes | None:
    """The reply to a query with one question: an address for type A, no data for others; ``None`` if it is no query."""
    end = packet.find(b"\0", HEADER) + 5
    if end < HEADER + 5 or len(packet) < end:
        return None
    wanted = int.from_bytes(packet[end - 4 : end - 2])
    record = _RECORD if wanted == TYPE_A else b""
    return packet[:2] + struct.pack("!5H", _REPLY_FLAGS, 1, 1 if record else 0, 0, 0) + packet[HEADER:end] + record


def serve(port: int) -> None:
    """Answer on 127.0.0.1 until killed; several waiting queries are answered at one wake-up."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(("127.0.0.1", port))
        while True:
            waiting = [sock.recvfrom(4096)]
            with contextlib.suppress(BlockingIOError):
                while len(waiting) < _BATCH:
                    waiting.append(sock.recvfrom(4096, socket.MSG_DONTWAIT))
            for packet, peer in waiting:
                reply = answer(packet)
                if reply is not None:
                    sock.sendto(reply, peer)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
