"""DHCP servers of others hand out addresses, and safedns knows devices by the names that stand in their lease files.

An's device calls itself ``an-tablet`` and Bình's ``binh-pc``; nothing else is known of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from safedns.clock import SystemClock
from safedns.lan.lease_files import LeaseFiles
from safedns.lan.leases import Lease
from tests.e2e.dhcp import LEASE_TIME, SERVERS, Client
from tests.e2e.home import AN_MAC, SERVER6, Home, family, home
from tests.e2e.running import until
from tests.tools import tool

pytestmark = pytest.mark.netns

AN, BINH = "an-tablet", "binh-pc"
every_server = pytest.mark.parametrize("kind", SERVERS)


@contextmanager
def served(folder: Path, *files: Path, seconds: int = LEASE_TIME) -> Iterator[Home]:
    """A home whose devices have no address yet; each file's name says which server writes it."""
    tool("dhclient")
    with home(folder, family(AN, BINH), leases=[str(file) for file in files]) as here, ExitStack() as servers:
        for device in (here.an, here.binh):
            device.ip("address", "flush", "dev", "eth", "scope", "global")
        for each in (here.server, here.an, here.binh):
            until(lambda each=each: not each.checks_addresses(), "IPv6 addresses can be used")  # type: ignore[misc]
        for file in files:
            servers.enter_context(SERVERS[file.stem](here.server, file, ipv6=file.suffix == ".v6", seconds=seconds))
        yield here


def clients(here: Home, folder: Path, *, ipv6: bool = False) -> tuple[Client, Client]:
    for host in (AN, BINH):
        (folder / host).mkdir()
    return (
        Client(here.an, folder / AN, "An-Tablet", ipv6=ipv6),
        Client(here.binh, folder / BINH, "binh-pc.lan", ipv6=ipv6),
    )


def known(file: Path) -> set[Lease]:
    """What a newly started safedns would read."""
    return set(LeaseFiles([file]).look(SystemClock().wall()) or ())


@every_server
def test_a_device_is_known_while_it_keeps_its_lease_and_not_after_it_gave_it_back(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    file = folder / f"{kind}.v4"
    with served(folder, file) as here:
        an, binh = clients(here, tmp_path)
        with binh.running():
            with an.running() as asks:
                until(lambda: here.taken_for(here.an) == "an", "An's device is known by its name")
                until(lambda: here.taken_for(here.binh) == "binh", "Bình's device is known by its name")
                given = an.address()
                assert Lease(given, AN_MAC, AN) in known(file)
                renewed = "the lease is renewed until the first has ended"
                until(lambda: asks.said().count("bound to") > 2, renewed, within=30)
                assert an.address() == given
                assert here.taken_for(here.an) == "an"
            an.release()
            here.an.add(f"{given}/24")
            until(lambda: here.taken_for(here.an) == "nobody", "the name is gone with the lease")
            assert given not in {lease.address for lease in known(file)}
            assert here.taken_for(here.binh) == "binh"


def test_a_lease_that_kea_has_set_aside_still_tells_the_name(folder: Path, tmp_path: Path) -> None:
    """It is renewed only hours later, and the file that Kea writes into is empty until then."""
    file = folder / "kea.v4"
    with served(folder, file, seconds=7200) as here:
        an, binh = clients(here, tmp_path)
        with an.running():
            aside = folder / "kea.v4.2"
            until(lambda: aside.exists() and f"{an.address()}," in aside.read_text(), "Kea has cleaned up")
            with binh.running():
                until(lambda: here.taken_for(here.binh) == "binh", "safedns has looked at the files since")
                assert here.taken_for(here.an) == "an"
                assert Lease(an.address(), AN_MAC, AN) in known(file)


@pytest.mark.parametrize(("kind", "mac"), [("kea", AN_MAC), ("dnsmasq", "")])
def test_names_of_devices_are_told_over_ipv6(folder: Path, tmp_path: Path, kind: str, mac: str) -> None:
    file = folder / f"{kind}.v6"
    with served(folder, file) as here:
        an, binh = clients(here, tmp_path, ipv6=True)
        with an.running(), binh.running():
            until(lambda: here.taken_for(here.an, SERVER6) == "an", "An's device is known by its name")
            until(lambda: here.taken_for(here.binh, SERVER6) == "binh", "Bình's device is known by its name")
            assert Lease(an.address(), mac, AN) in known(file)


def test_dhcpd_tells_hardware_addresses_over_ipv6_which_lead_to_the_names_over_ipv4(
    folder: Path, tmp_path: Path
) -> None:
    files = folder / "dhcpd.v4", folder / "dhcpd.v6"
    with served(folder, *files) as here:
        an, _ = clients(here, tmp_path)
        six = tmp_path / "six"
        six.mkdir()
        an6 = Client(here.an, six, "An-Tablet", ipv6=True)
        with an.running(), an6.running():
            until(lambda: here.taken_for(here.an, SERVER6) == "an", "An's device is known by its name")
            assert known(files[1]) == {Lease(an6.address(), AN_MAC, "")}
