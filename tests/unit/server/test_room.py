"""Who may hold how many connections, and who gives one up: the one rule of every listener."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.record.counters import Counters
from safedns.server.room import Limits, Place, Room
from safedns.server.terms import Terms

PROXY = "127.0.0.2"
FORWARDER = "192.168.1.1"


def terms() -> Terms:
    made = Terms()
    made.change(None, (ip_network(PROXY),), (ip_network(FORWARDER),))
    return made


def taken(room: Room, *addresses: str) -> list[Place]:
    """A place for each, all of which are to be had."""
    places = [room.take(address) for address in addresses]
    found = [place for place in places if place is not None]
    assert len(found) == len(places)
    return found


def test_one_address_holds_so_many_and_leaves_the_rest_to_others() -> None:
    room = Room(Limits(connections=4, per_peer=2), terms())
    first, _ = taken(room, "192.0.2.1", "192.0.2.1")
    assert room.take("192.0.2.1") is None
    taken(room, "192.0.2.2")
    room.leave(first)
    taken(room, "192.0.2.1")


def test_a_whole_school_behind_one_address_is_served_as_things_are() -> None:
    room = Room(Limits(), terms())
    assert len(taken(room, *["192.0.2.1"] * 100)) == 100


@pytest.mark.parametrize("address", [PROXY, FORWARDER])
def test_who_speaks_for_others_is_bounded_by_the_whole_only(address: str) -> None:
    room = Room(Limits(connections=3, per_peer=1), terms())
    taken(room, *[address] * 3)
    assert room.take(address) is None


def test_a_place_that_a_proxy_took_counts_for_the_client_it_names() -> None:
    room = Room(Limits(per_peer=1), terms())
    one, other = taken(room, PROXY, PROXY)
    assert room.move(one, "192.0.2.1")
    assert not room.move(other, "192.0.2.1")
    assert room.move(other, "192.0.2.2")
    assert room.take("192.0.2.1") is None
    room.leave(one)
    taken(room, "192.0.2.1")


def test_the_greediest_device_lets_its_oldest_go_and_only_for_who_holds_less() -> None:
    household = terms()
    household.device_at = lambda address: address.rpartition(".")[0]
    room = Room(Limits(connections=4), household)
    ended: list[str] = []
    for place in taken(room, "10.0.1.1", "10.0.2.1", "10.0.2.2", "10.0.2.3"):
        place.evict = partial(ended.append, place.address)
    taken(room, "10.0.3.1")
    assert ended == ["10.0.2.1"]
    assert room.take("10.0.3.2") is None  # it would hold as many as the greediest
    assert (ended, len(room)) == (["10.0.2.1"], 4)


def test_every_connection_that_is_turned_away_is_counted() -> None:
    counters = Counters()
    room = Room(Limits(connections=2, per_peer=1), terms(), counters.cell("connections_refused", "tls"))
    _, told = taken(room, "192.0.2.1", PROXY)
    for turned_away in (room.take("192.0.2.1"), room.take("192.0.2.3"), room.move(told, "192.0.2.1")):
        assert not turned_away
    assert counters.total("connections_refused", "tls") == 3


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
def test_whatever_comes_and_goes_nobody_holds_more_than_is_allowed(steps: list[tuple[int, bool]]) -> None:
    room = Room(Limits(connections=7, per_peer=3), terms())
    held: list[Place] = []

    def let_go(place: Place) -> None:
        held.remove(place)
        room.leave(place)  # as a connection does at its end

    for number, leaves in steps:
        if leaves and held:
            let_go(held[number % len(held)])
        elif (place := room.take(f"192.0.2.{number}")) is not None:
            place.evict = partial(let_go, place)
            held.append(place)
        assert len(room) == len(held) <= 7
        assert all([place.address for place in held].count(place.address) <= 3 for place in held)
