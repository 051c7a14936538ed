"""Who can be seen: log, neighbours and leases put together, and whether only the router asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.cli.sightings import (
    Asking,
    Owner,
    Sighting,
    directory_now,
    evidence_in_log,
    lonely_router,
    owners,
    sightings,
)
from safedns.lan.directory import Directory
from safedns.lan.leases import Lease
from safedns.policy.clients import Clients, Evidence
from safedns.policy.household import load_household
from safedns.record.store import ClientSeen

BINH, TV, GUEST = "aa:bb:cc:dd:ee:01", "b8:27:eb:00:00:02", "aa:bb:cc:dd:ee:99"


@pytest.fixture
def whose(tmp_path: Path) -> Clients[Owner]:
    (tmp_path / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\nleases: [/dev/null]\n")
    (tmp_path / "family.yaml").write_text(
        f"children: {{binh: {{preset: open, devices: ['{BINH}', an-tablet]}}}}\n"
        "groups: {home: {preset: open, devices: [192.168.1.0/28]}, guests: {preset: open}}\nunknown: guests\n"
    )
    return owners(load_household(tmp_path).policy)


def seen(address: str, *, device: str = "", last: float = 100.0, queries: int = 1) -> ClientSeen:
    return ClientSeen(address, device, "any", last, queries)


def look(whose: Clients[Owner], *clients: ClientSeen, directory: Directory | None = None) -> list[tuple[object, ...]]:
    return [
        (each.mac, each.addresses, each.host, each.owner.profile.id, each.owner.claim, each.last, each.queries)
        for each in sightings(clients, (), directory or Directory(), whose)
    ]


def test_one_hardware_address_is_one_device_at_all_its_addresses(whose: Clients[Owner]) -> None:
    directory = Directory()
    directory.learn("192.168.1.50", BINH)
    directory.learn("fd00::50", BINH)
    clients = [
        seen("192.168.1.50", device=BINH, queries=3),
        seen("192.168.1.51", device=BINH, last=200, queries=2),  # an address of last week
        seen("fd00::50", last=50),
    ]
    assert look(whose, *clients, directory=directory) == [
        (BINH, ("192.168.1.50", "fd00::50", "192.168.1.51"), "", "binh", BINH, 200, 6)
    ]


def test_a_neighbour_that_has_never_asked_is_shown_last(whose: Clients[Owner]) -> None:
    directory = Directory()
    directory.learn("192.168.1.5", TV)
    directory.use_leases([Lease("192.168.1.60", GUEST, "an-tablet")])
    assert look(whose, seen("192.168.1.7"), directory=directory) == [
        ("", ("192.168.1.7",), "", "home", "192.168.1.0/28", 100, 1),
        (TV, ("192.168.1.5",), "", "home", "192.168.1.0/28", None, 0),
        (GUEST, ("192.168.1.60",), "an-tablet", "binh", "an-tablet", None, 0),
    ]


def test_devices_that_a_router_introduced_are_devices_without_an_address(whose: Clients[Owner]) -> None:
    assert look(whose, seen(BINH, device=BINH), seen(GUEST, last=90), seen("an-tablet", last=80)) == [
        (BINH, (), "", "binh", BINH, 100, 1),
        (GUEST, (), "", "guests", "", 90, 1),
        ("", (), "an-tablet", "binh", "an-tablet", 80, 1),
    ]


def test_a_device_that_the_log_knows_by_a_word_is_known_by_it(whose: Clients[Owner]) -> None:
    assert look(whose, seen("10.9.8.7", device="an-tablet")) == [
        ("", ("10.9.8.7",), "an-tablet", "binh", "an-tablet", 100, 1)
    ]


def test_phones_behind_one_address_are_told_apart_and_one_at_many_addresses_is_one(whose: Clients[Owner]) -> None:
    cafe, road = "203.0.113.7", "198.51.100.9"
    clients = [
        seen(cafe, device="an-tablet", last=120),
        seen(cafe, device="other-phone", last=110),
        seen(cafe, last=100),
        seen(road, device="an-tablet", last=90),
    ]
    assert look(whose, *clients) == [
        ("", (cafe, road), "an-tablet", "binh", "an-tablet", 120, 2),
        ("", (cafe,), "other-phone", "guests", "", 110, 1),
        ("", (cafe,), "", "guests", "", 100, 1),
    ]


def test_an_address_that_has_another_device_now_is_not_mixed_up_with_the_one_that_asked(whose: Clients[Owner]) -> None:
    directory = Directory()
    directory.learn("192.168.1.50", GUEST)
    assert [row[0] for row in look(whose, seen("192.168.1.50", device=BINH), directory=directory)] == [BINH, GUEST]


@pytest.mark.parametrize(
    ("client", "device", "evidence"),
    [
        ("192.168.1.50", "", Evidence("192.168.1.50")),
        ("192.168.1.50", "192.168.1.0/28", Evidence("192.168.1.50")),
        ("192.168.1.50", BINH, Evidence("192.168.1.50", mac=BINH)),
        ("192.168.1.50", "an-tablet", Evidence("192.168.1.50", word="an-tablet")),
        ("2001:db8::5", "::5", Evidence("2001:db8::5")),
        (BINH, BINH, Evidence(mac=BINH)),
        (GUEST, "", Evidence(mac=GUEST)),
        ("an-tablet", "", Evidence(word="an-tablet")),
    ],
)
def test_a_line_of_the_log_tells_as_whom_somebody_was_known(client: str, device: str, evidence: Evidence) -> None:
    assert evidence_in_log(client, device) == evidence


@pytest.mark.parametrize(
    ("mac", "addresses", "host", "claimable"),
    [
        (GUEST, ("192.168.1.50",), "x", GUEST),
        ("", ("fe80::1%eth0", "fd00::1"), "x", "fd00::1"),
        ("", ("fe80::1%eth0",), "", ""),
        ("", (), "an-tablet", "an-tablet"),
    ],
)
def test_the_steadiest_thing_known_of_a_device_is_what_a_line_would_say(
    whose: Clients[Owner], mac: str, addresses: tuple[str, ...], host: str, claimable: str
) -> None:
    owner = sightings([seen("10.0.0.1")], (), Directory(), whose)[0].owner
    assert Sighting(mac, addresses, host, owner, None, 0).claimable == claimable


def test_what_is_known_now_comes_from_the_kernel_and_the_lease_files(tmp_path: Path) -> None:
    leases = tmp_path / "leases"
    leases.write_text(f"0 {BINH} 192.168.99.50 binh-phone *\n")
    (tmp_path / "safedns.yaml").write_text(f"upstreams: {{servers: [9.9.9.9]}}\nleases: ['{leases}']\n")
    (tmp_path / "family.yaml").write_text("groups: {guests: {preset: open}}\nunknown: guests\n")
    directory = directory_now(load_household(tmp_path).settings)
    assert (directory.mac_of("192.168.99.50"), directory.host_of("", BINH)) == (BINH, "binh-phone")


ROUTER, ROUTER_MAC = "192.168.1.1", "00:11:22:33:44:55"
HOME = {ROUTER: ROUTER_MAC, "192.168.1.50": BINH, "192.168.1.51": TV, "192.168.1.52": GUEST}


def asks(address: str, queries: int, device: str = "") -> Asking:
    return Asking(address, device, queries)


@pytest.mark.parametrize(
    ("asking", "neighbours", "gateways", "found"),
    [
        ([asks(ROUTER, 100)], {}, {ROUTER}, ROUTER),
        ([asks("fd00::1", 100)], {"fd00::1": ROUTER_MAC, ROUTER: ROUTER_MAC}, {ROUTER}, "fd00::1"),
        ([asks(ROUTER, 97), asks("192.168.1.50", 3)], HOME, {ROUTER}, ROUTER),
        ([asks(ROUTER, 90), asks("192.168.1.50", 10)], HOME, {ROUTER}, ""),
        ([asks(ROUTER, 60), asks(ROUTER, 40, "x")], HOME, {ROUTER}, ROUTER),
        ([asks(ROUTER, 5)], HOME, {ROUTER}, ""),
        ([asks("127.0.0.1", 900), asks(ROUTER, 100)], HOME, {ROUTER}, ROUTER),
        ([asks(BINH, 100)], HOME, {ROUTER}, ""),
        ([asks("127.0.0.1", 100)], HOME, {ROUTER}, ""),
        ([], HOME, {ROUTER}, ""),
        ([asks("192.168.1.53", 500)], HOME, {ROUTER}, "192.168.1.53"),
        ([asks("192.168.1.53", 100)], HOME, {ROUTER}, ""),
        ([asks("192.168.1.53", 500), asks("192.168.1.50", 1)], HOME, {ROUTER}, ""),
        ([asks("192.168.1.50", 500, BINH)], HOME, {ROUTER}, ""),
        ([asks("192.168.1.53", 500)], {ROUTER: ROUTER_MAC, "192.168.1.50": BINH}, set(), ""),
    ],
)
def test_one_that_asks_for_everybody_is_noticed(
    asking: list[Asking], neighbours: dict[str, str], gateways: set[str], found: str
) -> None:
    assert lonely_router(asking, neighbours, gateways) == found


@given(st.lists(st.builds(asks, st.sampled_from([*HOME, BINH, "an-tablet"]), st.integers(1, 50)), max_size=9))
def test_only_one_that_asked_nearly_everything_is_called_so(asking: list[Asking]) -> None:
    found = lonely_router(asking, HOME, {ROUTER})
    if found:
        asked = sum(client.queries for client in asking if client.address == found)
        assert asked >= 0.95 * sum(client.queries for client in asking)


def test_a_device_that_is_not_logged_is_known_while_it_asks_and_this_machine_is_none(whose: Clients[Owner]) -> None:
    asking = [asks(GUEST, 7), asks("192.168.1.50", 2, BINH), asks("192.168.1.50", 3, BINH), asks("127.0.0.1", 9)]
    found = sightings([seen("192.168.1.50", device=BINH, queries=4)], asking, Directory(), whose)
    assert [(each.mac, each.owner.profile.id, each.last, each.queries) for each in found] == [
        (BINH, "binh", 100.0, 5),
        (GUEST, "guests", None, 7),
    ]
