"""Where we say that we speak encrypted DNS (RFC 9462), as another implementation reads it."""

from __future__ import annotations

import pytest

from safedns.resolve.designation import designated
from safedns.resolve.local import LocalNames
from safedns.wire.types import RCode
from tests.unit.resolve.test_local import ask

NAME = "dns.home.example"
PLACES = [
    ("udp", "192.168.1.5", 53),
    ("https", "192.168.1.5", 443),
    ("quic", "192.168.1.5", 853),
    ("tls", "127.0.0.1", 853),
    ("tls", "192.168.1.5", 853),
    ("tls", "fd00::5", 853),
    ("tls", "fe80::5%2", 853),
]
RECORDS = [
    'SVCB 1 dns.home.example. alpn="dot" port="853" ipv4hint="192.168.1.5" ipv6hint="fd00::5"',
    'SVCB 2 dns.home.example. alpn="h2" port="443" ipv4hint="192.168.1.5" dohpath="/dns-query{?dns}"',
    'SVCB 3 dns.home.example. alpn="doq" port="853" ipv4hint="192.168.1.5"',
]


@pytest.mark.parametrize("asked", ["_dns.resolver.arpa", f"_dns.{NAME}"])
def test_each_protocol_is_told_with_port_and_addresses_rfc9462_4_and_5(asked: str) -> None:
    local = LocalNames({}, designated=designated(NAME, PLACES))
    found = ask(local, asked, "SVCB")
    assert found is not None
    assert found[0] == RCode.NOERROR
    assert [record.replace("key7=", "dohpath=") for record in found[1]] == RECORDS


def test_other_types_and_neighbours_have_nothing_rfc9462_6_4() -> None:
    local = LocalNames({}, designated=designated(NAME, PLACES))
    for name, qtype in (("_dns.resolver.arpa", "A"), ("resolver.arpa", "SVCB"), ("x.resolver.arpa", "SVCB")):
        assert ask(local, name, qtype) == (RCode.NOERROR, [])
    assert ask(local, NAME) is None


@pytest.mark.parametrize(("name", "places"), [("", PLACES), (NAME, PLACES[:1]), (NAME, [])])
def test_who_has_no_name_or_no_encryption_designates_nobody(name: str, places: list[tuple[str, str, int]]) -> None:
    assert designated(name, places) is None
    assert ask(LocalNames({}, designated=None), "_dns.resolver.arpa", "SVCB") == (RCode.NOERROR, [])


def test_loopback_is_told_where_there_is_nothing_else() -> None:
    local = LocalNames({}, designated=designated(NAME, PLACES[3:4]))
    found = ask(local, "_dns.resolver.arpa", "SVCB")
    assert found is not None
    assert 'ipv4hint="127.0.0.1"' in found[1][0]


def test_the_first_four_addresses_are_told_in_the_order_in_which_they_are_given() -> None:
    """A datagram has no room for all the bridges between containers."""
    hosts = ["192.168.1.5", "172.17.0.1", "172.18.0.1", "10.0.0.1", "172.19.0.1"]
    found = ask(
        LocalNames({}, designated=designated(NAME, [("tls", host, 853) for host in hosts])), f"_dns.{NAME}", "SVCB"
    )
    assert found is not None
    assert f'ipv4hint="{",".join(hosts[:4])}"' in found[1][0]


def test_a_phones_own_name_leads_where_ours_does() -> None:
    local = LocalNames({NAME: ("192.168.1.5", "fd00::5")}, designated=designated(NAME, PLACES))
    assert ask(local, f"an-tablet.{NAME}") == (RCode.NOERROR, ["A 192.168.1.5"])
    assert ask(local, f"an-tablet.{NAME}", "AAAA") == (RCode.NOERROR, ["AAAA fd00::5"])
    assert ask(local, f"an-tablet.{NAME}", "HTTPS") == (RCode.NOERROR, [])
    assert ask(local, f"x.an-tablet.{NAME}") is None
    assert ask(LocalNames({}, designated=designated(NAME, PLACES)), f"an-tablet.{NAME}") is None
