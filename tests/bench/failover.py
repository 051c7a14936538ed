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
from typing import NamedTuple

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
    Reset,
    Secure,
    reply,
    with_other_id,
    with_other_name,
)
from tests.unit.resolve.values import FakeCounters, question, resolved, small_cache

FACES: tuple[Secure, ...] = ("tls", "https", "quic")
LIE, TRUTH = "203.0.113.66", "192.0.2.1"
NAME = "dns.test"


def lie(asked: Asked) -> bytes:
    return reply(asked, f"A {LIE}")


BEHAVIOURS: dict[str, dict[str, Behaviour]] = {
    "killed under the query": {
        "tls": lambda _: HangUp(),
        "https": lambda _: HangUp(),
        "quic": lambda _: Goodbye(),
    },
    "stalled": dict.fromkeys(FACES, lambda _: None),
    "wrong id": {"tls": lambda asked: with_other_id(lie(asked)), "quic": lambda asked: with_other_id(lie(asked))},
    "wrong question": dict.fromkeys(FACES, lambda asked: with_other_name(lie(asked))),
    "garbage": dict.fromkeys(FACES, lambda asked: asked.packet[:2] + b"\xff" * 40),
    "half an answer": {
        "tls": lambda asked: HangUp(b"\0\xff" + lie(asked)),
        "https": lambda asked: Http(lie(asked)[:-3]),
        "quic": lambda asked: HangUp(b"\0\xff" + lie(asked)),
    },
    "truncated for ever": dict.fromkeys(FACES, lambda asked: reply(asked, truncated=True)),
    "stream broken off": {"https": lambda _: Reset(), "quic": lambda _: Reset()},
    "HTTP status 503": {"https": lambda _: Http(status=503)},
    "refuses to serve": dict.fromkeys(FACES, lambda asked: reply(asked, rcode=5)),
}
"""What a server does to a query, by trouble and transport."""
CERTIFICATES = ("wrong certificate name", "expired certificate", "unknown authority")
CONNECTIONS = ("nobody listens", "handshake stalls", "no TLS there")


class Case(NamedTuple):
    """One trouble of one transport."""

    trouble: str
    face: Secure


CASES = tuple(
    Case(trouble, face)
    for trouble in (*CONNECTIONS, *CERTIFICATES, *BEHAVIOURS)
    for face in FACES
    if face in BEHAVIOURS.get(trouble, FACES) and (trouble, face) != ("no TLS there", "quic")
)


@contextmanager
def in_trouble(case: Case, authority: Authority, stranger: Authority) -> Iterator[UpstreamSpec]:
    """An upstream with that trouble."""
    trouble, face = case
    if trouble == "nobody listens":
        with NameServer() as gone:
            port = gone.port
        yield _spec(face, port)
    elif trouble == "handshake stalls":
        kind = socket.SOCK_DGRAM if face == "quic" else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as mute:
            mute.bind(("127.0.0.1", 0))
            if face != "quic":
                mute.listen()
            yield _spec(face, mute.getsockname()[1])
    elif trouble == "no TLS there":
        with NameServer() as server:
            yield _spec(face, server.port)
    else:
        by = stranger if trouble == "unknown authority" else authority
        named = "other.test" if trouble == "wrong certificate name" else NAME
        certificate = by.issue(named, days=-1 if trouble == "expired certificate" else 1)
        with NameServer(BEHAVIOURS.get(trouble, {}).get(face, lie), certificate=certificate, face=face) as server:
            yield _spec(face, server.port)


def _spec(face: Secure, port: int) -> UpstreamSpec:
    return upstream(f"{face}://127.0.0.1:{port}#{NAME}")


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


def _told(seconds: float) -> str:
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
    cell: Callable[[str, Secure], str] = lambda trouble, face: (  # noqa: E731 - only this table needs it
        ", ".join(map(_told, times[Case(trouble, face)])) if Case(trouble, face) in times else ""
    )
    print("| first upstream | " + " | ".join(f"`{face}://`" for face in FACES) + " |\n|" + "---|" * 4)
    for trouble in dict.fromkeys(case.trouble for case in CASES):
        print(f"| {trouble} | " + " | ".join(cell(trouble, face) for face in FACES) + " |")


if __name__ == "__main__":
    main()
