"""Which upstreams serve which names, and which specifications this version can use."""

from __future__ import annotations

import pytest

from safedns.clock import SystemClock
from safedns.errors import SafednsError
from safedns.resolve.counting import UpstreamMeter
from safedns.resolve.routing import Routing, connect_plain
from safedns.settings.model import Upstreams, UpstreamSpec
from tests.unit.resolve.values import FakeCounters

FIRST = UpstreamSpec("plain", "192.0.2.1", 53, "first")
SECOND = UpstreamSpec("plain", "192.0.2.2", 53, "second")


def routing(upstreams: Upstreams, before: Routing | None = None) -> Routing:
    return Routing(upstreams, SystemClock(), FakeCounters(), connect_plain, before)


def test_an_upstream_that_serves_several_routes_is_one_member() -> None:
    made = routing(Upstreams(servers=(FIRST, SECOND), routes={"lan": (FIRST,), "home": (FIRST,)}))
    assert set(made.members) == {FIRST, SECOND}
    assert made.squad_for("x.lan").members == (made.members[FIRST],)


def test_names_of_the_same_ending_without_a_dot_are_not_routed() -> None:
    made = routing(Upstreams(servers=(FIRST,), routes={"lan": (SECOND,)}))
    assert made.squad_for("plan").members == (made.members[FIRST],)
    assert made.squad_for(".").members == (made.members[FIRST],)


def test_a_reload_takes_over_the_upstreams_that_stay() -> None:
    before = routing(Upstreams(servers=(FIRST,)))
    after = routing(Upstreams(servers=(SECOND, FIRST)), before)
    assert after.members[FIRST] is before.members[FIRST]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        (UpstreamSpec("tls", "192.0.2.1", 853, "tls://192.0.2.1"), "only plain upstreams are supported"),
        (UpstreamSpec("plain", "dns.example", 53, "dns.example"), "expected an address instead of a name"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(spec: UpstreamSpec, complaint: str) -> None:
    with pytest.raises(SafednsError, match=complaint):
        connect_plain(spec, SystemClock(), UpstreamMeter(FakeCounters(), spec.name))
