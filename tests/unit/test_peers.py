"""Who is asking: admission, identity, what may be believed, and the token bucket of one client."""

from __future__ import annotations

import gc
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.rcode
import pytest

from safedns.lan.leases import Lease
from safedns.peers import PEERS, PLACES, Bucket, Peer, Peers, evidence_at
from tests.house import FAMILY, House, generic_option

BINH_MAC, ADULT_MAC, STRANGE_MAC = "aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02", "aa:bb:cc:dd:ee:99"
ROUTER = "192.168.1.1"


def peers(folder: Path, **settings: Any) -> Peers:
    house = House(folder)
    house.save(settings=settings)
    pipeline = house.pipeline
    assert pipeline is not None
    return pipeline.peers


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("192.168.1.1", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("100.64.0.1", True),
        ("203.0.113.1", False),
        ("::1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("2001:db8::1", False),
        ("::ffff:192.168.1.1", True),
        ("::ffff:203.0.113.1", False),
    ],
)
def test_private_networks_may_ask_and_nobody_else(tmp_path: Path, address: str, admitted: bool) -> None:
    assert peers(tmp_path).meet(address, b"", 100.0).admitted is admitted


def test_the_configuration_can_name_networks_or_everybody(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    only = peers(tmp_path / "a", clients=["203.0.113.0/24"])
    assert (only.meet("203.0.113.1", b"", 100.0).admitted, only.meet("192.168.1.1", b"", 100.0).admitted) == (
        True,
        False,
    )
    assert peers(tmp_path / "b", clients="any").meet("2001:db8::1", b"", 100.0).admitted


CLAIMED = {"children": {"binh": {"preset": "open", "devices": ["::a8bb:ccff:fedd:ee01", "192.168.1.7"]}}}


@pytest.mark.parametrize(("clients", "admitted"), [("private", True), (["192.168.1.0/24"], False)])
def test_the_homes_own_prefix_is_home_while_it_has_it(tmp_path: Path, clients: Any, admitted: bool) -> None:
    house = House(tmp_path)
    house.save(settings={"clients": clients}, family={**FAMILY, **CLAIMED})
    interface = "a8bb:ccff:fedd:ee01"
    assert not meet(house, f"2001:db8:1::{interface}").admitted
    house.lan.use_prefixes((IPv6Network("2001:db8:1::/64"),))
    assert [meet(house, f"2001:db8:{net}::{interface}").admitted for net in (1, 2)] == [admitted, False]
    house.lan.use_prefixes((IPv6Network("2001:db8:2::/64"),))
    assert not meet(house, f"2001:db8:1::{interface}").admitted


def test_in_a_providers_prefix_nobody_gets_the_rules_of_the_unknown(tmp_path: Path) -> None:
    """A child that is claimed by an IPv4 address would be rid of its own there, before it has been met at that one."""
    house = House(tmp_path)
    house.save(family={**FAMILY, **CLAIMED})
    house.lan.use_prefixes((IPv6Network("2001:db8:1::/64"),))
    house.lan.learn("2001:db8:1::5", STRANGE_MAC)
    assert not meet(house, "2001:db8:1::5").admitted
    house.lan.learn("192.168.1.7", STRANGE_MAC)
    assert meet(house, "2001:db8:1::5").admitted
    assert meet(house, "2001:db8:1::5").profile.id == "binh"


def test_a_device_that_is_claimed_by_its_ipv4_address_is_known_over_ipv6_once_it_was_met_at_both(
    tmp_path: Path,
) -> None:
    house = House(tmp_path)
    house.save(family={**FAMILY, **CLAIMED})
    house.lan.learn("192.168.1.7", STRANGE_MAC)
    assert meet(house, "fd00::5").device == ""
    house.lan.learn("fd00::5", STRANGE_MAC)
    assert (meet(house, "fd00::5").device, meet(house, "fd00::5").profile.id) == ("192.168.1.7", "binh")
    house.lan.learn("192.168.1.8", STRANGE_MAC)  # and who is at two is at neither for sure
    assert meet(house, "fd00::5").device == ""
    house.lan.learn("192.168.1.8", ADULT_MAC)
    assert meet(house, "fd00::5").device == "192.168.1.7"
    house.lan.learn("192.168.1.7", ADULT_MAC)  # to whom the address belongs now
    assert meet(house, "fd00::5").device == ""


def test_a_peer_knows_its_device_and_profile(tmp_path: Path) -> None:
    known = peers(tmp_path)
    child, stranger = known.meet("127.0.0.3", b"", 100.0), known.meet("127.0.0.77", b"", 100.0)
    assert (child.device, child.profile.id) == ("127.0.0.3", "binh")
    assert (stranger.device, stranger.profile.id) == ("", "adults")


def test_devices_of_one_profile_share_a_memo_and_others_do_not(tmp_path: Path) -> None:
    known = peers(tmp_path)
    assert known.meet("127.0.0.77", b"", 100.0).memo is known.meet("127.0.0.78", b"", 100.0).memo
    assert known.meet("127.0.0.3", b"", 100.0).memo is not known.meet("127.0.0.78", b"", 100.0).memo


def answered(peer: Peer, mono: float, queries: int = 1000) -> int:
    """How many of so many queries at one moment are answered, as the path counts them."""
    passed = 0
    for _ in range(queries):
        peer.tokens -= 1
        passed += peer.tokens >= 0 or peer.refill(mono)
    return passed


@pytest.mark.parametrize("rate", [8, 40])
def test_a_device_may_ask_at_its_rate_and_twice_that_at_once(tmp_path: Path, rate: int) -> None:
    peer = peers(tmp_path, rate_limit=rate).meet("127.0.0.3", b"", 100.0)
    moments = (100.0, 100.125, 101.125, 101.125, 10_000.0)
    assert [answered(peer, moment) for moment in moments] == [2 * rate, rate // 8, rate, 0, 2 * rate]


def test_all_addresses_of_a_device_share_one_bucket_and_other_devices_do_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.save(settings={"rate_limit": 40})
    addresses = ["192.168.1.50", *(f"2001:db8::{number:x}" for number in range(50))]
    for address in addresses:
        house.lan.learn(address, BINH_MAC)
    at = known(house)
    assert sum(answered(at.meet(address, b"", 100.0), 100.0) for address in addresses) == 80
    assert answered(at.meet("192.168.1.51", b"", 100.0), 100.0) == 80


@pytest.mark.parametrize(("rate", "counted"), [(5, 10), (0, 30)])
def test_what_each_client_has_asked_is_counted_though_nothing_is_logged(
    tmp_path: Path, rate: int, counted: int
) -> None:
    house = House(tmp_path)
    house.save(settings={"rate_limit": rate})
    answered(known(house).meet("127.0.0.3", b"", 100.0), 100.0, 30)
    answered(known(house).meet("192.168.1.50", b"", 100.0), 100.0, 3)
    answered(known(house).meet("203.0.113.9", b"", 100.0), 100.0, 3)  # who may not ask
    house.lan.learn("192.168.1.50", BINH_MAC)
    answered(known(house).by_address["192.168.1.50"], 100.0, 1)
    assert known(house).tally() == {("127.0.0.3", "127.0.0.3"): counted, ("192.168.1.50", ""): 4}
    house.load()
    answered(known(house).meet("127.0.0.3", b"", 100.0), 100.0, 1)
    assert known(house).tally() == {("127.0.0.3", "127.0.0.3"): counted // 2 + 1, ("192.168.1.50", ""): 2}


def test_a_new_neighbour_takes_nothing_from_the_counts_of_those_behind_a_router(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.save(settings={"rate_limit": 0, "trusted_forwarders": [ROUTER]})
    answered(meet(house, ROUTER, mac(BINH_MAC)), 100.0, 30)
    house.lan.learn("192.168.1.77", STRANGE_MAC)
    answered(meet(house, ROUTER, mac(BINH_MAC)), 100.0, 3)
    assert known(house).tally() == {(BINH_MAC, ""): 33}


def test_where_a_phone_that_is_known_by_its_id_has_been_is_not_remembered(tmp_path: Path) -> None:
    house = House(tmp_path)
    family = {**FAMILY, "children": {"binh": {"preset": "open", "devices": ["binh-phone-x7k2m9"]}}}
    house.save(settings={"rate_limit": 0}, family=family)
    for address in ("203.0.113.1", "198.51.100.2"):
        answered(meet(house, f"{address} binh-phone-x7k2m9"), 100.0, 3)
    assert known(house).tally() == {("", "binh-phone-x7k2m9"): 6}


def test_two_addresses_of_a_device_are_both_answered_at_once(tmp_path: Path) -> None:
    """The first one does not take all that there is."""
    house = House(tmp_path)
    house.save(settings={"rate_limit": 5})
    for address in ("192.168.1.50", "2001:db8::5"):
        house.lan.learn(address, BINH_MAC)
        assert answered(known(house).meet(address, b"", 100.0), 100.0, 3) == 3


def test_a_device_that_becomes_known_gets_no_new_bucket(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.save(settings={"rate_limit": 5, "clients": "any"})
    assert answered(known(house).meet("2001:db8::5", b"", 100.0), 100.0) == 10
    house.lan.learn("2001:db8::5", BINH_MAC)
    assert answered(known(house).by_address["2001:db8::5"], 100.0) == 0
    house.lan.learn("2001:db8::6", BINH_MAC)
    assert answered(known(house).meet("2001:db8::6", b"", 100.0), 100.0) == 0


def test_phones_behind_one_address_that_are_known_by_their_ids_do_not_share_a_bucket(tmp_path: Path) -> None:
    devices = {"binh": ["binh-phone-x7k2m9"], "an": ["an-phone-4hq8zd"]}
    house = House(tmp_path)
    children = {child: {"preset": "open", "devices": words} for child, words in devices.items()}
    house.save(
        settings={"rate_limit": 5},
        family={"children": children, "groups": {"guests": {"preset": "open"}}, "unknown": "guests"},
    )
    for words in devices.values():
        assert answered(known(house).meet(f"203.0.113.1 {words[0]}", b"", 100.0), 100.0) == 10


def test_a_flood_of_forged_addresses_is_not_remembered_for_ever(tmp_path: Path) -> None:
    known = peers(tmp_path)
    for number in range(PEERS + 5):
        known.meet(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", b"", 100.0)
    assert len(known.by_address) <= PEERS


# --- what the network says of an address -------------------------------------------------------------------------

FAMILY_BY_MAC = {
    "children": {"binh": {"preset": "open", "devices": [BINH_MAC, "binh-phone", "192.168.1.99"]}},
    "groups": {
        "adults": {"preset": "open", "devices": [ADULT_MAC, "192.168.1.10-192.168.1.19"]},
        "guests": {"preset": "open"},
    },
    "unknown": "guests",
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    made.save(settings={"trusted_forwarders": [ROUTER], "leases": ["/dev/null"]}, family=FAMILY_BY_MAC)
    return made


def known(house: House) -> Peers:
    assert house.pipeline is not None
    return house.pipeline.peers


def meet(house: House, sender: str, *options: dns.edns.Option) -> Peer:
    """The peer as the path finds it: by its sender, or met."""
    packet = dns.message.make_query("www.example.com", "A", use_edns=0, options=list(options)).to_wire(max_size=65_535)
    return known(house).by_address.get(sender) or known(house).meet(sender, packet, 100.0)


def mac(text: str) -> dns.edns.Option:
    return generic_option(65001, bytes.fromhex(text.replace(":", "")))


def test_a_device_is_known_by_its_hardware_address_at_whatever_address_it_has(house: House) -> None:
    house.lan.learn("192.168.1.50", BINH_MAC)
    house.lan.learn("2001:db8::5", BINH_MAC)
    house.lan.learn("fe80::1%eth0", ADULT_MAC)
    assert [(meet(house, at).device, meet(house, at).profile.id) for at in ("192.168.1.50", "fe80::1%eth0")] == [
        (BINH_MAC, "binh"),
        (ADULT_MAC, "adults"),
    ]
    assert meet(house, "fe80::1%eth1").profile.id == "guests"
    assert meet(house, "::ffff:192.168.1.50").profile.id == "binh"


def test_a_device_that_is_not_known_yet_is_nobody_until_the_table_learns_it(house: House) -> None:
    first = meet(house, "192.168.1.50")
    assert (first.device, first.profile.id) == ("", "guests")
    house.lan.learn("192.168.1.50", BINH_MAC)
    now = meet(house, "192.168.1.50")
    assert (now.device, now.profile.id, now.memo is first.memo) == (BINH_MAC, "binh", False)
    assert (first.profile.id, first.memo is meet(house, "192.168.1.51").memo) == ("guests", True)


def test_an_address_that_another_device_takes_over_is_that_devices(house: House) -> None:
    house.lan.learn("192.168.1.50", ADULT_MAC)
    assert meet(house, "192.168.1.50").profile.id == "adults"
    house.lan.learn("192.168.1.50", BINH_MAC)
    assert meet(house, "192.168.1.50").profile.id == "binh"


def test_to_become_another_device_fills_no_bucket(house: House) -> None:
    peer = meet(house, "192.168.1.50")
    peer.tokens = 3
    house.lan.learn("192.168.1.50", BINH_MAC)
    again = meet(house, "192.168.1.50")
    assert (again is peer, again.tokens) == (False, 3)


def test_a_device_that_changes_its_hardware_address_without_end_is_not_remembered_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 50
    monkeypatch.setattr("safedns.peers.PEERS", most)
    before = kept()
    for number in range(10 * most):
        meet(house, "192.168.1.50")
        house.lan.learn("192.168.1.50", number.to_bytes(6).hex(":"))
    assert max(now - then for now, then in zip(kept(), before, strict=True)) <= most


def kept() -> tuple[int, int]:
    """How many buckets and shares there are in all."""
    objects = gc.get_objects()
    return sum(isinstance(each, Bucket) for each in objects), sum(
        type(each) is list and each == [PLACES] for each in objects
    )


def test_word_of_an_address_that_nobody_asked_from_makes_no_peer(house: House) -> None:
    house.lan.learn("192.168.1.50", BINH_MAC)
    assert known(house).by_address == {}


def test_only_the_peers_of_the_newest_policy_hear_of_changes(house: House) -> None:
    before = known(house)
    meet(house, "192.168.1.50")
    house.load()
    house.lan.learn("192.168.1.50", BINH_MAC)
    assert before.by_address["192.168.1.50"].profile.id == "guests"
    assert meet(house, "192.168.1.50").profile.id == "binh"


def test_a_host_name_from_a_lease_is_recognised_and_an_address_beats_it(house: House) -> None:
    house.lan.use_leases([Lease("192.168.1.50", "", "binh-phone"), Lease("192.168.1.12", "", "binh-phone")])
    assert meet(house, "192.168.1.50").device == "binh-phone"
    assert meet(house, "192.168.1.12").device == "binh-phone"  # a range is wider than a name
    house.lan.use_leases([Lease("192.168.1.99", "", "papa")])
    assert meet(house, "192.168.1.99").device == "192.168.1.99"


def test_evidence_of_an_address_holds_everything_that_is_known(house: House) -> None:
    house.lan.use_leases([Lease("192.168.1.50", BINH_MAC, "binh-phone")])
    assert evidence_at("192.168.1.50", house.lan) == ("192.168.1.50", "", BINH_MAC, "binh-phone", "")
    for address in ("192.168.1.50", "fd00::5"):
        house.lan.learn(address, BINH_MAC)
    assert evidence_at("fd00::5", house.lan) == ("fd00::5", "", BINH_MAC, "binh-phone", "192.168.1.50")


# --- what a trusted router says, and what anybody else says ------------------------------------------------------


def test_a_router_that_says_the_hardware_says_who_is_claimed_by_an_ipv4_address(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.save(settings={"trusted_forwarders": [ROUTER]}, family={**FAMILY, **CLAIMED})
    assert meet(house, ROUTER, mac(STRANGE_MAC)).device == ""
    house.lan.learn("192.168.1.7", STRANGE_MAC)
    assert meet(house, ROUTER, mac(STRANGE_MAC)).device == "192.168.1.7"


def test_a_trusted_router_introduces_each_device(house: House) -> None:
    child, adult = meet(house, ROUTER, mac(BINH_MAC)), meet(house, ROUTER, mac(ADULT_MAC))
    assert [(p.device, p.profile.id, p.address) for p in (child, adult)] == [
        (BINH_MAC, "binh", BINH_MAC),
        (ADULT_MAC, "adults", ADULT_MAC),
    ]
    assert meet(house, ROUTER, mac(BINH_MAC)) is child
    assert child.memo is not adult.memo


@pytest.mark.parametrize(
    ("options", "profile", "address"),
    [
        ([dns.edns.ECSOption("192.168.1.99", 32)], "binh", "192.168.1.99"),
        ([dns.edns.ECSOption("192.168.1.12", 32)], "adults", "192.168.1.12"),
        ([generic_option(65074, b"binh-phone")], "binh", "binh-phone"),
        ([mac(BINH_MAC), dns.edns.ECSOption("192.168.1.12", 32)], "binh", "192.168.1.12"),
        ([mac(STRANGE_MAC), dns.edns.ECSOption("192.168.1.12", 32)], "adults", "192.168.1.12"),
        ([mac(STRANGE_MAC)], "guests", STRANGE_MAC),
        ([mac(STRANGE_MAC), generic_option(65074, b"binh-phone")], "guests", STRANGE_MAC),
        ([mac(ADULT_MAC), mac(BINH_MAC)], "binh", BINH_MAC),
        ([generic_option(65074, b"\xff"), mac(BINH_MAC)], "binh", BINH_MAC),
        ([generic_option(65074, b"x"), generic_option(65074, b"y"), mac(BINH_MAC)], "binh", BINH_MAC),
        ([generic_option(65001, b"short"), dns.edns.ECSOption("192.168.1.99", 32)], "binh", "192.168.1.99"),
        ([generic_option(65074, b"binh-phone"), dns.edns.ECSOption("192.168.1.12", 32)], "adults", "192.168.1.12"),
        ([generic_option(65001, b"short")], "guests", ROUTER),
        ([], "guests", ROUTER),
    ],
)
def test_what_a_router_says_and_what_becomes_of_it(
    house: House, options: list[dns.edns.Option], profile: str, address: str
) -> None:
    peer = meet(house, ROUTER, *options)
    assert (peer.profile.id, peer.address) == (profile, address)


def test_a_device_that_is_introduced_is_never_taken_for_the_router_itself(tmp_path: Path) -> None:
    house = House(tmp_path)
    family = {
        **FAMILY_BY_MAC,
        "groups": {"home": {"preset": "open", "devices": [ROUTER]}, "guests": {"preset": "open"}},
    }
    house.save(settings={"trusted_forwarders": [ROUTER], "leases": ["/dev/null"]}, family=family)
    assert meet(house, ROUTER).profile.id == "home"
    assert meet(house, ROUTER, mac(STRANGE_MAC)).profile.id == "guests"
    assert meet(house, ROUTER, generic_option(65074, b"\xff")).profile.id == "guests"
    for address in (ROUTER, "fd00::77"):  # it answers for its devices' addresses, and so shows its own hardware there
        house.lan.learn(address, ADULT_MAC)
    assert meet(house, ROUTER, dns.edns.ECSOption("fd00::77", 128)).profile.id == "guests"


def test_what_a_device_adds_to_its_routers_word_makes_no_other_device_of_it(house: House) -> None:
    told = meet(house, ROUTER, mac(BINH_MAC))
    assert all(
        meet(house, ROUTER, generic_option(65074, junk), mac(BINH_MAC)) is told for junk in (b"a", b"b", b"\xff")
    )
    nobody = meet(house, ROUTER, generic_option(65074, b"\xff"))
    assert all(meet(house, ROUTER, generic_option(65074, bytes(size))) is nobody for size in (1, 1000, 60_000))
    assert sum(known(house).count().values()) == 2


def test_the_kernel_and_leases_help_with_an_address_that_a_router_says(house: House) -> None:
    subnet = dns.edns.ECSOption("192.168.1.50", 32)
    assert meet(house, ROUTER, subnet).profile.id == "guests"
    house.lan.learn("192.168.1.50", BINH_MAC)
    assert meet(house, ROUTER, subnet).profile.id == "binh"


@pytest.mark.parametrize("sender", ["192.168.1.50", "192.168.1.2", "::ffff:192.168.1.50"])
@pytest.mark.parametrize(
    "option", [mac(ADULT_MAC), dns.edns.ECSOption("192.168.1.12", 32), generic_option(65074, b"binh-phone")]
)
def test_what_anybody_else_says_of_himself_is_not_believed(house: House, sender: str, option: dns.edns.Option) -> None:
    forger = meet(house, sender, option)
    assert (forger.profile.id, forger.address) == ("guests", sender)
    assert meet(house, sender) is forger


def test_devices_behind_a_trusted_router_have_no_rate_limit(house: House) -> None:
    assert meet(house, ROUTER, mac(BINH_MAC)).tokens > meet(house, "192.168.1.50").tokens


# --- clients that call themselves by a word ----------------------------------------------------------------------


def test_a_word_that_is_claimed_beats_everything_else_known_of_the_client(house: House) -> None:
    house.lan.learn("192.168.1.12", ADULT_MAC)
    peer = meet(house, "192.168.1.12 binh-phone")
    assert (peer.device, peer.profile.id, peer.address) == ("binh-phone", "binh", "192.168.1.12")
    assert meet(house, "192.168.1.12").profile.id == "adults"


def test_a_word_that_nobody_claimed_counts_for_nothing_and_gives_no_bucket_of_its_own(house: House) -> None:
    plain = meet(house, "192.168.1.12")
    assert meet(house, "192.168.1.12 one") is plain
    assert meet(house, "192.168.1.12 two words") is plain
    assert meet(house, "192.168.1.12 192.168.1.99") is plain
    assert meet(house, "192.168.1.13 one") is meet(house, "192.168.1.13")


def test_clients_are_counted_by_whether_somebody_claimed_them(house: House) -> None:
    meet(house, "192.168.1.12"), meet(house, "192.168.1.50"), meet(house, ROUTER, mac(BINH_MAC))
    assert known(house).count() == {True: 2, False: 1}


PHONE = {"children": {"binh": {"preset": "open", "devices": ["192.168.1.32", "binh-phone-x7k2m9"]}}}
OUTSIDE = "203.0.113.1"


def named_peers(folder: Path, **settings: Any) -> Peers:
    house = House(folder)
    house.save(settings=settings, family={**PHONE, "groups": {"guests": {"preset": "open"}}, "unknown": "guests"})
    assert house.pipeline is not None
    return house.pipeline.peers


def test_a_claimed_id_says_whose_device_it_is_and_admits_it_from_anywhere(tmp_path: Path) -> None:
    peer = named_peers(tmp_path).meet(f"{OUTSIDE} binh-phone-x7k2m9", b"", 100.0)
    assert (peer.profile.id, peer.device, peer.address) == ("binh", "binh-phone-x7k2m9", OUTSIDE)
    assert peer.admitted


def test_an_id_that_nobody_has_claimed_leaves_it_to_the_address(tmp_path: Path) -> None:
    known = named_peers(tmp_path)
    assert not known.meet(f"{OUTSIDE} binh-phone", b"", 100.0).admitted
    assert known.meet("192.168.1.32 binh-phone", b"", 100.0).profile.id == "binh"
    stranger = known.meet("192.168.1.99 no-such", b"", 100.0)
    assert (stranger.profile.id, stranger.admitted) == ("guests", True)


@pytest.mark.parametrize("claim", ["192.168.1.32", "192-168-1-32"])
def test_an_address_is_no_id(tmp_path: Path, claim: str) -> None:
    assert not named_peers(tmp_path).meet(f"{OUTSIDE} {claim}", b"", 100.0).admitted


def test_changing_the_id_fills_no_bucket_anew(tmp_path: Path) -> None:
    known = named_peers(tmp_path, rate_limit=5)
    peers_met = {id(known.meet(f"192.168.1.99 guess-{number}", b"", 100.0)) for number in range(20)}
    assert len(peers_met) == 1


async def test_an_id_that_is_taken_out_of_the_file_opens_nothing_from_the_next_question_on(tmp_path: Path) -> None:
    house = House(tmp_path, table={"www.example.com A": ["www.example.com 300 IN A 192.0.2.1"]})
    rcodes = []
    for device in ("binh-phone-x7k2m9", "binh-phone-4hq8zd", "binh-phone-x7k2m9"):
        children = {"binh": {"preset": "open", "devices": [device]}}
        house.save(family={"children": children, "groups": {"guests": {"preset": "open"}}, "unknown": "guests"})
        reply = await house.ask("www.example.com", client=f"{OUTSIDE} binh-phone-x7k2m9", protocol="tls")
        rcodes.append(reply.rcode())
    assert rcodes == [dns.rcode.NOERROR, dns.rcode.REFUSED, dns.rcode.NOERROR]
