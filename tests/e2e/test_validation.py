"""Validation by the program as it runs, over zones that an unbound serves; another unbound validates beside it.

zones --> unbound, which does not validate --+--> safedns serve, which does
                                             '--> unbound, which does: what it says is right
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from tests.e2e.running import CLOCK, Running, running
from tests.e2e.upstream_programs import Program
from tests.ports import free_port
from tests.signed import DAY, Zone
from tests.worlds import anchor_of

QUESTIONS = [
    ("www.signed.example", "A"),
    ("www.signed.example", "MX"),
    ("signed.example", "DNSKEY"),
    ("signed.example", "DS"),
    ("missing.signed.example", "A"),
    ("alias.signed.example", "A"),
    ("broken.signed.example", "A"),
    ("leaf.tree.signed.example", "A"),
    ("any.wild.signed.example", "A"),
    ("a.b.wild.signed.example", "A"),
    ("any.wild.signed.example", "MX"),
    ("empty.signed.example", "A"),
    ("away.signed.example", "A"),
    ("www.hashed.example", "A"),
    ("www.hashed.example", "MX"),
    ("missing.hashed.example", "A"),
    ("a.b.missing.hashed.example", "A"),
    ("any.wild.hashed.example", "A"),
    ("any.wild.hashed.example", "MX"),
    ("empty.hashed.example", "A"),
    ("leaf.tree.hashed.example", "A"),
    ("www.unsigned.example", "A"),
    ("missing.unsigned.example", "A"),
    ("unsigned.example", "DS"),
    ("alias.unsigned.example", "A"),
    ("www.child.optout", "A"),
    ("www.signed.optout", "A"),
    ("child.optout", "DS"),
    ("missing.optout", "A"),
    ("www.strange.example", "A"),
    ("www.forged.example", "A"),
    ("missing.forged.example", "A"),
    ("www.expired.example", "A"),
    ("www.early.example", "A"),
    ("www.stranger.example", "A"),
    ("www.stripped.example", "A"),
    ("missing.stripped.example", "A"),
    ("missing", "A"),
    (".", "NS"),
]
BROKEN = {"forged": 6, "expired": 7, "early": 8, "stranger": 9, "stripped": 9}
"""Zone that does not validate -> the extended error that says why."""


def family(name: str, **kinds: Any) -> Zone:
    return Zone(
        name,
        "www 300 A 192.0.2.1",
        "alias 300 CNAME www",
        "away 300 CNAME www.unsigned.example.",
        "broken 300 CNAME missing",
        "tree 300 DNAME signed.optout.",
        "*.wild 300 A 192.0.2.7",
        "deep.empty 300 A 192.0.2.8",
        **kinds,
    )


def internet(now: float) -> list[Zone]:
    """Zones of all kinds below a root, good and broken ones, signed at ``now``."""
    dates = {"inception": now - DAY, "expiration": now + DAY}
    good = [family("signed.example"), family("hashed.example", iterations=3)]
    signed = [*good, Zone("signed.optout", "www 300 A 192.0.2.2", "leaf 300 A 192.0.2.2", nsec3=True)]
    broken = [Zone(f"{name}.example", "www 300 A 192.0.2.3") for name in (*BROKEN, "strange")]
    unsigned = [
        Zone("unsigned.example", "www 300 A 192.0.2.9", "alias 300 CNAME www.signed.example."),
        Zone("child.optout", "www 300 A 192.0.2.9"),
    ]
    root, example, optout = Zone("."), Zone("example"), Zone("optout", opt_out=True)
    for zone in (*signed, *broken, *unsigned):
        (example if zone.name.is_subdomain(example.name) else optout).delegate(zone, secure=zone not in unsigned)
    root.delegate(example)
    root.delegate(optout)
    strange = dns.name.from_text("strange.example")
    unknown = broken[-1].ds().replace(algorithm=200)
    example.sets[strange, dns.rdatatype.DS] = dns.rrset.from_rdata(strange, 300, unknown)
    for zone in (root, example, optout, *signed, *broken):
        zone.sign(**dates)
    forged, expired, early, stranger, stripped, _ = broken
    www = dns.name.from_text("www", forged.name)
    forged.sets[www, dns.rdatatype.A] = dns.rrset.from_text(www, 300, "IN", "A", "192.0.2.66")
    soa = dns.rrset.from_text(forged.name, 300, "IN", "SOA", "ns.example. other.example. 2 1 1 1 60")
    forged.sets[forged.name, dns.rdatatype.SOA] = soa
    expired.sign(inception=now - 9 * DAY, expiration=now - 2 * DAY)
    early.sign(inception=now + 2 * DAY, expiration=now + 9 * DAY)
    stranger.key = family("somebody.else").key
    stranger.sign(**dates)
    stripped.signatures.clear()
    stripped.chain.clear()
    del stripped.sets[stripped.name, dns.rdatatype.DNSKEY]
    return [root, example, optout, *signed, *broken, *unsigned]


COMMON = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: "{modules}"
{more}
remote-control:
  control-enable: no
"""


