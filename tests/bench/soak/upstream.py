"""An upstream as a process of its own, which can be killed, and told to misbehave: ``... upstream PORT``.

Each line on its standard input names what it does from then on: a key of ``BEHAVIOURS``.
"""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from tests.nameserver import Asked, Behaviour, NameServer, Reaction, reply, soa, with_other_id, with_other_name
from tests.ports import free_port

LIE = "A 203.0.113.66"


def honest(asked: Asked) -> Reaction:
    """One address for every name, but for those that do not exist."""
    if asked.name.lower().endswith("nowhere.example"):
        return reply(asked, rcode=3, authority=(soa(60),))
    return reply(asked, "A 192.0.2.1", ttl=120) if asked.qtype == "A" else reply(asked, authority=(soa(60),))


BEHAVIOURS: dict[str, Behaviour] = {
    "honest": honest,
    "stalled": lambda _: None,
    "wrong id": lambda asked: with_other_id(reply(asked, LIE)),
    "wrong question": lambda asked: with_other_name(reply(asked, LIE)),
    "garbage": lambda asked: asked.packet[:2] + b"\xff" * 40,
    "truncated for ever": lambda asked: reply(asked, truncated=True),
    "refuses": lambda asked: reply(asked, rcode=5),
}
LIES = ("wrong id", "wrong question", "garbage", "truncated for ever", "refuses")


class Upstream:
    """Such a process, always at the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Upstream:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it; it is honest, and answers when this returns."""
        command = [sys.executable, "-m", "tests.bench.soak.upstream", str(self.port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def kill(self) -> None:
        """End it as a power cut does."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.stdout.close()
            self._process = None

    def behave(self, name: str) -> None:
        """Do this from now on."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()


def main(port: int) -> None:
    """Serve until the standard input ends."""
    with NameServer(honest, port=port, remember=False) as server:
        print("ready", flush=True)
        for line in sys.stdin:
            server.behave = BEHAVIOURS[line.strip()]


if __name__ == "__main__":
    main(int(sys.argv[1]))
