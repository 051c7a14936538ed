"""Who is asking: admission, identity and the token bucket of one client address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from safedns.peers import PEERS, Peers
from tests.house import House


def peers(folder: Path, **settings: Any) -> Peers:
    house = House(folder)
    house.save(settings=settings)
    pipeline = house.pipeline
    assert pipeline is not None
    return pipeline._peers


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
    assert peers(tmp_path).meet(address, 100.0).admitted is admitted


def test_the_configuration_can_name_networks_or_everybody(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    only = peers(tmp_path / "a", clients=["203.0.113.0/24"])
    assert (only.meet("203.0.113.1", 100.0).admitted, only.meet("192.168.1.1", 100.0).admitted) == (True, False)
    assert peers(tmp_path / "b", clients="any").meet("2001:db8::1", 100.0).admitted


def test_a_peer_knows_its_device_and_profile(tmp_path: Path) -> None:
    known = peers(tmp_path)
    child, stranger = known.meet("127.0.0.3", 100.0), known.meet("127.0.0.77", 100.0)
    assert (child.device, child.profile.id) == ("127.0.0.3", "binh")
    assert (stranger.device, stranger.profile.id) == ("", "adults")


def test_devices_of_one_profile_share_a_memo_and_others_do_not(tmp_path: Path) -> None:
    known = peers(tmp_path)
    assert known.meet("127.0.0.77", 100.0).memo is known.meet("127.0.0.78", 100.0).memo
    assert known.meet("127.0.0.3", 100.0).memo is not known.meet("127.0.0.78", 100.0).memo


def test_an_empty_bucket_fills_with_time_up_to_the_burst(tmp_path: Path) -> None:
    peer = peers(tmp_path, rate_limit=5).meet("127.0.0.3", 100.0)
    peer.refill(100.0)
    peer.tokens = -1
    assert not peer.refill(100.1)
    assert peer.refill(101.0)
    assert peer.tokens == 4
    assert peer.refill(10_000.0)
    assert peer.tokens == 9


def test_a_flood_of_forged_addresses_is_not_remembered_for_ever(tmp_path: Path) -> None:
    known = peers(tmp_path)
    for number in range(PEERS + 5):
        known.meet(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 100.0)
    assert len(known.by_address) <= PEERS


PHONE = {"children": {"binh": {"preset": "open", "devices": ["192.168.1.32", "binh-phone-x7k2m9"]}}}
OUTSIDE = "203.0.113.1"


def named_peers(folder: Path, **settings: Any) -> Peers:
    house = House(folder)
    house.save(settings=settings, family={**PHONE, "groups": {"guests": {"preset": "open"}}, "unknown": "guests"})
    assert house.pipeline is not None
    return house.pipeline._peers


def test_a_claimed_id_says_whose_device_it_is_and_admits_it_from_anywhere(tmp_path: Path) -> None:
    peer = named_peers(tmp_path).meet(f"{OUTSIDE} binh-phone-x7k2m9", 100.0)
    assert (peer.profile.id, peer.device, peer.address) == ("binh", "binh-phone-x7k2m9", OUTSIDE)
    assert peer.admitted


def test_an_id_that_nobody_has_claimed_leaves_it_to_the_address(tmp_path: Path) -> None:
    known = named_peers(tmp_path)
    assert not known.meet(f"{OUTSIDE} binh-phone", 100.0).admitted
    assert known.meet("192.168.1.32 binh-phone", 100.0).profile.id == "binh"
    stranger = known.meet("192.168.1.99 no-such", 100.0)
    assert (stranger.profile.id, stranger.admitted) == ("guests", True)


@pytest.mark.parametrize("claim", ["192.168.1.32", "192-168-1-32"])
def test_an_address_is_no_id(tmp_path: Path, claim: str) -> None:
    assert not named_peers(tmp_path).meet(f"{OUTSIDE} {claim}", 100.0).admitted


def test_changing_the_id_fills_no_bucket_anew(tmp_path: Path) -> None:
    known = named_peers(tmp_path, rate_limit=5)
    peers_met = {id(known.meet(f"192.168.1.99 guess-{number}", 100.0)) for number in range(20)}
    assert len(peers_met) == 1