@pytest.fixture(scope="module")
def zones() -> list[Zone]:
    return internet(CLOCK.wall())


@pytest.fixture(scope="module")
def passing(zones: list[Zone], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a resolver over the zones that does not validate."""
    folder, port = tmp_path_factory.mktemp("passing"), free_port()
    config = COMMON.format(port=port, folder=folder, modules="iterator", more="")
    for number, zone in enumerate(zones):
        (folder / f"{number}.zone").write_text(zone.text(), encoding="utf-8")
        name = zone.name.to_text()
        config += f'auth-zone:\n  name: "{name}"\n  zonefile: "{number}.zone"\n  for-downstream: no\n'
    (folder / "unbound.conf").write_text(config, encoding="utf-8")
    with Program(["unbound", "-d", "-c", str(folder / "unbound.conf")], {"dns": port}).running():
        yield port


@pytest.fixture(scope="module")
def oracle(zones: list[Zone], passing: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an unbound that validates what ``passing`` says."""
    folder, port = tmp_path_factory.mktemp("oracle"), free_port()
    more = f'  trust-anchor: ". DS {anchor_of(zones[0]).ds}"\n'
    config = COMMON.format(port=port, folder=folder, modules="validator iterator", more=more)
    config += f'forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@{passing}\n'
    (folder / "unbound.conf").write_text(config, encoding="utf-8")
    with Program(["unbound", "-d", "-c", str(folder / "unbound.conf")], {"dns": port}).running():
        yield port


@pytest.fixture
def house(zones: list[Zone], passing: int, tmp_path: Path) -> Iterator[Running]:
    dnssec = {"validate": "on", "trust_anchors": [f". IN DS {anchor_of(zones[0]).ds}"]}
    settings = {"upstreams": {"servers": [f"127.0.0.1:{passing}"]}, "dnssec": dnssec}
    with running(tmp_path, settings=settings) as house:
        yield house


def asked(port: int, name: str, qtype: str, *, flags: int = dns.flags.RD | dns.flags.AD) -> dns.message.Message:
    query = dns.message.make_query(name, qtype, want_dnssec=True, flags=flags)
    return dns.query.udp_with_fallback(query, "127.0.0.1", port=port, timeout=10)[0]


def verdict(reply: dns.message.Message) -> str:
    """RCODE and whether it is proven."""
    return dns.rcode.to_text(reply.rcode()) + (" proven" if reply.flags & dns.flags.AD else "")


def test_every_verdict_is_that_of_unbound(house: Running, oracle: int) -> None:
    ours = {question: verdict(asked(house.port, *question)) for question in QUESTIONS}
    theirs = {question: verdict(asked(oracle, *question)) for question in QUESTIONS}
    assert ours == theirs
    assert {"NOERROR", "NOERROR proven", "NXDOMAIN", "NXDOMAIN proven", "SERVFAIL"} == set(ours.values())


def test_a_failure_says_why(house: Running) -> None:
    for name, code in BROKEN.items():
        reply = asked(house.port, f"www.{name}.example", "A")
        errors = [option.code for option in reply.options if isinstance(option, dns.edns.EDEOption)]
        assert (name, reply.rcode(), errors) == (name, dns.rcode.SERVFAIL, [code])
    shown = house.command("query", "www.expired.example").stdout
    assert "has expired" in shown
    assert house.metrics()["safedns_dnssec_answers_total", ("bogus",)] >= len(BROKEN)


def test_checking_can_be_turned_off_by_who_asks_and_by_the_household(house: Running) -> None:
    flags = dns.flags.RD | dns.flags.CD
    assert asked(house.port, "www.forged.example", "A", flags=flags).answer
    assert verdict(asked(house.port, "www.forged.example", "A")) == "SERVFAIL"
    house.save({"dnssec": {"validate": "on", "negative_trust_anchors": ["forged.example"]}})
    assert house.command("reload").returncode == 0
    assert asked(house.port, "www.forged.example", "A").answer


def test_nothing_of_it_is_loaded_unless_it_is_wanted() -> None:
    """The library and what it takes of memory are for who validates."""
    code = "import sys, safedns.app.resolver; print([name for name in sys.modules if name.split('.')[0] == 'dns'])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
