"""DNS servers as others built them, as upstreams on loopback: unbound, dnsdist, knot-resolver, BIND and aioquic.

Each gives ``TRUTH`` for every name below ``MANY``; but for aioquic, 192.0.2.1 and 192.0.2.2 for a.home.test and
b.home.test, too. They can be killed, stalled and started again at the same ports.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from safedns.settings.model import UpstreamSpec
from safedns.settings.words import upstream
from tests.certificates import Authority
from tests.e2e.running import listens, until
from tests.ports import free_port
from tests.tools import tool

NAME = "dns.test"
"""What every certificate is for."""
MANY, TRUTH = "many.home.test", "192.0.2.9"
Trouble = Literal["killed", "stalled"]
TROUBLES: tuple[Trouble, ...] = get_args(Trouble)

_WRITTEN = {
    "dns": "127.0.0.1:{}",
    "tls": f"tls://127.0.0.1:{{}}#{NAME}",
    "https": f"https://127.0.0.1:{{}}/dns-query#{NAME}",
    "h3": f"h3://127.0.0.1:{{}}/dns-query#{NAME}",
    "quic": f"quic://127.0.0.1:{{}}#{NAME}",
}


class Program:
    """A server and the port of each transport; skips where it is not installed."""

    def __init__(self, command: Sequence[str], ports: dict[str, int]) -> None:
        self.ports = ports
        self._command = [tool(command[0]), *command[1:]]

    def upstream(self, transport: str) -> UpstreamSpec:
        """It as an upstream."""
        return upstream(_WRITTEN[transport].format(self.ports[transport]))

    def start(self) -> None:
        """Start it; it listens when this returns."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for port in self.ports.values():
            until(lambda port=port: listens(port), f"{self._command[0]} listens")  # type: ignore[misc]

    def kill(self) -> None:
        """End it without a word to anybody; ``start`` starts another."""
        self._process.kill()
        self._process.wait(timeout=10)

    def stall(self) -> None:
        """Stop it: the kernel goes on taking what is sent to it, and nobody looks at that."""
        self._process.send_signal(signal.SIGSTOP)
        until(self._stopped, f"every thread of {self._command[0]} has stopped")

    def go_on(self) -> None:
        """Let it run again."""
        self._process.send_signal(signal.SIGCONT)

    def hurt(self, trouble: Trouble) -> None:
        """Bring it into trouble."""
        if trouble == "killed":
            self.kill()
        else:
            self.stall()

    def mend(self, trouble: Trouble) -> None:
        """End the trouble; it serves, or is about to, when this returns."""
        if trouble == "killed":
            self.start()
        else:
            self.go_on()

    def _stopped(self) -> bool:
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)

    @contextmanager
    def running(self) -> Iterator[Program]:
        """Started, and ended with the ``with`` block however it is."""
        try:
            self.start()
            yield self
        finally:
            self.kill()


def _free_ports(*transports: str) -> dict[str, int]:
    return {transport: free_port() for transport in transports}


