"""Resolvers that run on a device of the home and ask safedns for it: unbound, stubby and systemd-resolved.

Each runs in a network namespace of its own, with a hardware address of its own, and is asked on its loopback address as
the programs of that device would ask. Over TLS a device is known by its hardware address, or by the id in the server
name that it was set up with.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.certificates import Authority
from tests.e2e.forwarders import FORWARDERS, STUB, Server, resolved, stubby
from tests.e2e.home import SERVER, SERVER6, Home, family, home
from tests.e2e.namespaces import Namespace, Program
from tests.e2e.running import until
from tests.nameserver import Asked, Reaction, address, reply

pytestmark = pytest.mark.netns

NAME, ELSEWHERE = "dns.home.example", "dns.elsewhere.example"
AN_LAPTOP = "an-laptop-x7k2m9"
LARGE = [f"A 192.0.2.{number}" for number in range(1, 120)]
"""Too many for a datagram."""

every_forwarder = pytest.mark.parametrize("program", FORWARDERS)


def large(asked: Asked) -> Reaction:
    """The usual upstream with one large answer."""
    if asked.name != "large.example":
        return address(asked)
    truncated = asked.transport == "udp"
    return reply(asked, *([] if truncated else LARGE), truncated=truncated)


class Served(NamedTuple):
    """A home whose server speaks DNS over TLS, and what a device may know it by."""

    home: Home
    server: Server
    pin: str

    def on(
        self, device: Namespace, program: str, folder: Path, *, at: str = SERVER, name: str = NAME
    ) -> AbstractContextManager[Program]:
        """A forwarder on a device that asks the server at an address, under a name."""
        return FORWARDERS[program](device, folder, self.server._replace(address=at, name=name))


@pytest.fixture(scope="module")
def served(shared_folder: Path) -> Iterator[Served]:
    authority = Authority(shared_folder)
    made = authority.issue(NAME, f"*.{NAME}")
    rules = family()
    rules["children"]["an"]["devices"].append(AN_LAPTOP)
    listen = {"dns": ["0.0.0.0:53", "[::]:53"], "tls": ["0.0.0.0:853", "[::]:853"], "metrics": "off"}
    certificate = {"cert": str(made.cert), "key": str(made.key), "name": NAME}
    with home(shared_folder, rules, listen=listen, certificate=certificate) as here:
        here.house.upstream.behave = large
        here.until_known()
        yield Served(here, Server(SERVER, NAME, authority.file), base64.b64encode(made.pin).decode())


def ask(device: Namespace, name: str, protocol: str = "udp") -> dns.message.Message | None:
    """What a program on ``device`` is answered; ``None`` for silence."""
    query = dns.message.make_query(name, "A", use_edns=0, payload=1232)
    with device.entered():
        try:
            return (dns.query.tcp if protocol == "tcp" else dns.query.udp)(query, STUB, timeout=8.0)
        except dns.exception.Timeout:
            return None


def is_answered(device: Namespace, name: str = "www.example") -> bool:
    reply = ask(device, name)
    return reply is not None and reply.rcode() == dns.rcode.NOERROR and bool(reply.answer)


@every_forwarder
@pytest.mark.parametrize("at", [SERVER, SERVER6])
def test_over_tls_a_device_is_known_by_its_hardware_address(
    served: Served, tmp_path: Path, program: str, at: str
) -> None:
    for device, whose in ((served.home.an, "an"), (served.home.binh, "binh")):
        folder = tmp_path / whose
        folder.mkdir()
        with served.on(device, program, folder, at=at):
            assert served.home.taken_for(device, STUB) == whose


@every_forwarder
def test_over_tls_the_id_in_the_server_name_says_whose_device_it_is(
    served: Served, tmp_path: Path, program: str
) -> None:
    """Even on hardware that is somebody else's."""
    with served.on(served.home.binh, program, tmp_path, name=f"{AN_LAPTOP}.{NAME}"):
        assert served.home.taken_for(served.home.binh, STUB) == "an"
        assert is_answered(served.home.binh, f"{program}.example")
    written = {("an", AN_LAPTOP, "tls")}
    until(lambda: served.home.written(f"{program}.example") == written, "the log names the device")


@every_forwarder
def test_a_large_answer_reaches_the_device_over_tls(served: Served, tmp_path: Path, program: str) -> None:
    with served.on(served.home.an, program, tmp_path):
        reply = ask(served.home.an, "large.example", "tcp")
    assert reply is not None
    assert len(reply.answer[0]) == len(LARGE)


@every_forwarder
def test_a_device_that_expects_another_name_gets_no_answer_here(served: Served, tmp_path: Path, program: str) -> None:
    with served.on(served.home.an, program, tmp_path, name=ELSEWHERE):
        assert not is_answered(served.home.an)


@pytest.mark.parametrize("right", [True, False])
def test_stubby_knows_a_server_that_nobody_vouches_for_by_its_key(served: Served, tmp_path: Path, right: bool) -> None:
    nobody = tmp_path / "nobody.pem"
    nobody.touch()
    pin = served.pin if right else base64.b64encode(bytes(32)).decode()
    with stubby(served.home.an, tmp_path, served.server._replace(authority=nobody, pin=pin)):
        assert is_answered(served.home.an) is right


@pytest.mark.parametrize("at", [SERVER, SERVER6])
def test_systemd_resolved_in_the_clear_gets_a_device_its_own_rules(served: Served, tmp_path: Path, at: str) -> None:
    server = served.server._replace(address=at)
    with resolved(served.home.binh, tmp_path, server, DNSOverTLS="no") as running:
        for _ in range(2):
            assert served.home.taken_for(served.home.binh, STUB) == "binh"
        reply = ask(served.home.binh, "large.example", "tcp")
        assert reply is not None
        assert len(reply.answer[0]) == len(LARGE)
        assert "degraded" not in running.said(), "it takes the server for one without EDNS"


def test_systemd_resolved_encrypts_where_it_can_and_trusts_no_name_then(served: Served, tmp_path: Path) -> None:
    server = served.server._replace(name=ELSEWHERE)
    with resolved(served.home.an, tmp_path, server, DNSOverTLS="opportunistic") as running:
        assert served.home.taken_for(served.home.an, STUB) == "an"
        assert "Using feature level TLS+EDNS0" in running.said()
