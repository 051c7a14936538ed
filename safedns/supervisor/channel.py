"""Messages between the supervisor and its children: JSON over a sequenced-packet socket pair, with descriptors.

Owns the framing only. What is large travels as an anonymous memory file, so that nothing private touches a disk.
"""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

from safedns.errors import SafednsError

_MAX_MESSAGE = 64 * 1024
_SPILLED = "spilled"
"""Key of a message whose text lies in a memory file, the last descriptor, for it is too long to be sent."""
_MAX_DESCRIPTORS = 250  # the kernel takes 253 (SCM_MAX_FD)

Message = dict[str, Any]


class ChannelClosedError(SafednsError):
    """The process at the other end has gone."""


class Received(NamedTuple):
    """One message and the descriptors that came with it, which the receiver owns."""

    message: Message
    descriptors: list[int]


class Channel:
    """One end; both ends are non-blocking."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Our end, and the other one to be inherited by a child."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    @classmethod
    def inherited(cls, descriptor: int) -> Channel:
        """The end that a child was started with."""
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        return self._sock.fileno()

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Raises ``ChannelClosedError`` when nobody can receive it."""
        if len(descriptors) > _MAX_DESCRIPTORS:
            raise SafednsError(f"too many sockets for one process: {len(descriptors)}, at most {_MAX_DESCRIPTORS}")
        data = json.dumps(message).encode()
        if len(data) > _MAX_MESSAGE:
            spilled = to_memory_file(data)
            try:
                self.send({_SPILLED: True}, (*descriptors, spilled))
            finally:
                os.close(spilled)
            return
        try:
            socket.send_fds(self._sock, [data], list(descriptors))
        except (BrokenPipeError, ConnectionError, BlockingIOError) as error:
            raise ChannelClosedError(f"the other process does not listen: {error}") from error

    def receive(self) -> Received | None:
        """The next message, ``None`` when there is none yet; raises ``ChannelClosedError`` at the end."""
        size = array.array("i").itemsize
        try:
            data, ancillary, _, _ = self._sock.recvmsg(_MAX_MESSAGE, socket.CMSG_SPACE(_MAX_DESCRIPTORS * size))
        except BlockingIOError:
            return None
        except ConnectionError as error:
            raise ChannelClosedError(str(error)) from error
        descriptors = array.array("i")
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(payload[: len(payload) - len(payload) % size])
        if not data:
            raise ChannelClosedError("the other process has gone")
        message = json.loads(data)
        if _SPILLED in message:
            message = json.loads(from_memory_file(descriptors.pop()))
        return Received(message, list(descriptors))

    def close(self) -> None:
        self._sock.close()


def to_memory_file(data: bytes) -> int:
    """A descriptor of an anonymous memory file that holds ``data``; the caller closes it."""
    descriptor = os.memfd_create("safedns", os.MFD_CLOEXEC)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return descriptor


def from_memory_file(descriptor: int) -> bytes:
    """What a memory file holds; closes the descriptor."""
    try:
        parts, offset = [], 0
        while part := os.pread(descriptor, 1 << 20, offset):
            parts.append(part)
            offset += len(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)