def _written(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def unbound(folder: Path, authority: Authority) -> Program:
    """Plain and over TLS."""
    ports, certificate = _free_ports("dns", "tls"), authority.issue(NAME, "127.0.0.1")
    text = f"""
server:
  interface: 127.0.0.1@{ports["dns"]}
  interface: 127.0.0.1@{ports["tls"]}
  tls-port: {ports["tls"]}
  tls-service-pem: {certificate.cert}
  tls-service-key: {certificate.key}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  local-zone: "home.test." static
  local-data: "a.home.test. A 192.0.2.1"
  local-data: "b.home.test. A 192.0.2.2"
  local-zone: "{MANY}." redirect
  local-data: "{MANY}. A {TRUTH}"
remote-control:
  control-enable: no
"""
    return Program(["unbound", "-d", "-c", _written(folder, "unbound.conf", text)], ports)


def dnsdist(folder: Path, authority: Authority) -> Program:
    """Over TLS and HTTPS, from answers of its own."""
    ports, certificate = _free_ports("tls", "https"), authority.issue(NAME, "127.0.0.1")
    text = f"""
setLocal("127.0.0.1:{free_port()}")
addTLSLocal("127.0.0.1:{ports["tls"]}", "{certificate.cert}", "{certificate.key}")
addDOHLocal("127.0.0.1:{ports["https"]}", "{certificate.cert}", "{certificate.key}", "/dns-query")
addAction("a.home.test", SpoofAction("192.0.2.1"))
addAction("b.home.test", SpoofAction("192.0.2.2"))
addAction("{MANY}", SpoofAction("{TRUTH}"))
newServer("127.0.0.1:9")
"""
    command = ["dnsdist", "--supervised", "--disable-syslog", "-C", _written(folder, "dnsdist.conf", text)]
    return Program(command, ports)


def kresd(folder: Path, authority: Authority) -> Program:
    """Knot resolver: plain, over TLS and over HTTPS."""
    ports, certificate = _free_ports("dns", "tls", "https"), authority.issue(NAME, "127.0.0.1")
    kinds = {"dns": "dns", "tls": "tls", "https": "doh2"}
    listen = [f'net.listen("127.0.0.1", {port}, {{ kind = "{kinds[name]}" }})' for name, port in ports.items()]
    text = (
        "\n".join(listen)
        + f"""
net.tls("{certificate.cert}", "{certificate.key}")
trust_anchors.remove(".")
modules = {{ "policy" }}
local names = {{ ["a.home.test"] = "192.0.2.1", ["b.home.test"] = "192.0.2.2", ["{MANY}"] = "{TRUTH}" }}
for name, address in pairs(names) do
  local answer = policy.ANSWER({{ [kres.type.A] = {{ rdata = kres.str2ip(address), ttl = 60 }} }})
  policy.add(policy.suffix(answer, {{ todname(name) }}))
end
"""
    )
    return Program(["kresd", "-n", "-q", "-c", _written(folder, "kresd.conf", text), str(folder)], ports)


def bind(folder: Path, authority: Authority) -> Program:
    """BIND: plain, over TLS and over HTTPS; over UDP it gives cookies (RFC 7873)."""
    ports, certificate = _free_ports("dns", "tls", "https"), authority.issue(NAME, "127.0.0.1")
    zone = _written(
        folder,
        "home.zone",
        "$TTL 60\n@ SOA ns admin 1 2 3 4 5\n@ NS ns\nns A 192.0.2.8\na A 192.0.2.1\nb A 192.0.2.2\n"
        f"*.{MANY}. A {TRUTH}\n",
    )
    text = f"""
tls ours {{ cert-file "{certificate.cert}"; key-file "{certificate.key}"; }};
options {{
  directory "{folder}"; pid-file none; session-keyfile none; recursion no; listen-on-v6 {{ none; }};
  listen-on port {ports["dns"]} {{ 127.0.0.1; }};
  listen-on port {ports["tls"]} tls ours {{ 127.0.0.1; }};
  listen-on port {ports["https"]} tls ours http default {{ 127.0.0.1; }};
}};
controls {{ }};
zone "home.test" {{ type primary; file "{zone}"; }};
"""
    return Program(["named", "-f", "-c", _written(folder, "named.conf", text), "-p", str(ports["dns"])], ports)


def aioquic_doq(_: Path, authority: Authority) -> Program:
    """DNS over QUIC."""
    return _aioquic(authority, "quic")


def aioquic_h3(_: Path, authority: Authority) -> Program:
    """DNS over HTTP/3."""
    return _aioquic(authority, "h3")


def _aioquic(authority: Authority, face: str) -> Program:
    ports, certificate = _free_ports(face), authority.issue(NAME, "127.0.0.1")
    arguments = [face, str(ports[face]), str(certificate.cert), str(certificate.key)]
    return Program([sys.executable, "-m", "tests.e2e.aioquic_server", *arguments], ports)


Maker = Callable[[Path, Authority], Program]

SERVED: tuple[tuple[Maker, str], ...] = (
    (unbound, "dns"),
    (unbound, "tls"),
    (dnsdist, "tls"),
    (dnsdist, "https"),
    (kresd, "dns"),
    (kresd, "tls"),
    (kresd, "https"),
    (bind, "dns"),
    (bind, "tls"),
    (bind, "https"),
    (aioquic_doq, "quic"),
    (aioquic_h3, "h3"),
)
"""Every server with each transport that it serves."""
