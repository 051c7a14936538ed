"""The firewall recipes, loaded into a router of the test's own: a device at home, the router, and an internet.

device 10.77.0.9 --home-- router 10.77.0.1 (safedns) --wan-- 203.0.113.53, 8.8.8.8, 203.0.113.80
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from tests.e2e import foreign
from tests.e2e.namespaces import Namespace, connect, needs
from tests.e2e.running import Running, household, until

pytestmark = pytest.mark.netns

RECIPES = Path(__file__).parents[2] / "config" / "nftables"
DEVICE, SAFEDNS, ROUTER = "10.77.0.9", "10.77.0.5", "10.77.0.1"
RESOLVER, GOOGLE, ELSEWHERE = "203.0.113.53", "8.8.8.8", "203.0.113.80"
RESOLVER6, GOOGLE6 = "2001:db8:5::53", "2001:4860:4860::8888"
FOREIGN, OURS = foreign.ADDRESS, "192.168.77.9"
FAMILY = {"groups": {"home": {"preset": "open", "log": "full"}}, "unknown": "home"}


class Home:
    """The three networks."""

    def __init__(self, device: Namespace, router: Namespace, house: Running) -> None:
        self.device = device
        self.router = router
        self.house = house

    def load(self, recipe: str) -> None:
        """Load a recipe as a parent would, after setting what it says to set."""
        text = (RECIPES / recipe).read_text(encoding="utf-8")
        for name, before, value in (
            ("home", '"br-lan"', '"home"'),
            ("safedns4", "192.168.1.5", SAFEDNS),
            ("safedns6", "fd00::5", "fd77::5"),
        ):
            text = text.replace(f"define {name} = {before}", f"define {name} = {value}")
        assert "br-lan" not in text.partition("table")[2]
        for _ in range(2):  # loading it again changes nothing
            self.router.run("nft", "-f", "-", text=text)

    def ask(self, resolver: str, protocol: str = "udp", source: str | None = None) -> str:
        """The address that the device is given for a name of the house, ``refused`` or ``silent``."""
        query = dns.message.make_query("printer.lan", "A")
        with self.device.entered():
            try:
                if protocol == "tcp":
                    reply = dns.query.tcp(query, resolver, timeout=3, source=source)
                else:
                    reply = self._over_udp(query, resolver, source)
            except ConnectionRefusedError:
                return "refused"
            except (TimeoutError, dns.exception.Timeout):
                return "silent"
        return str(reply.answer[0][0])

    def _over_udp(self, query: dns.message.Message, resolver: str, source: str | None) -> dns.message.Message:
        """A connected socket, for only that is told of a refusal."""
        with socket.socket(socket.AF_INET6 if ":" in resolver else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            if source is not None:
                sock.bind((source, 0))
            sock.connect((resolver, 53))
            sock.settimeout(3)
            sock.send(query.to_wire())
            return dns.message.from_wire(sock.recv(4096))

    def reaches(self, host: str, port: int, protocol: str = "tcp", source: str | None = None) -> bool:
        """Whether a port answers; ``False`` only for a refusal, at once."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with (
            self.device.entered(),
            socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM) as sock,
        ):
            sock.settimeout(3)
            if source is not None:
                sock.bind((source, 0))
            try:
                sock.connect((host, port))
                if protocol == "udp":
                    sock.send(b"hello")
                    return sock.recv(100) == b"hello"
            except ConnectionRefusedError:
                return False
            return True


