"""Which upstreams serve which names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from safedns.clock import SystemClock
from safedns.resolve.routing import Routing, asked_of
from safedns.resolve.upstream.open import open_upstream
from safedns.settings.model import SETS_MAX, Upstreams, UpstreamSpec
from tests.unit.resolve.values import FakeCounters, question

FIRST = UpstreamSpec("plain", "192.0.2.1", 53, "first")
SECOND = UpstreamSpec("plain", "192.0.2.2", 53, "second")


def routing(upstreams: Upstreams, before: Routing | None = None) -> Routing:
    return Routing(upstreams, SystemClock(), FakeCounters(), open_upstream, before)


def test_an_upstream_that_serves_several_routes_is_one_member() -> None:
    made = routing(Upstreams(servers=(FIRST, SECOND), routes={"lan": (FIRST,), "home": (FIRST,)}))
    assert set(made.members) == {FIRST, SECOND}
    assert made.squad_for(question("x.lan")).members == (made.members[FIRST],)


def test_names_of_the_same_ending_without_a_dot_are_not_routed() -> None:
    made = routing(Upstreams(servers=(FIRST,), routes={"lan": (SECOND,)}))
    assert made.squad_for(question("plan")).members == (made.members[FIRST],)
    assert made.squad_for(question(".")).members == (made.members[FIRST],)


def test_a_reload_takes_over_the_upstreams_that_stay() -> None:
    before = routing(Upstreams(servers=(FIRST,)))
    after = routing(Upstreams(servers=(SECOND, FIRST)), before)
    assert after.members[FIRST] is before.members[FIRST]


def test_bootstrap_is_asked_only_where_a_name_has_to_be_looked_up() -> None:
    by_name = UpstreamSpec("tls", "dns.test", 853, "tls://dns.test", "dns.test")
    assert set(routing(Upstreams(servers=(FIRST,), bootstrap=(SECOND,))).members) == {FIRST}
    made = routing(Upstreams(servers=(FIRST,), bootstrap=(SECOND,), routes={"lan": (by_name,)}))
    assert set(made.members) == {FIRST, SECOND, by_name}
    assert made.squad_for(question("www.example.com")).members == (made.members[FIRST],)


def test_a_set_serves_who_asks_it_but_for_names_with_a_route() -> None:
    third = UpstreamSpec("plain", "192.0.2.3", 53, "third")
    made = routing(Upstreams(servers=(FIRST,), routes={"lan": (third,)}, sets={"family": (SECOND,), "other": (third,)}))
    asked = [made.squad_for(asked_of(question("www.example.com"), number)).members for number in range(3)]
    assert asked == [(made.members[FIRST],), (made.members[SECOND],), (made.members[third],)]
    assert made.squad_for(asked_of(question("nas.lan"), 1)).members == (made.members[third],)


@given(st.integers(0, SETS_MAX), st.integers(0, SETS_MAX), st.booleans())
def test_no_two_sets_share_an_answer(one: int, other: int, do: bool) -> None:
    query = question(do=do)
    assert (asked_of(query, one).cache_key == asked_of(query, other).cache_key) == (one == other)
    assert asked_of(query, one).cache_key[:-1] == query.cache_key[:-1]
