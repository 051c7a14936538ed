"""A server of DNS over QUIC or HTTP/3 as a process of its own.

``python -m tests.e2e.aioquic_server FACE PORT CERT KEY``, with ``quic`` or ``h3`` as FACE, gives 192.0.2.9 for every
name and serves until it is ended.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import cast

from tests.certificates import Certificate
from tests.nameserver import Asked, NameServer, Reaction, Secure, reply


def answer(asked: Asked) -> Reaction:
    return reply(asked, *["A 192.0.2.9"] * (asked.qtype == "A"))


def main(face: str, port: str, cert: str, key: str) -> None:
    certificate = Certificate(Path(cert), Path(key), b"")
    with NameServer(answer, certificate=certificate, face=cast("Secure", face), port=int(port), remember=False):
        signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main(*sys.argv[1:])
