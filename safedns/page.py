"""The page that a browser shows for a closed name: static, in two languages, about nobody and nothing in particular.

It says that the name is closed and not broken, whom to ask, and where a child in danger finds help. It does not repeat
the name, whatever a browser sends is not looked at, and nothing is written down.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Mapping
from html import escape

from safedns.plainhttp import MAX_REQUEST, HttpHandler, Reply, Request

_HEADERS = (
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
)
_STYLE = (
    "body{font:1.1em/1.5 sans-serif;max-width:36em;margin:2em auto;padding:0 1em;color:#222;background:#fafafa}"
    "section+section{border-top:1px solid #ccc;margin-top:2em}"
)
_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "This site is closed on this device",
        "what": "The family filter of this network keeps it closed, always or at this hour. Nothing is broken: other "
        "sites go on working.",
        "why": "Why it is closed is written in the family's log. If you need it, ask whoever looks after the filter; "
        "together you can open it.",
        "contact": "You can reach somebody here: {contact}",
        "help": "Is somebody frightening, threatening or hurting you? In Viet Nam call {hotline}, day and night, free "
        "of charge. What harms children on the internet can be reported at {report}.",
    },
    "vi": {
        "title": "Trang này đang bị chặn trên thiết bị này",
        "what": "Bộ lọc của gia đình chặn trang này, luôn luôn hoặc vào giờ này. Mạng không hỏng: các trang khác "
        "vẫn vào được.",
        "why": "Lý do được ghi trong nhật ký của gia đình. Nếu em cần trang này, hãy hỏi người phụ trách bộ lọc; cả "
        "nhà có thể cùng nhau mở.",
        "contact": "Có thể liên hệ: {contact}",
        "help": "Có ai làm em sợ, đe dọa hoặc làm em đau? Hãy gọi {hotline}, ngày đêm, miễn phí. Nội dung xâm hại trẻ "
        "em trên mạng có thể báo tại {report}.",
    },
}
_HOTLINE = "tel:111"
_REPORT = "vn-cop.vn"


async def serve_page(sock: socket.socket, language: str, contact: Iterable[str]) -> asyncio.Server:
    """Answer every request on a listening socket with the page; the caller closes the server."""
    body = page_html(language, contact).encode()
    reply = Reply("403 Forbidden", body, "text/html; charset=utf-8", _HEADERS)

    async def answer(_request: Request) -> Reply:
        return reply

    return await asyncio.start_server(HttpHandler(answer).connected, sock=sock, limit=MAX_REQUEST)


def page_html(language: str, contact: Iterable[str]) -> str:
    """The page, the household's ``language`` first; ``contact``: URIs."""
    links = [_link(uri) for uri in contact if uri != _HOTLINE]
    order = sorted(_TEXTS, key=lambda each: each != language)
    sections = "".join(_section(each, links) for each in order)
    return (
        f'<!DOCTYPE html><html lang="{order[0]}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{_TEXTS[order[0]]["title"]}</title>'
        f"<style>{_STYLE}</style>{sections}</html>\n"
    )


def _section(language: str, links: list[str]) -> str:
    texts = _TEXTS[language]
    lines = [texts["what"], texts["why"]]
    if links:
        lines.append(texts["contact"].format(contact=", ".join(links)))
    lines.append(texts["help"].format(hotline=_link(_HOTLINE), report=_REPORT))
    return (
        f'<section lang="{language}"><h1>{texts["title"]}</h1>{"".join(f"<p>{line}</p>" for line in lines)}</section>'
    )


def _link(uri: str) -> str:
    return f'<a href="{escape(uri)}">{escape(uri.partition(":")[2])}</a>'
