"""Two-byte length framing of messages on TCP, TLS and QUIC streams (RFC 7766 section 8). Bytes in, messages out."""

from __future__ import annotations

MAX_MESSAGE = 0xFFFF


def frame(message: bytes) -> bytes:
    """The message with its length in front; ``ValueError`` when it is longer than 65535 octets."""
    if len(message) > MAX_MESSAGE:
        raise ValueError(f"a message of {len(message)} octets does not fit in a frame; at most {MAX_MESSAGE} do")
    return len(message).to_bytes(2, "big") + message


class Deframer:
    """Collects what arrives on one stream, in chunks of any size, and gives out whole messages."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    @property
    def pending(self) -> int:
        """Octets of a message that is not complete yet, its length prefix included."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Messages that ``data`` completes, in order."""
        buffer = self._buffer + data
        messages = []
        position = 0
        while position + 2 <= len(buffer):
            end = position + 2 + int.from_bytes(buffer[position : position + 2], "big")
            if end > len(buffer):
                break
            messages.append(buffer[position + 2 : end])
            position = end
        self._buffer = buffer[position:]
        return messages
