"""Small pages of our own over HTTP: one request a connection, read within bounds, answered and closed.

Whatever a client sends or leaves out costs a bounded piece of memory for a few seconds. Must not know what is served,
and writes nothing down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

MAX_REQUEST = 8192
"""Bytes of a request's head; give it to ``asyncio.start_server`` as ``limit``."""
REQUEST_WITHIN = 5.0
"""Seconds in which a client must have sent its request, and again in which it must have taken the reply."""
MAX_CONNECTIONS = 16


class Request(NamedTuple):
    """The head of a request; empty texts for what is not HTTP."""

    method: str
    path: str
    """Without its query."""
    headers: Mapping[str, str]
    """By lower-case name."""


class Reply(NamedTuple):
    """What goes back."""

    status: str
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: str = ""
    """More header lines, each with its line end."""


class HttpHandler:
    """Serves connections by ``answer``; what it does not read (a body) is ignored."""

    def __init__(self, answer: Callable[[Request], Awaitable[Reply]]) -> None:
        self._answer = answer
        self._open = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection and close it, whatever the client does."""
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                await self._serve(reader, writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method = ""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_WITHIN)
        except asyncio.LimitOverrunError:
            reply = Reply("431 Request Header Fields Too Large", b"the request is too large\n")
        else:
            request = _parse(head)
            method = request.method
            reply = await self._answer(request)
        writer.write(
            f"HTTP/1.1 {reply.status}\r\nContent-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n"
            f"{reply.headers}Allow: GET, HEAD\r\nConnection: close\r\n\r\n".encode()
        )
        if method != "HEAD":
            writer.write(reply.body)
        await asyncio.wait_for(writer.drain(), REQUEST_WITHIN)


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    pairs = (line.partition(":") for line in lines)
    return Request(method, path, {name.strip().lower(): value.strip() for name, _, value in pairs})
