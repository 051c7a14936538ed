"""The page about a closed name: the same for everybody, in both languages, about nothing that was asked."""

from __future__ import annotations

import asyncio
import socket
from html.parser import HTMLParser

import pytest

from safedns.page import page_html, serve_page
from tests.unit.test_plainhttp import exchange


class Text(HTMLParser):
    """The visible text of a page, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.links: list[str] = []
        self.languages: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.lines.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        self.languages += [value or "" for name, value in attrs if tag == "section" and name == "lang"]


@pytest.mark.parametrize(("language", "order"), [("vi", ["vi", "en"]), ("en", ["en", "vi"])])
def test_the_page_speaks_the_households_language_first_and_the_other_too(language: str, order: list[str]) -> None:
    assert Text(page_html(language, ())).languages == order


def test_the_page_names_the_hotline_the_place_to_report_and_the_contacts_once_in_each_language() -> None:
    text = Text(page_html("vi", ("tel:111", "mailto:ba@home.example")))
    assert text.links == ["mailto:ba@home.example", "tel:111"] * 2
    assert "".join(text.lines).count("vn-cop.vn") == 2


def test_a_contact_cannot_put_anything_into_the_page() -> None:
    assert "<script>" not in page_html("en", ('mailto:"><script>',))


async def test_every_request_gets_the_same_page_with_nothing_of_the_request_in_it() -> None:
    sock = socket.create_server(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    server = await serve_page(sock, "en", ("tel:1",))
    async with server:
        requests = [
            b"GET / HTTP/1.1\r\nHost: closed.example\r\n\r\n",
            b"GET /closed.example?closed HTTP/1.1\r\nHost: other.example\r\n\r\n",
            b"POST /x HTTP/1.1\r\nContent-Length: 6\r\n\r\nclosed",
        ]
        replies = [await exchange(port, request) for request in requests]
    assert len({str(reply) for reply in replies}) == 1
    status, headers, body = replies[0]
    assert status == "HTTP/1.1 403 Forbidden"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert int(headers["Content-Length"]) == len(body.encode())
    assert "closed.example" not in body
    await asyncio.sleep(0)
