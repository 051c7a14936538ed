"""What the network says of its addresses: neighbours before leases, and word of what is new."""

from __future__ import annotations

import pytest

from safedns.lan.directory import NEIGHBOURS, Directory
from safedns.lan.leases import Lease

MAC, OTHER = "aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02"
PHONE, V6 = "192.168.1.31", "2001:db8::1:31"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def directory(told: list[str]) -> Directory:
    made = Directory()
    made.changed = told.append
    return made


def test_nothing_is_known_at_first() -> None:
    assert (Directory().mac_of(PHONE), Directory().host_of(PHONE, "")) == ("", "")


def test_what_the_kernel_met_is_known_and_told_once(directory: Directory, told: list[str]) -> None:
    directory.learn(PHONE, MAC)
    directory.learn(PHONE, MAC)
    assert (directory.mac_of(PHONE), told) == (MAC, [PHONE])
    directory.learn(PHONE, OTHER)
    assert (directory.mac_of(PHONE), told) == (OTHER, [PHONE, PHONE])


def test_it_needs_nobody_who_listens() -> None:
    made = Directory()
    made.learn(PHONE, MAC)
    assert made.mac_of(PHONE) == MAC


def test_a_lease_gives_host_and_hardware_and_the_kernel_knows_better(directory: Directory, told: list[str]) -> None:
    directory.use_leases([Lease(PHONE, MAC, "an-phone")])
    assert (directory.mac_of(PHONE), directory.host_of(PHONE, MAC), told) == (MAC, "an-phone", [PHONE])
    directory.learn(PHONE, OTHER)
    assert directory.mac_of(PHONE) == OTHER
    assert directory.neighbours() == {PHONE: OTHER}


def test_the_host_name_of_a_lease_is_known_at_every_address_of_that_hardware(
    directory: Directory, told: list[str]
) -> None:
    directory.learn(V6, MAC)
    directory.use_leases([Lease(PHONE, MAC, "an-phone")])
    assert directory.host_of(V6, MAC) == "an-phone"
    assert sorted(told) == sorted([V6, PHONE, V6])


def test_a_lease_that_ended_takes_back_what_it_said_and_others_are_left_alone(
    directory: Directory, told: list[str]
) -> None:
    directory.use_leases([Lease(PHONE, MAC, "an-phone"), Lease("192.168.1.32", OTHER, "tv")])
    told.clear()
    directory.use_leases([Lease("192.168.1.32", OTHER, "tv")])
    assert (directory.mac_of(PHONE), directory.host_of(PHONE, MAC), told) == ("", "", [PHONE])


def test_a_flood_of_forged_neighbours_is_not_remembered_for_ever(directory: Directory) -> None:
    for number in range(NEIGHBOURS + 10):
        directory.learn(f"10.0.{number >> 8}.{number & 255}", MAC)
    assert len(directory.neighbours()) == NEIGHBOURS
    assert directory.mac_of("10.0.0.0") == ""


def test_a_device_that_is_met_again_and_again_is_remembered_whatever_comes_and_goes(directory: Directory) -> None:
    """Phones make up new IPv6 addresses every day."""
    for number in range(3 * NEIGHBOURS):
        directory.learn(PHONE, MAC)
        directory.learn(f"2001:db8::{number:x}", OTHER)
    assert directory.mac_of(PHONE) == MAC
    assert len(directory.neighbours()) == NEIGHBOURS


def test_addresses_of_one_device_are_told_apart_from_others_by_its_hardware(directory: Directory) -> None:
    directory.learn(PHONE, MAC)
    directory.learn(V6, MAC)
    assert [directory.device_at(address) for address in (PHONE, V6, "192.168.1.32")] == [MAC, MAC, "192.168.1.32"]


def test_a_device_at_an_ipv6_address_is_known_by_its_only_ipv4_one_and_never_the_other_way(
    directory: Directory,
) -> None:
    for address in (PHONE, V6):
        directory.learn(address, MAC)
    assert (directory.ipv4_of(V6, MAC), directory.ipv4_of("", MAC)) == (PHONE, PHONE)
    assert [directory.ipv4_of(*seen) for seen in ((PHONE, MAC), (V6, OTHER), (V6, ""), ("", ""))] == [""] * 4


def test_hardware_at_several_ipv4_addresses_says_nothing_until_others_have_taken_all_but_one(
    directory: Directory, told: list[str]
) -> None:
    directory.learn(V6, MAC)
    directory.learn(PHONE, MAC)
    assert (told, directory.ipv4_of(V6, MAC)) == ([V6, PHONE, V6], PHONE)
    told.clear()
    directory.learn("192.168.1.77", MAC)
    assert (told, directory.ipv4_of(V6, MAC)) == (["192.168.1.77", V6], "")
    told.clear()
    directory.learn("192.168.1.78", MAC)
    assert (told, directory.ipv4_of(V6, MAC)) == (["192.168.1.78"], "")
    told.clear()
    directory.learn(PHONE, OTHER)
    directory.learn("192.168.1.78", OTHER)
    assert (told, directory.ipv4_of(V6, MAC)) == ([PHONE, "192.168.1.78", V6], "192.168.1.77")
    assert directory.ipv4_of("", OTHER) == ""


def test_an_ipv6_address_that_only_a_lease_knows_is_not_known_by_an_ipv4_one(directory: Directory) -> None:
    """Nobody would be told when that changes."""
    directory.use_leases([Lease(V6, MAC, "")])
    directory.learn(PHONE, MAC)
    assert (directory.mac_of(V6), directory.ipv4_of(V6, MAC)) == (MAC, "")


def test_whose_addresses_are_forgotten_is_forgotten(directory: Directory) -> None:
    directory.learn(V6, MAC)
    directory.learn(PHONE, MAC)
    for number in range(NEIGHBOURS):
        directory.learn(f"10.0.{number >> 8}.{number & 255}", f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}")
    assert directory.ipv4_of("", MAC) == ""
    assert len(directory._ipv4) == NEIGHBOURS
