"""One HTTP request -> the DNS query in it, or the status that refuses it (RFC 8484 section 4.1). Pure."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from safedns.wire.stream import MAX_MESSAGE

PATH = "/dns-query"
MEDIA_TYPE = "application/dns-message"
MAX_PATH = 8192
"""Octets; a query of usual size needs a few hundred."""

_IDENTIFIED = re.compile(re.escape(PATH) + r"/([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class HttpQuery(NamedTuple):
    """A query, and the id of the device if the path names one."""

    packet: bytes
    id: str


class Refusal(NamedTuple):
    """What a request that is no query is told."""

    status: int
    text: str


class Target(NamedTuple):
    """A path that is ours."""

    id: str
    message: str | None
    """The query of a GET request as it was written; ``None`` where there is none."""


def target_of(method: str, path: str, content_type: str) -> Target | Refusal:
    """What is known before a body has come: ``/dns-query``, ``/dns-query/an-tablet``, each perhaps with ``?dns=``."""
    if len(path) > MAX_PATH:
        return Refusal(414, "the address is too long; use POST")
    place, _, parameters = path.partition("?")
    id_ = ""
    if place != PATH:
        identified = _IDENTIFIED.fullmatch(place)
        if identified is None:
            return Refusal(404, f"DNS is asked at {PATH}")
        id_ = identified[1].lower()
    if method not in ("GET", "POST"):
        return Refusal(405, "only GET and POST ask here")
    if method == "POST" and content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        return Refusal(415, f"a query is sent as {MEDIA_TYPE}")
    message = next((each[4:] for each in parameters.split("&") if each.startswith("dns=")), None)
    return Target(id_, message)


def query_of(method: str, target: Target, body: bytes) -> HttpQuery | Refusal:
    """The query of a whole request whose method and type were not refused."""
    if method == "POST":
        packet = body
    elif target.message is None:
        return Refusal(400, "the parameter dns is missing")
    else:
        decoded = _decode(target.message)
        if decoded is None:
            return Refusal(400, "the parameter dns is not base64url without padding")
        packet = decoded
    if len(packet) > MAX_MESSAGE:
        return Refusal(413, "the query is too long")
    return HttpQuery(packet, target.id)


def _decode(text: str) -> bytes | None:
    if not _BASE64URL.fullmatch(text):
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
