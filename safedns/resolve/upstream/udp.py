"""DNS over UDP to one upstream, hard to forge: random ids on short-lived random ports (RFC 5452), cookies (RFC 7873).

    start --> a port at random --> pending[id] --> readable --> id and question match --> exchange.answer
                 (connected socket: the kernel drops              else counted, still waiting
                  what does not come from the upstream)

A truncated answer hands the exchange over (to TCP); since when nothing has come is told, so that TCP can be tried. A
question that is not understood is asked again without cookies, then without EDNS; what helps is remembered for a while.
Must not time anything out: whoever started an exchange cancels it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from safedns.clock import Clock
from safedns.errors import UpstreamError, WireError
from safedns.resolve.upstream import COOKIES, EDNS, NOTHING, Exchange
from safedns.resolve.upstream.cookies import Cookies
from safedns.resolve.upstream.doubted import NOT_UNDERSTOOD, ask_over_tcp
from safedns.resolve.upstream.entropy import unpredictable
from safedns.resolve.upstream.source import family
from safedns.wire.answer import FINDINGS, Answer, decode_answer
from safedns.wire.request import request_without_edns, upstream_request
from safedns.wire.types import Ede, RCode

PORTS = 16
"""Sockets open for new queries."""
QUERIES_PER_PORT = 32
SECONDS_PER_PORT = 5.0
"""After so many queries or seconds a port takes no new ones: who found it out has found out little."""
WITHOUT_EDNS = 600.0
"""Seconds until a server that could not read EDNS is asked with it again."""
_DATAGRAM_MAX = 8192
_READS_AT_ONCE = 64
_TROUBLE = NOT_UNDERSTOOD | {int(RCode.BADCOOKIE)}


class UdpCarrier:
    """Carries exchanges as datagrams to one address."""

    __slots__ = (
        "_address",
        "_clock",
        "_family",
        "_open_ports",
        "_ports",
        "_without_edns_until",
        "asked_at",
        "cookies",
        "mismatches",
        "numbers",
        "on_truncated",
    )

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        mismatches: list[int],
        on_truncated: Callable[[Exchange], None],
    ) -> None:
        self._address = (host, port)
        self._family = family(host)
        self._clock = clock
        self.numbers = unpredictable()
        """Message ids, and which port is used."""
        self.mismatches = mismatches
        """Counts answers that match nothing."""
        self.on_truncated = on_truncated
        """Takes over an exchange whose answer does not fit in a datagram, or cannot be believed from one."""
        self.cookies = Cookies(clock)
        self._without_edns_until = 0.0
        self.asked_at: float | None = None
        """When the first query went out since anything came back (monotonic seconds)."""
        self._ports: list[_Port | None] = [None] * PORTS
        self._open_ports: set[_Port] = set()

    def start(self, exchange: Exchange) -> None:
        """Send the query; what cannot be sent fails at once."""
        now = self._clock.monotonic()
        if self.asked_at is None:
            self.asked_at = now
        try:
            self._pick(now).send(exchange)
        except OSError as error:
            exchange.fail(_unreachable(error))

    def request(self, exchange: Exchange, message_id: int) -> bytes:
        """What is sent to ask; notes if it is without EDNS, which a client that sets DO cannot do without."""
        query = exchange.query
        if not query.do and self._clock.monotonic() < self._without_edns_until:
            exchange.without = EDNS
        if not exchange.without:
            return upstream_request(query, message_id, self.cookies.option)
        return (
            upstream_request(query, message_id)
            if exchange.without == COOKIES
            else request_without_edns(query, message_id)
        )

    def do_without(self, what: int) -> None:
        """The server understands a question without it that it did not understand with it."""
        if what == EDNS:
            self._without_edns_until = self._clock.monotonic() + WITHOUT_EDNS
        elif what == COOKIES:
            self.cookies.do_without()

    def doubt(self, exchange: Exchange) -> None:
        """Go on over TCP: a server that gives cookies has not understood, or a forger says so."""
        ask_over_tcp(exchange, self.on_truncated, self.cookies)

    def close(self) -> None:
        """Close every port; what waits there fails."""
        for port in list(self._open_ports):
            port.abort(UpstreamError("the upstream is being closed", Ede.NETWORK_ERROR))

    def closed(self, port: _Port) -> None:
        """A port has gone."""
        self._open_ports.discard(port)

    def _pick(self, now: float) -> _Port:
        index = next(self.numbers) % PORTS
        port = self._ports[index]
        if port is not None:
            if not port.spent(now):
                return port
            port.retire()
        sock = self._connected_socket()
        self.cookies.leave_from(sock.getsockname()[0])
        self._ports[index] = port = _Port(self, sock, now)
        self._open_ports.add(port)
        return port

    def _connected_socket(self) -> socket.socket:
        sock = socket.socket(self._family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            sock.connect(self._address)
        except OSError:
            sock.close()
            raise
        return sock


class _Port:
    """One connected socket and the exchanges that wait for an answer on it."""

    __slots__ = ("_born", "_loop", "_owner", "_pending", "_retired", "_sent", "_socket")

    def __init__(self, owner: UdpCarrier, sock: socket.socket, now: float) -> None:
        self._owner = owner
        self._socket = sock
        self._born = now
        self._pending: dict[int, Exchange] = {}
        self._sent = 0
        self._retired = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    def spent(self, now: float) -> bool:
        """Whether it may take no further query."""
        return self._retired or self._sent >= QUERIES_PER_PORT or now - self._born >= SECONDS_PER_PORT

    def send(self, exchange: Exchange) -> None:
        """Send the query under an id of its own; ``OSError`` when that cannot be done."""
        numbers = self._owner.numbers
        message_id = next(numbers)
        while message_id in self._pending:
            message_id = next(numbers)
        self._sent += 1
        try:
            self._socket.send(self._owner.request(exchange, message_id))
        except ConnectionRefusedError as error:
            self.abort(_unreachable(error))
            raise
        exchange.number = message_id
        exchange.carrier = self
        self._pending[message_id] = exchange

    def drop(self, exchange: Exchange) -> None:
        """Free the id."""
        del self._pending[exchange.number]
        if self._retired and not self._pending:
            self._close()

    def retire(self) -> None:
        """Take no new queries; close after the last answer."""
        if not self._retired:
            self._retired = True
            if not self._pending:
                self._close()

    def abort(self, error: UpstreamError) -> None:
        """Fail everything that waits, and close."""
        self.retire()
        for exchange in list(self._pending.values()):
            exchange.fail(error)

    def _close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._owner.closed(self)

    def _readable(self) -> None:
        try:
            for _ in range(_READS_AT_ONCE):
                self._take(self._socket.recv(_DATAGRAM_MAX))
                if not self._pending:
                    return
        except BlockingIOError:
            return
        except OSError as error:
            self.abort(_unreachable(error))

    def _take(self, packet: bytes) -> None:
        self._owner.asked_at = None
        exchange = self._pending.get(int.from_bytes(packet[:2]))
        if exchange is None:
            self._owner.mismatches[0] += 1
            return
        try:
            answer = decode_answer(packet, exchange.query)
        except WireError:
            # Perhaps forged: the true answer may still come.
            self._owner.mismatches[0] += 1
            return
        if self._owner.cookies.option not in packet and not self._cookies_hold(packet, answer.rcode, exchange):
            return
        if exchange.retried or answer.rcode in _TROUBLE:
            self._go_on(answer, exchange)
        elif answer.truncated:
            exchange.hand_over(self._owner.on_truncated)
        else:
            exchange.answer(answer)

    def _cookies_hold(self, packet: bytes, rcode: int, exchange: Exchange) -> bool:
        """Look at an answer that does not have just the cookies that were sent; an unbelievable one goes to TCP."""
        cookies = self._owner.cookies
        if cookies.ours in packet:
            cookies.learn(packet, exchange.query)
        elif cookies.given:
            if rcode in NOT_UNDERSTOOD:  # who could not read the question cannot echo its cookie
                exchange.hand_over(self._owner.doubt)
            else:
                cookies.missed()
                exchange.hand_over(self._owner.on_truncated)
            return False
        return True

    def _go_on(self, answer: Answer, exchange: Exchange) -> None:
        """There is trouble with the question, its EDNS or its cookie, or there was before it was asked again."""
        owner = self._owner
        if answer.rcode == RCode.BADCOOKIE:
            # Once with the cookie that came with the refusal, then over TCP (RFC 7873 section 5.3).
            if exchange.retried:
                exchange.hand_over(owner.on_truncated)
            else:
                self._ask_again(exchange)
        elif answer.rcode not in NOT_UNDERSTOOD:
            if answer.rcode in FINDINGS:  # other errors do not show that it was of any help
                owner.do_without(exchange.without)
            if answer.truncated:
                exchange.hand_over(owner.on_truncated)
            else:
                exchange.answer(answer)
        elif (less := self._less(exchange)) != NOTHING:
            exchange.without = less
            self._ask_again(exchange)
        else:
            exchange.answer(answer)

    def _less(self, exchange: Exchange) -> int:
        """What to ask without now that the question was not understood; ``NOTHING`` where that is no use."""
        cookies = self._owner.cookies
        if cookies.given:
            return NOTHING  # who gives cookies knows EDNS: the question is the trouble
        if exchange.without == NOTHING and cookies.option:
            return COOKIES
        return EDNS if exchange.without != EDNS and not exchange.query.do else NOTHING

    def _ask_again(self, exchange: Exchange) -> None:
        exchange.hand_over(self._owner.start)
        exchange.retried = True  # not before: whoever takes an exchange over begins anew


def _unreachable(error: OSError) -> UpstreamError:
    return UpstreamError(f"the upstream cannot be reached: {error.strerror or error}", Ede.NETWORK_ERROR)
