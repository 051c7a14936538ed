"""Small pages over HTTP: whatever a client does, it is answered or let go within bounds, and others are served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from safedns import plainhttp
from safedns.plainhttp import MAX_REQUEST, HttpHandler, Reply, Request


@asynccontextmanager
async def server(seen: list[Request] | None = None) -> AsyncIterator[int]:
    """A server on a free port that says hello."""

    async def answer(request: Request) -> Reply:
        if seen is not None:
            seen.append(request)
        return Reply("200 OK", b"hello\n", headers="X-More: yes\r\n")

    started = await asyncio.start_server(HttpHandler(answer).connected, "127.0.0.1", 0, limit=MAX_REQUEST)
    try:
        yield started.sockets[0].getsockname()[1]
    finally:
        started.close()
        await started.wait_closed()


async def exchange(port: int, request: bytes) -> tuple[str, dict[str, str], str]:
    """Status line, headers and body of the reply to ``request``."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        reply = (await asyncio.wait_for(reader.read(), 10)).decode()
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = reply.partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines if line), body


async def test_a_request_is_read_answered_and_the_connection_closed() -> None:
    seen: list[Request] = []
    async with server(seen) as port:
        status, headers, body = await exchange(port, b"GET /a/b?c=d HTTP/1.1\r\nHost: x\r\nACCEPT:  text/html \r\n\r\n")
    assert (status, body) == ("HTTP/1.1 200 OK", "hello\n")
    assert headers == {
        "Content-Type": "text/plain; charset=utf-8", "Content-Length": "6", "X-More": "yes", "Allow": "GET, HEAD",
        "Connection": "close",
    }  # fmt: skip
    assert seen == [Request("GET", "/a/b", {"host": "x", "accept": "text/html", "": ""})]


async def test_a_head_request_gets_no_body() -> None:
    async with server() as port:
        _, headers, body = await exchange(port, b"HEAD / HTTP/1.1\r\n\r\n")
    assert (headers["Content-Length"], body) == ("6", "")


@pytest.mark.parametrize("line", [b"\xff\x00\x01", b"", b"GET", b"\x16\x03\x01\x02\x00\x01\x00"])
async def test_what_is_not_http_is_answered_too(line: bytes) -> None:
    seen: list[Request] = []
    async with server(seen) as port:
        status, _, _ = await exchange(port, line + b"\r\n\r\n")
    assert status == "HTTP/1.1 200 OK"
    assert seen[0].path == ""


async def test_a_request_that_is_too_large_is_told_so() -> None:
    async with server() as port:
        status, _, _ = await exchange(port, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n")
    assert status == "HTTP/1.1 431 Request Header Fields Too Large"


async def test_a_client_that_sends_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plainhttp, "REQUEST_WITHIN", 0.01)
    async with server() as port:
        assert await exchange(port, b"GET / HTTP/1.1\r\n") == ("", {}, "")


async def test_connections_beyond_the_limit_are_closed_and_the_others_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plainhttp, "MAX_CONNECTIONS", 1)
    async with server() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")
        await writer.drain()
        assert await exchange(port, b"") == ("", {}, "")
        writer.write(b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_leaves_at_once_does_no_harm() -> None:
    async with server() as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.transport.abort()
        status, _, _ = await exchange(port, b"GET / HTTP/1.1\r\n\r\n")
        assert status == "HTTP/1.1 200 OK"
