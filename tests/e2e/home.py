"""A home of several devices on one switch: each gets its own child's rules, by its hardware address or otherwise.

An's device may not have ``an.example``, Bình's not ``binh.example``, an unclaimed one neither: which of the names are
closed says whom a device was taken for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.query
import dns.rcode

from tests.e2e.namespaces import Namespace, home_network
from tests.e2e.running import Running, household, until

AN_MAC, BINH_MAC, ROUTER_MAC = "aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02", "aa:bb:cc:dd:ee:ff"
SERVER, SERVER6, ROUTER, ROUTER6 = "10.77.0.1", "fd77::1", "10.77.0.254", "fd77::254"
NAMES = ("an.example", "binh.example")
WHO = {("an.example",): "an", ("binh.example",): "binh", NAMES: "nobody", (): "the router"}


def family(an: str = AN_MAC, binh: str = BINH_MAC, router: str | None = None) -> dict[str, Any]:
    home = {"router": {"preset": "open", "devices": [router]}} if router else {}
    return {
        "children": {
            "an": {"preset": "open", "devices": [an], "block": ["an.example"], "log": "full"},
            "binh": {"preset": "open", "devices": [binh], "block": ["binh.example"], "log": "full"},
        },
        "groups": {"guests": {"preset": "open", "block": list(NAMES), "log": "full"}, **home},
        "unknown": "guests",
    }


class Home:
    """The server, the devices of An and Bình, and a router that has no rules of its own."""

    def __init__(self, server: Namespace, devices: Sequence[Namespace], house: Running) -> None:
        self.server = server
        self.an, self.binh, self.router = devices
        self.house = house

    def taken_for(
        self,
        device: Namespace,
        at: str = SERVER,
        *,
        source: str | None = None,
        options: Sequence[dns.edns.Option] = (),
        tcp: bool = False,
    ) -> str:
        """Whom the server takes ``device`` for when it asks at an address, from ``source``."""
        with device.entered():
            return WHO[tuple(name for name in NAMES if self._closed(name, at, source, options, tcp=tcp))]

    def _closed(self, name: str, at: str, source: str | None, options: Sequence[dns.edns.Option], *, tcp: bool) -> bool:
        query = dns.message.make_query(name, "A", use_edns=0, options=list(options))
        ask = dns.query.tcp if tcp else dns.query.udp
        reply = ask(query, at, source=source, timeout=5.0)
        assert reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN), reply.to_text()
        return reply.rcode() == dns.rcode.NXDOMAIN

    def admitted(self, device: Namespace, at: str, source: str) -> bool:
        """Whether the server answers a question from ``source``."""
        with device.entered():
            reply = dns.query.udp(dns.message.make_query(NAMES[0], "A"), at, source=source, timeout=5.0)
        return reply.rcode() != dns.rcode.REFUSED

    def until_known(self) -> None:
        """Wait until the kernel has met the devices of An and Bình at all their addresses, and safedns knows."""
        for at in (SERVER, SERVER6):
            until(lambda at=at: self.taken_for(self.an, at) == "an", f"An is known, asking {at}")  # type: ignore[misc]
            until(lambda at=at: self.taken_for(self.binh, at) == "binh", f"Bình is known, asking {at}")  # type: ignore[misc]

    def written(self, name: str) -> set[tuple[str, str, str]]:
        """Profile, device and protocol of the questions for a name, as far as the log has them already."""
        found = (row for row in self.house.logs() if row["name"] == name)
        return {(row["profile"], row["device"], row["protocol"]) for row in found}

    @contextmanager
    def dnsmasq(self, *arguments: str) -> Iterator[None]:
        """The router runs dnsmasq, which asks the server on behalf of everybody."""
        fixed = ("-C", "/dev/null", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=")
        command = ("dnsmasq", *fixed, f"--server={SERVER}", *arguments)
        with self.router.program(*command, ready=self.router.serves_udp):
            yield


@contextmanager
def home(folder: Path, rules: dict[str, Any], **settings: Any) -> Iterator[Home]:
    """Everybody has an address; the server runs."""
    with home_network(folder, AN_MAC, BINH_MAC, ROUTER_MAC) as (server, devices), ExitStack() as running:
        server.add("10.77.0.1/24", "fd77::1/64", "fd78::1/64")
        for number, device in enumerate(devices[:2], 31):
            device.add(f"10.77.0.{number}/24", f"fd77::{number}/64")
        devices[2].add(f"{ROUTER}/24", f"{ROUTER6}/64")
        with server.entered():
            house = running.enter_context(household(folder, prefix=server.prefix))
        listen = {"dns": ["0.0.0.0:53", "[::]:53"], "metrics": "off"}
        house.save({"listen": listen, "clients": "any", **settings}, rules)
        house.start()
        yield Home(server, devices, house)
