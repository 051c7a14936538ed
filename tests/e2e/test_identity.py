"""A home of several devices on one switch, with real hardware addresses and IPv6: each gets its own child's rules."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import dns.edns
import dns.exception
import dns.message
import dns.query
import pytest

from tests.e2e.home import AN_MAC, BINH_MAC, ROUTER, ROUTER6, SERVER6, family, home
from tests.e2e.running import until
from tests.house import generic_option

pytestmark = pytest.mark.netns

TABLET = "a-tablet-x7k2m9"
"""A name that a router or a device may call itself by."""


def test_a_hardware_address_is_recognised_at_every_address_old_and_new(folder: Path) -> None:
    with home(folder, family()) as here:
        here.until_known()
        here.an.ip("address", "flush", "dev", "eth", "scope", "global")
        here.an.add("10.77.0.99/24", "fd77::5c9e:11d2:7a01:3b44/64")  # another lease, and a privacy address
        until(lambda: here.taken_for(here.an) == "an", "An is known at the new address")
        until(lambda: here.taken_for(here.an, SERVER6) == "an", "An is known at the privacy address")

        here.binh.ip("address", "flush", "dev", "eth", "scope", "global")
        here.binh.add("10.77.0.31/24")  # what An's device had
        until(lambda: here.taken_for(here.binh) == "binh", "An's old address is Bình's device now")

        def logged() -> set[str]:
            lines = here.house.command("logs", "--json", "--device", AN_MAC).stdout.splitlines()
            return {json.loads(line)["client"] for line in lines}

        addresses = {"10.77.0.31", "fd77::31", "10.77.0.99", "fd77::5c9e:11d2:7a01:3b44"}
        until(lambda: logged() >= addresses, "the log names the device at each of its addresses")


def test_a_device_that_comes_under_another_hardware_address_is_nobody(folder: Path) -> None:
    with home(folder, family()) as here:
        until(lambda: here.taken_for(here.an) == "an", "An is known")
        here.an.ip("link", "set", "eth", "address", "02:00:00:00:00:77")
        until(lambda: here.taken_for(here.an) == "nobody", "the changed device falls under unknown")


def test_an_interface_id_is_recognised_when_the_provider_changes_the_prefix(folder: Path) -> None:
    with home(folder, family(an="::a8bb:ccff:fedd:ee01")) as here:
        here.an.add("fd77::a8bb:ccff:fedd:ee01/64", "fd78::a8bb:ccff:fedd:ee01/64")
        assert here.taken_for(here.an, SERVER6, source="fd77::a8bb:ccff:fedd:ee01") == "an"
        assert here.taken_for(here.an, "fd78::1", source="fd78::a8bb:ccff:fedd:ee01") == "an"
        assert here.taken_for(here.an, SERVER6, source="fd77::31") == "nobody"


def test_a_device_that_is_claimed_by_its_ipv4_address_is_known_at_every_ipv6_one(folder: Path) -> None:
    with home(folder, family("10.77.0.31", "10.77.0.32"), clients="private") as here:
        assert here.taken_for(here.an) == "an"
        until(lambda: here.taken_for(here.an, SERVER6) == "an", "An is known at the address that stays")
        privacy, providers = "fd77::5c9e:11d2:7a01:3b44", "2001:db8:1::31"
        here.server.add("2001:db8:1::1/64")
        here.an.add(f"{privacy}/64", f"{providers}/64")
        until(lambda: here.taken_for(here.an, SERVER6, source=privacy) == "an", "An is known at the privacy address")
        until(lambda: here.admitted(here.an, SERVER6, providers), "An may ask from the provider's prefix")
        assert here.taken_for(here.an, SERVER6, source=providers) == "an"
        assert "an (10.77.0.31, " in here.house.command("explain", "fd77::31", "www.example.com").stdout


def test_a_device_that_asks_from_the_providers_prefix_of_the_day_is_at_home(folder: Path) -> None:
    interface, stranger = "a8bb:ccff:fedd:ee01", "2001:db8:9::9"
    with home(folder, family(an=f"::{interface}"), clients="private") as here:
        here.an.add(f"{stranger}/64")
        here.server.ip("route", "add", "2001:db8:9::/64", "dev", "eth")
        for today in ("2001:db8:1::", "2001:db8:2::"):
            mine = f"{today}{interface}"
            here.server.add(f"{today}1/64")
            here.an.add(f"{mine}/64")
            until(partial(here.admitted, here.an, SERVER6, mine), "today's prefix is the home's")
            assert here.taken_for(here.an, SERVER6, source=mine) == "an"
            assert not here.admitted(here.an, SERVER6, stranger)
        here.server.ip("address", "del", "2001:db8:1::1/64", "dev", "eth")
        here.server.ip("route", "add", "2001:db8:1::/64", "dev", "eth")
        yesterday = f"2001:db8:1::{interface}"
        until(lambda: not here.admitted(here.an, SERVER6, yesterday), "yesterday's is not any more")


@pytest.mark.parametrize(
    "options",
    [
        ["--add-mac"],
        ["--add-mac=text"],
        ["--add-mac=base64"],
        ["--add-subnet=32,128"],
        ["--add-mac", "--strip-mac", "--add-subnet=32,128", "--strip-subnet"],
    ],
    ids=lambda options: " ".join(options),
)
def test_behind_a_router_each_device_is_told_apart(folder: Path, options: list[str]) -> None:
    an, binh = ("10.77.0.31", "10.77.0.32") if options == ["--add-subnet=32,128"] else (AN_MAC, BINH_MAC)
    rules = family(an, binh, router=ROUTER)
    with home(folder, rules, trusted_forwarders=[ROUTER]) as here, here.dnsmasq(*options):
        for _ in range(2):
            assert here.taken_for(here.an, ROUTER) == "an"
            assert here.taken_for(here.binh, ROUTER) == "binh"
        here.an.ip("link", "set", "eth", "address", "02:00:00:00:00:77")
        here.an.ip("address", "replace", "10.77.0.77/24", "dev", "eth")
        until(lambda: here.taken_for(here.an, ROUTER, source="10.77.0.77") == "nobody", "a device that nobody claimed")


def test_behind_a_router_that_is_asked_over_ipv6_each_device_is_told_apart(folder: Path) -> None:
    rules = family("fd77::31", "fd77::32", router=ROUTER)
    with home(folder, rules, trusted_forwarders=[ROUTER]) as here, here.dnsmasq("--add-subnet=32,128"):
        for _ in range(2):
            assert here.taken_for(here.an, ROUTER6) == "an"
            assert here.taken_for(here.binh, ROUTER6) == "binh"
        here.an.add("fd77::77/64")
        assert here.taken_for(here.an, ROUTER6, source="fd77::77") == "nobody"
        assert here.taken_for(here.an, ROUTER) == "nobody"  # whose IPv4 address nobody has claimed


def test_a_router_that_says_one_name_for_all_its_devices_is_taken_by_that(folder: Path) -> None:
    rules = family(TABLET, router=ROUTER)
    with home(folder, rules, trusted_forwarders=[ROUTER]) as here:
        with here.dnsmasq("--cache-size=0", f"--add-cpe-id={TABLET}"):
            assert here.taken_for(here.an, ROUTER) == "an"
            assert here.taken_for(here.binh, ROUTER) == "an"
        with here.dnsmasq(f"--add-cpe-id={TABLET}", "--add-mac"):  # which says more
            assert here.taken_for(here.binh, ROUTER) == "binh"
            assert here.taken_for(here.an, ROUTER) == "nobody"


def test_without_such_options_everybody_is_the_router(folder: Path) -> None:
    with home(folder, family(router=ROUTER), trusted_forwarders=[ROUTER]) as here, here.dnsmasq():
        assert here.taken_for(here.an, ROUTER) == "the router"


FORGED = (
    generic_option(65074, TABLET.encode()),
    generic_option(65001, bytes.fromhex(BINH_MAC.replace(":", ""))),
    generic_option(65073, BINH_MAC.encode()),
    dns.edns.ECSOption("10.77.0.32", 32),
)


def test_a_device_that_forges_options_is_not_believed(folder: Path) -> None:
    rules = family()
    rules["children"]["binh"]["devices"].append(TABLET)
    with home(folder, rules, trusted_forwarders=[ROUTER]) as here:
        until(lambda: here.taken_for(here.an) == "an", "An is known")
        for forged in FORGED:
            assert here.taken_for(here.an, options=[forged]) == "an"


CPE_JUNK = (
    [generic_option(65074, b"\xff")],
    [generic_option(65074, TABLET.encode()), generic_option(65074, b"another")],
    [generic_option(65001, b"short"), generic_option(65073, b"short")],
)
"""What cannot be read, or is said twice."""
STRIP = ("--strip-mac", "--strip-subnet")


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("options", [("--add-mac",), ("--add-mac=text",), ("--add-mac=base64",), ()], ids=str)
def test_behind_a_router_that_strips_a_device_is_nobody_else_whatever_it_adds(
    folder: Path, options: tuple[str, ...], tcp: bool
) -> None:
    an, binh = (AN_MAC, BINH_MAC) if options else ("10.77.0.31", "10.77.0.32")
    rules = family(an, binh, router=ROUTER)
    rules["children"]["binh"]["devices"].append(TABLET)
    with (
        home(folder, rules, trusted_forwarders=[ROUTER]) as here,
        here.dnsmasq(*options, "--add-subnet=32,128", *STRIP),
    ):
        assert here.taken_for(here.an, ROUTER) == "an"  # over TCP dnsmasq tells the hardware of those whom it has met
        for added in (*([each] for each in FORGED), *CPE_JUNK):
            assert here.taken_for(here.an, ROUTER, options=added, tcp=tcp) == "an", added


@pytest.mark.parametrize("added", [*([each] for each in FORGED[1:]), *CPE_JUNK], ids=str)
def test_a_router_that_says_one_name_for_all_lets_no_forged_option_through(
    folder: Path, added: list[dns.edns.Option]
) -> None:
    rules = family("an-router-x7k2m9", router=ROUTER)
    options = ("--cache-size=0", "--add-cpe-id=an-router-x7k2m9", *STRIP)
    with home(folder, rules, trusted_forwarders=[ROUTER]) as here, here.dnsmasq(*options):
        assert here.taken_for(here.an, ROUTER) == "an"
        assert here.taken_for(here.an, ROUTER, options=added) == "an", added


def test_devices_shows_who_is_there_and_the_line_for_one_that_nobody_claimed(folder: Path) -> None:
    with home(folder, family()) as here:
        until(lambda: here.taken_for(here.an) == "an", "An is known")
        here.binh.ip("link", "set", "eth", "address", "02:00:00:00:00:77")
        until(lambda: here.taken_for(here.binh) == "nobody", "the other device falls under unknown")

        def shown() -> dict[str, Any]:
            found = json.loads(here.house.command("devices", "--json").stdout)["devices"]
            return {device["mac"]: device for device in found}

        until(lambda: shown().get(AN_MAC, {}).get("queries", 0) >= 2, "An's device is shown with its queries")
        assert (shown()[AN_MAC]["profile"], shown()[AN_MAC]["claim"]) == ("an", AN_MAC)
        assert "10.77.0.31" in shown()[AN_MAC]["addresses"]
        stranger = shown()["02:00:00:00:00:77"]
        assert (stranger["profile"], stranger["claim"], stranger["randomised"]) == ("guests", "", True)
        assert '  - "02:00:00:00:00:77"  # ' in here.house.command("devices").stdout


@pytest.mark.parametrize("log", ["off", "summary", "full"])
def test_devices_says_so_when_only_the_router_asks(folder: Path, log: str) -> None:
    rules = family()
    rules["groups"]["guests"]["log"] = log
    with home(folder, rules) as here, here.dnsmasq("--cache-size=0"):
        here.server.ip("route", "add", "default", "via", ROUTER)
        for _ in range(25):  # in case the rules are loaded anew meanwhile, as for an address that comes late
            here.taken_for(here.an, ROUTER)
        assert f"nearly every question comes from {ROUTER}" in here.house.command("devices").stderr


def test_devices_knows_who_is_behind_a_router_that_says_so_though_nothing_is_logged(folder: Path) -> None:
    rules = family(router=ROUTER)
    for section in ("children", "groups"):
        for profile in rules[section].values():
            profile["log"] = "off"
    with home(folder, rules, trusted_forwarders=[ROUTER]) as here, here.dnsmasq("--add-mac", "--strip-mac"):
        here.an.ip("link", "set", "eth", "address", "02:00:00:00:00:77")
        until(lambda: here.taken_for(here.an, ROUTER) == "nobody", "a device that nobody claimed asks")
        for _ in range(25):  # as above
            here.taken_for(here.an, ROUTER)
        shown = here.house.command("devices")
        assert '  - "02:00:00:00:00:77"  # ' in shown.stdout
        assert "nearly every question" not in shown.stderr
