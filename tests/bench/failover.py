"""How long a query takes when its first upstream is in trouble and the second is well, by transport and trouble.

python -m tests.bench.failover        prints the table of docs/upstreams.md
"""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from safedns.clock import SystemClock
from safedns.resolve.resolver import Resolver
from safedns.settings.model import Upstreams, UpstreamSpec
from safedns.settings.words import upstream
from tests.certificates import Authority
from tests.nameserver import (
    Asked,
    Behaviour,
    Goodbye,
    HangUp,
    Http,
    NameServer,
    Reaction,
    Reset,
    reply,
    with_other_id,
    with_other_name,
)
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache

Face = Literal["udp", "tcp", "tls", "https", "h3", "quic"]
"""How the first upstream is asked; ``tcp`` is a plain one whose every datagram says that the answer is too long."""
FACES: tuple[Face, ...] = get_args(Face)
PLAIN = ("udp", "tcp")
ENCRYPTED = FACES[2:]
STREAMS = ("tcp", "tls")
HTTP = ("https", "h3")
LIE, TRUTH = "203.0.113.66", "192.0.2.1"
NAME = "dns.test"


def lie(asked: Asked) -> bytes:
    return reply(asked, f"A {LIE}")


def half(asked: Asked) -> Reaction:
    """The beginning of an answer, and no more."""
    match asked.transport:
        case "udp":
            return lie(asked)[:-3]
        case "https" | "h3":
            return Http(lie(asked)[:-3])
        case _:
            return HangUp(b"\0\xff" + lie(asked))


def killed(asked: Asked) -> Reaction:
    return Goodbye() if asked.transport in ("quic", "h3") else HangUp()


BEHAVIOURS: dict[str, tuple[tuple[str, ...], Behaviour]] = {
    "killed under the query": (FACES[1:], killed),
    "stalled": (FACES, lambda _: None),
    "wrong id": (("udp", *STREAMS, "quic"), lambda asked: with_other_id(lie(asked))),
    "wrong question": (FACES, lambda asked: with_other_name(lie(asked))),
    "garbage": (FACES, lambda asked: asked.packet[:2] + b"\xff" * 40),
    "half an answer": (FACES, half),
    "truncated for ever": (FACES, lambda asked: reply(asked, truncated=True)),
    "stream broken off": ((*HTTP, "quic"), lambda _: Reset()),
    "HTTP status 503": (HTTP, lambda _: Http(status=503)),
    "a web page": (HTTP, lambda _: Http(b"<html>", kind="text/html")),
    "no HTTP in the stream": (("h3",), lambda _: HangUp(b"\0\1x")),
    "more than a message": (HTTP, lambda _: Http(bytes(70_000))),
    "refuses to serve": (FACES, lambda asked: reply(asked, rcode=5)),
}
"""What a server does to a query, and with which transports that is possible."""
CERTIFICATES = ("wrong certificate name", "expired certificate", "unknown authority")


POSSIBLE: dict[str, tuple[str, ...]] = {
    "nobody listens": FACES,
    "handshake stalls": ENCRYPTED,
    "no TLS there": ("tls", "https"),
    **dict.fromkeys(CERTIFICATES, ENCRYPTED),
    **{trouble: faces for trouble, (faces, _) in BEHAVIOURS.items()},
}


class Case(NamedTuple):
    """One trouble of one transport."""

    trouble: str
    face: Face


CASES = tuple(Case(trouble, face) for trouble, faces in POSSIBLE.items() for face in FACES if face in faces)


@contextmanager
def in_trouble(case: Case, authority: Authority, stranger: Authority) -> Iterator[UpstreamSpec]:
    """An upstream with that trouble."""
    trouble, face = case
    if trouble == "nobody listens":
        with NameServer() as gone:
            port = gone.port
        yield spec_of(face, port)
    elif trouble == "handshake stalls":
        kind = socket.SOCK_DGRAM if face in ("h3", "quic") else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as mute:
            mute.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                mute.listen()
            yield spec_of(face, mute.getsockname()[1])
    elif trouble == "no TLS there":
        with NameServer() as server:
            yield spec_of(face, server.port)
    else:
        behave = BEHAVIOURS[trouble][1] if trouble in BEHAVIOURS else lie
        with server_in_trouble(
            trouble, face, behave, stranger if trouble == "unknown authority" else authority
        ) as server:
            yield spec_of(face, server.port)


def server_in_trouble(trouble: str, face: Face, behave: Behaviour, authority: Authority) -> NameServer:
    """A server that is asked by ``face``; ``trouble`` is what its certificate has, if it is one of ``CERTIFICATES``."""
    if face == "udp":
        return NameServer(behave)
    if face == "tcp":
        return NameServer(lambda asked: reply(asked, truncated=True) if asked.transport == "udp" else behave(asked))
    named = "other.test" if trouble == "wrong certificate name" else NAME
    certificate = authority.issue(named, days=-1 if trouble == "expired certificate" else 1)
    return NameServer(behave, certificate=certificate, face=face)


def spec_of(face: Face, port: int) -> UpstreamSpec:
    """A server at ``port`` of loopback as an upstream."""
    return upstream(f"127.0.0.1:{port}" if face in PLAIN else f"{face}://127.0.0.1:{port}#{NAME}")


async def ask_both(bad: UpstreamSpec, good: UpstreamSpec) -> tuple[list[tuple[str, ...]], list[float]]:
    """The addresses and seconds of the first query, and of the second, which knows better."""
    counters = FakeCounters()
    clock = SystemClock()
    resolver = Resolver(Upstreams((bad, good), "ordered"), small_cache(counters), clock, counters)
    addresses, seconds = [], []
    for name in ("first.example", "second.example"):
        start = clock.monotonic()
        addresses.append((await resolved(resolver, question(name))).answer.addresses)
        seconds.append(clock.monotonic() - start)
    await resolver.close()
    return addresses, seconds


def told(seconds: float) -> str:
    """As the tables show it."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, strange = Path(folder, "ours"), Path(folder, "strange")
        ours.mkdir()
        strange.mkdir()
        authority, stranger = Authority(ours), Authority(strange)
        os.environ["SSL_CERT_FILE"] = str(authority.file)
        times: dict[Case, list[float]] = {}
        for case in CASES:
            with in_trouble(case, authority, stranger) as bad, NameServer() as good:
                _, times[case] = asyncio.run(ask_both(bad, good.spec))
    cell: Callable[[str, Face], str] = lambda trouble, face: (  # noqa: E731 - only this table needs it
        ", ".join(map(told, times[Case(trouble, face)])) if Case(trouble, face) in times else ""
    )
    titles = ("plain", "plain, over TCP", *(f"`{face}://`" for face in ENCRYPTED))
    print("| first upstream | " + " | ".join(titles) + " |\n|" + "---|" * (1 + len(FACES)))
    for trouble in POSSIBLE:
        print(f"| {trouble} | " + " | ".join(cell(trouble, face) for face in FACES) + " |")


if __name__ == "__main__":
    main()
