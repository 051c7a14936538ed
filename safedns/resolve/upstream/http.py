"""DNS over HTTPS to one upstream (RFC 8484), whichever HTTP carries it: what is asked, and what counts as an answer.

    stream: POST --> headers --> body --> answer, its TTL less what an HTTP cache kept it (Age)
               '-- reset, another status, another type, too much --> failure

Nothing of HTTP that tells one household from another is sent: no agent, no cookies, no language.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import Exchange
from safedns.resolve.upstream.connection import Connection, ConnectionCarrier
from safedns.settings.model import UpstreamSpec
from safedns.wire.answer import aged, decode_answer
from safedns.wire.stream import MAX_MESSAGE
from safedns.wire.types import Ede

MEDIA_TYPE = "application/dns-message"
_OFFER = re.compile(rb'\s*h3\s*=\s*"([^"]*)"\s*((?:;[^,;]*)*)')
"""One alternative of an ``Alt-Svc`` field that names HTTP/3 (RFC 7838 section 3, RFC 9114 section 3.1.1)."""
_OFFERED_FOR = re.compile(rb";\s*ma\s*=\s*\"?(\d{1,9})")
_OFFERED_USUALLY = 86_400
"""Seconds that an offer holds where it does not say (RFC 7838 section 3.1)."""
_NUMBER = re.compile(rb"\d{1,9}")


class Resource(NamedTuple):
    """What is asked for."""

    authority: str
    path: str

    @property
    def request(self) -> tuple[tuple[str, str], ...]:
        """The header of every request, but its length."""
        return (
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", self.authority),
            (":path", self.path),
            ("accept", MEDIA_TYPE),
            ("content-type", MEDIA_TYPE),
        )


def resource_of(spec: UpstreamSpec) -> Resource:
    """What is asked of an upstream: its host by the name it proves, with the port where that is not the usual one."""
    host = f"[{spec.certificate}]" if ":" in spec.certificate else spec.certificate
    return Resource(host if spec.port == 443 else f"{host}:{spec.port}", spec.path)


class Offer(NamedTuple):
    """HTTP/3 on the same host."""

    port: int
    seconds: int
    """How long that holds."""


def http3_offer(alternatives: bytes) -> Offer | None:
    """The first offer of HTTP/3 on the same host in an ``Alt-Svc`` field (RFC 7838 section 3); those of others no."""
    for alternative in alternatives.split(b","):
        found = _OFFER.fullmatch(alternative.rstrip())
        host, _, port = found[1].rpartition(b":") if found is not None else (b"", b"", b"")
        if found is None or host or not _NUMBER.fullmatch(port) or not 0 < int(port) <= 65535:
            continue
        kept = _OFFERED_FOR.search(found[2])
        return Offer(int(port), int(kept[1]) if kept is not None else _OFFERED_USUALLY)
    return None


class _Response:
    """What has come of one response."""

    __slots__ = ("age", "body", "trouble")

    def __init__(self) -> None:
        self.trouble = "the upstream sent an HTTP response without a status"
        self.body = b""
        self.age = 0


class HttpConnection(Connection):
    """One connection of which each stream carries a query."""

    def __init__(self, owner: ConnectionCarrier) -> None:
        super().__init__(owner)
        self._responses: dict[int, _Response] = {}
        """By stream, as long as it is open."""

    @abstractmethod
    def cut(self, number: int) -> None:
        """Spare the server a response that nobody waits for."""

    def drop(self, exchange: Exchange) -> None:
        """Free the number, and the stream if it is open."""
        if self._responses.pop(exchange.number, None) is not None and not self.gone:
            self.cut(exchange.number)
        super().drop(exchange)

    def _await_response(self, exchange: Exchange, number: int) -> None:
        """The request is out on this stream."""
        self._responses[number] = _Response()
        self._take_in(exchange, number)

    def _begun(self, number: int, headers: Mapping[bytes, bytes]) -> None:
        """The head of a response has come, or its trailer, which says nothing that matters."""
        response = self._responses.get(number)
        if response is not None and b":status" in headers:
            response.trouble = _trouble_with(headers)
            response.age = _age(headers)

    def _more(self, number: int, data: bytes) -> None:
        response = self._responses.get(number)
        if response is None:
            return
        response.body += data
        if len(response.body) > MAX_MESSAGE:
            self.cut(number)
            self._fail(number, "the upstream sent more than a message may have")

    def _complete(self, number: int) -> None:
        response = self._responses.get(number)
        if response is None:
            return
        if response.trouble:
            self._fail(number, response.trouble)
            return
        exchange = self._pending[number]
        try:
            answer = decode_answer(response.body, exchange.query)
            if not self._terms_known:
                self._learn_terms(response.body, exchange.query)
        except WireError as error:
            self._carrier.mismatches[0] += 1
            self._fail(number, f"the upstream sent something else than an answer: {error}")
            return
        if answer.truncated:
            self._fail(number, "the upstream truncated an answer over HTTPS")
            return
        del self._responses[number]
        exchange.answer(aged(answer, response.age) if response.age else answer)

    def _fail(self, number: int, reason: str) -> None:
        if self._responses.pop(number, None) is not None:
            self._carrier.failed(self._pending[number], UpstreamError(reason, Ede.NETWORK_ERROR))


def _trouble_with(headers: Mapping[bytes, bytes]) -> str:
    """What forbids to read the body as an answer; empty if nothing does."""
    status = headers.get(b":status", b"").decode(errors="replace")
    if status != "200":
        return f"the upstream answered with HTTP status {status}"
    kind = headers.get(b"content-type", b"").decode(errors="replace").partition(";")[0].strip().lower()
    return "" if kind == MEDIA_TYPE else f"the upstream sent {kind or 'no type'} instead of {MEDIA_TYPE}"


def _age(headers: Mapping[bytes, bytes]) -> int:
    """Seconds for which an HTTP cache kept the response (RFC 9111 section 5.1); nought if it does not say."""
    age = headers.get(b"age", b"")
    return int(age[:10]) if age.isdigit() else 0
