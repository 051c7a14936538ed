"""A home network in namespaces: the server listens on whatever addresses it has, and gives up root for port 53."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from safedns.supervisor.privileges import CAP_NET_BIND_SERVICE
from tests.e2e.namespaces import Namespace, capabilities, server_and_client, uids
from tests.e2e.running import Running, household, until

pytestmark = pytest.mark.netns

FAMILY = {"groups": {"home": {"preset": "open", "devices": ["0.0.0.0/0", "::/0"]}}, "unknown": "home"}
PRINTER = "192.168.77.9"


class Home:
    """The server, the client at the other end of the cable, and what runs on the server."""

    def __init__(self, server: Namespace, client: Namespace, house: Running) -> None:
        self.server = server
        self.client = client
        self.house = house

    def answers(self, address: str, protocol: str = "udp") -> bool:
        """Whether the client gets the printer's address from ``address``, and from no other."""
        query = dns.message.make_query("printer.lan", "A")
        send = dns.query.tcp if protocol == "tcp" else dns.query.udp
        with self.client.entered():
            try:
                reply = send(query, address, timeout=1.0)
            except (dns.exception.Timeout, OSError):
                return False
        return PRINTER in str(reply.answer)


@contextmanager
def home(folder: Path, *listen: str) -> Iterator[Home]:
    """A home whose server has 10.77.0.1 and fd77::1; nothing runs yet."""
    with server_and_client(folder) as (server, client), household(folder, prefix=server.prefix) as house:
        server.add("10.77.0.1/24", "fd77::1/64")
        client.add("10.77.0.9/24", "fd77::9/64")
        settings = {"listen": {"dns": list(listen), "metrics": "off"}, "records": {"printer.lan": PRINTER}}
        house.save(settings, FAMILY)
        yield Home(server, client, house)


def test_a_wildcard_follows_the_addresses_of_the_machine_and_answers_from_the_one_that_was_asked(folder: Path) -> None:
    with home(folder, "0.0.0.0:53", "[::]:53") as here:
        here.server.add("10.77.0.2/24")
        here.house.start()
        for address in ("10.77.0.1", "10.77.0.2", "fd77::1"):
            assert here.answers(address), address  # dnspython takes no reply from another address
            assert here.answers(address, "tcp"), address
        assert not here.answers("10.77.0.3")

        here.server.add("10.77.0.3/24", "fd77::3/64")
        until(lambda: here.answers("10.77.0.3"), "an address that came later is served")
        until(lambda: here.answers("fd77::3"), "an IPv6 address that came later is served")
        assert here.answers("10.77.0.3", "tcp")

        here.server.ip("address", "del", "10.77.0.2/24", "dev", "eth")
        until(lambda: "10.77.0.2" not in str(here.house.status()["listen"]), "the address that went is let go")
        assert here.answers("10.77.0.1")
        here.server.add("10.77.0.2/24")
        until(lambda: here.answers("10.77.0.2"), "it came back")


def test_an_address_that_comes_while_it_is_starting_is_served(folder: Path) -> None:
    with home(folder, "0.0.0.0:53") as here:
        until(lambda: not here.server.checks_addresses(), "the kernel has nothing more to report of the addresses")
        here.house.start(wait=False)
        until(here.server.serves_udp, "sockets are bound, and the resolver is not ready yet")
        here.server.add("10.77.0.4/24")
        until(lambda: here.answers("10.77.0.4"), "it is served")


def test_an_address_that_the_kernel_is_still_checking_is_served_when_it_may_be_used(folder: Path) -> None:
    with home(folder, "[::]:53") as here:
        here.house.start()
        here.server.ip("address", "add", "fd77::5/64", "dev", "eth")  # duplicate address detection takes a second
        until(lambda: here.answers("fd77::5"), "it is served")


def test_a_named_address_that_comes_late_is_served_when_it_comes(folder: Path) -> None:
    with home(folder, "10.77.0.1:53", "10.77.0.8:53") as here:
        here.house.start()
        assert here.answers("10.77.0.1")
        assert "cannot listen on udp://10.77.0.8:53: Cannot assign requested address" in here.house.said()
        here.server.add("10.77.0.8/24")
        until(lambda: here.answers("10.77.0.8"), "it is served")


def test_started_by_root_it_becomes_an_ordinary_user_who_may_only_bind_low_ports(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    with home(folder, "0.0.0.0:53") as here:
        here.house.state.mkdir()
        os.chown(here.house.state, nobody.pw_uid, nobody.pw_gid)
        here.house.start("--user", "nobody")
        roles = {role: here.house.pids(role) for role in ("supervisor", "resolver", "recorder")}
        assert [len(pids) for pids in roles.values()] == [1, 1, 1]
        assert [uids(pid) for pids in roles.values() for pid in pids] == [{nobody.pw_uid}] * 3
        rights = {role: capabilities(pid) for role, (pid,) in roles.items()}
        assert rights == {"supervisor": CAP_NET_BIND_SERVICE, "resolver": 0, "recorder": 0}
        assert here.answers("10.77.0.1")

        here.server.add("10.77.0.3/24")
        until(lambda: here.answers("10.77.0.3"), "port 53 of an address that came later")
        here.house.kill("resolver")
        until(lambda: here.answers("10.77.0.1"), "a new resolver answers")
        until(here.house.is_well, "all is well again")