@contextmanager
def _namespaces() -> Iterator[tuple[Namespace, Namespace, Namespace]]:
    needs("unshare", "nsenter", "ip", "nft")
    made: list[Namespace] = []
    try:
        made.extend(Namespace() for _ in range(3))
        device, router, internet = made
        connect(router, "home", device, "eth")
        connect(router, "wan", internet, "eth")
        router.add(f"{ROUTER}/24", "fd77::1/64", device="home")
        router.add("203.0.113.1/24", "2001:db8:5::1/64", device="wan")
        device.add(f"{DEVICE}/24", f"{SAFEDNS}/24", "fd77::9/64")
        internet.add(f"{RESOLVER}/24", f"{ELSEWHERE}/24", f"{GOOGLE}/32", f"{RESOLVER6}/64", f"{GOOGLE6}/128")
        router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
        for kind, home, gateway in (("-4", "10.77.0.0/24", ROUTER), ("-6", "fd77::/64", "fd77::1")):
            router_wan = "203.0.113.1" if kind == "-4" else "2001:db8:5::1"
            resolver = RESOLVER if kind == "-4" else RESOLVER6
            device.ip(kind, "route", "add", "default", "via", gateway)
            internet.ip(kind, "route", "add", home, "via", router_wan)
            router.ip(kind, "route", "add", "default", "via", resolver)
        yield device, router, internet
    finally:
        for each in reversed(made):
            each.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with _namespaces() as (device, router, internet), household(tmp_path, prefix=router.prefix) as house:
        hosts = (RESOLVER, ELSEWHERE, GOOGLE, RESOLVER6, GOOGLE6)
        command = [*internet.prefix, sys.executable, foreign.__file__, *hosts]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as servers:
            try:
                assert servers.stdout is not None
                assert servers.stdout.readline() == "ready\n"
                settings = {
                    "listen": {"dns": ["0.0.0.0:53", "[::]:53"], "metrics": "off"},
                    "records": {"printer.lan": OURS},
                }
                house.save(settings, FAMILY)
                house.start()
                yield Home(device, router, house)
            finally:
                servers.kill()


def test_without_a_recipe_a_device_may_ask_whom_it_likes(home: Home) -> None:
    assert home.ask(ROUTER) == OURS
    assert [home.ask(RESOLVER, protocol) for protocol in ("udp", "tcp")] == [FOREIGN, FOREIGN]
    assert home.reaches(RESOLVER, 853)
    assert home.reaches(RESOLVER, 853, "udp")
    assert home.reaches(GOOGLE, 443)


def test_redirected_a_device_that_asks_another_resolver_is_answered_by_safedns(home: Home) -> None:
    home.load("redirect.nft")
    for resolver in (RESOLVER, GOOGLE, RESOLVER6, GOOGLE6):
        assert [home.ask(resolver, protocol) for protocol in ("udp", "tcp")] == [OURS, OURS], resolver


def test_redirected_a_device_is_known_by_its_own_address_and_the_rest_of_the_internet_is_as_it_was(home: Home) -> None:
    home.load("redirect.nft")
    assert home.ask(RESOLVER) == OURS
    until(lambda: [row["client"] for row in home.house.logs()] == [DEVICE], "it was the device that asked")
    assert home.ask(ROUTER) == OURS
    assert home.reaches(ELSEWHERE, 443)
    home.router.run("nft", "delete", "table", "inet", "safedns_redirect")
    assert home.ask(RESOLVER) == FOREIGN


def test_refused_a_device_gets_no_answer_from_others_and_safedns_does(home: Home) -> None:
    home.load("refuse.nft")
    for resolver in (RESOLVER, GOOGLE, RESOLVER6, ROUTER):
        assert [home.ask(resolver, protocol) for protocol in ("udp", "tcp")] == ["refused", "refused"], resolver
    assert [home.ask(RESOLVER, protocol, source=SAFEDNS) for protocol in ("udp", "tcp")] == [FOREIGN, FOREIGN]
    assert home.ask(ROUTER, source=SAFEDNS) == OURS
    assert home.reaches(ELSEWHERE, 443)


def test_encrypted_dns_is_refused_by_port_and_address_and_the_web_is_not(home: Home) -> None:
    home.load("encrypted.nft")
    for resolver in (RESOLVER, RESOLVER6, GOOGLE):
        assert not home.reaches(resolver, 853), resolver
        assert not home.reaches(resolver, 853, "udp"), resolver
    assert not home.reaches(RESOLVER, 784, "udp")
    for resolver in (GOOGLE, GOOGLE6):
        assert not home.reaches(resolver, 443), resolver
        assert not home.reaches(resolver, 443, "udp"), resolver
    assert home.reaches(ELSEWHERE, 443)
    assert home.reaches(RESOLVER6, 443, "udp")
    assert home.reaches(RESOLVER, 853, source=SAFEDNS)
    assert home.reaches(GOOGLE, 443, source=SAFEDNS)
    assert home.ask(ROUTER) == OURS
