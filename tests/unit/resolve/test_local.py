"""What never leaves the house, and what it is told."""

from __future__ import annotations

import dns.message
import dns.rdatatype
import pytest

from safedns.resolve.local import LocalNames
from safedns.resolve.special import SPECIAL
from safedns.wire.answer import Answer
from safedns.wire.query import Query, decode_query
from safedns.wire.reply import build_reply
from safedns.wire.types import QClass, RCode, parse_type
from tests.unit.resolve.values import question

RECORDS = {"printer.lan": ("192.168.1.9",), "nas.lan": ("192.168.1.9", "fd00::9")}


def records_in(query: Query, answer: Answer) -> list[str]:
    """The answer section as another implementation reads it: ``"A 192.0.2.1"``."""
    message = dns.message.from_wire(build_reply(query, answer))
    return sorted(f"{dns.rdatatype.to_text(rrset.rdtype)} {rdata}" for rrset in message.answer for rdata in rrset)


def ask(local: LocalNames, name: str, qtype: str = "A") -> tuple[int, list[str]] | None:
    """RCODE and records of the local answer, ``None`` where an upstream is asked."""
    query = question(name, parse_type(qtype))
    answer = local.answer(query)
    return None if answer is None else (answer.rcode, records_in(query, answer))


def of_class(name: str, qtype: str, qclass: int) -> Query:
    wire = dns.message.make_query(name, qtype).to_wire()
    question_end = wire.index(b"\0", 12) + 5
    return decode_query(wire[: question_end - 2] + qclass.to_bytes(2) + wire[question_end:])


@pytest.mark.parametrize(
    ("name", "qtype", "expected"),
    [
        ("printer.lan", "A", ["A 192.168.1.9"]),
        ("printer.lan", "AAAA", []),
        ("printer.lan", "HTTPS", []),
        ("nas.lan", "AAAA", ["AAAA fd00::9"]),
        ("9.1.168.192.in-addr.arpa", "PTR", ["PTR nas.lan.", "PTR printer.lan."]),
        ("9.1.168.192.in-addr.arpa", "A", []),
        ("9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "PTR", ["PTR nas.lan."]),
    ],
)
def test_configured_records_answer_with_what_they_have_and_nodata_otherwise(
    name: str, qtype: str, expected: list[str]
) -> None:
    assert ask(LocalNames(RECORDS), name, qtype) == (RCode.NOERROR, expected)


def test_names_around_a_configured_record_are_asked_upstream() -> None:
    local = LocalNames(RECORDS)
    assert [ask(local, name) for name in ("lan", "x.printer.lan", "www.example.com", ".")] == [None] * 4


def test_negative_answers_carry_an_soa_so_that_clients_cache_them() -> None:
    answer = LocalNames(RECORDS).answer(question("printer.lan", parse_type("AAAA")))
    assert answer is not None
    assert (answer.negative, answer.ttl) == (True, 300)


@pytest.mark.parametrize(
    ("name", "qtype", "expected"),
    [
        ("localhost", "A", ["A 127.0.0.1"]),
        ("localhost", "AAAA", ["AAAA ::1"]),
        ("app.localhost", "A", ["A 127.0.0.1"]),
        ("app.localhost", "AAAA", ["AAAA ::1"]),
        ("app.localhost", "TXT", []),
        ("1.0.0.127.in-addr.arpa", "PTR", ["PTR localhost."]),
        ("1." + "0." * 31 + "ip6.arpa", "PTR", ["PTR localhost."]),
        ("healthcheck.safedns", "A", ["A 127.0.0.1"]),
    ],
)
def test_this_machine_is_known_by_its_special_names(name: str, qtype: str, expected: list[str]) -> None:
    assert ask(LocalNames({}), name, qtype) == (RCode.NOERROR, expected)


@pytest.mark.parametrize(
    "name",
    [
        *("invalid", "x.invalid", "test", "abc.onion", "tv.local", "db.internal", "x.alt", "router.home.arpa"),
        *("4.3.2.10.in-addr.arpa", "5.1.168.192.in-addr.arpa", "1.0.20.172.in-addr.arpa", "1.1.254.169.in-addr.arpa"),
        *(
            "lamp.default.service.arpa",
            "9.1.64.100.in-addr.arpa",
            "1.0.0.d.f.ip6.arpa",
            "1.8.e.f.ip6.arpa",
            "use-application-dns.net",
        ),
    ],
)
@pytest.mark.parametrize("qtype", ["A", "AAAA", "PTR", "HTTPS"])
def test_private_and_special_names_do_not_exist(name: str, qtype: str) -> None:
    assert ask(LocalNames({}), name, qtype) == (RCode.NXDOMAIN, [])


@pytest.mark.parametrize("name", ["resolver.arpa", "_dns.resolver.arpa", "x.resolver.arpa"])
@pytest.mark.parametrize("qtype", ["SVCB", "A"])
def test_nobody_is_designated_as_encrypted_resolver(name: str, qtype: str) -> None:
    assert ask(LocalNames({}), name, qtype) == (RCode.NOERROR, [])


@pytest.mark.parametrize("zone", ["home.arpa", "service.arpa", "10.in-addr.arpa", "d.f.ip6.arpa"])
def test_an_empty_zone_exists_itself_and_its_ds_is_the_parents(zone: str) -> None:
    local = LocalNames({})
    assert ask(local, zone, "TXT") == (RCode.NOERROR, [])
    assert ask(local, zone, "NS") == (RCode.NOERROR, [f"NS {zone}."])
    assert ask(local, zone, "DS") is None


@pytest.mark.parametrize(
    "name",
    [
        *("home.example", "arpa", "ipv4only.arpa", "contest", "mytest", "local.example.com"),
        *("8.8.8.8.in-addr.arpa", "1.0.32.172.in-addr.arpa", "1.1.128.100.in-addr.arpa", "1.0.0.2.ip6.arpa"),
        "www.use-application-dns.net",
    ],
)
def test_public_neighbours_of_special_names_are_asked_upstream(name: str) -> None:
    assert ask(LocalNames({}), name) is None


def test_a_route_takes_its_names_out_of_the_special_zones_but_not_out_of_the_records() -> None:
    local = LocalNames(RECORDS, routed=("168.192.in-addr.arpa", "lab.internal"))
    assert ask(local, "5.1.168.192.in-addr.arpa", "PTR") is None
    assert ask(local, "db.lab.internal") is None
    assert ask(local, "db.internal") == (RCode.NXDOMAIN, [])
    assert ask(local, "9.1.168.192.in-addr.arpa", "PTR") == (RCode.NOERROR, ["PTR nas.lan.", "PTR printer.lan."])


def test_a_route_for_one_private_network_leaves_the_rest_of_its_zone_local() -> None:
    local = LocalNames({}, routed=("1.168.192.in-addr.arpa",))
    assert ask(local, "5.1.168.192.in-addr.arpa", "PTR") is None
    assert ask(local, "5.2.168.192.in-addr.arpa", "PTR") == (RCode.NXDOMAIN, [])


@pytest.mark.parametrize("name", ["example.com", "printer.lan", "localhost"])
def test_any_gets_the_minimal_answer(name: str) -> None:
    assert ask(LocalNames(RECORDS), name, "TYPE255") == (RCode.NOERROR, ['HINFO "RFC8482" ""'])


@pytest.mark.parametrize(
    ("qtype", "rcode"),
    [("TYPE252", RCode.REFUSED), ("TYPE251", RCode.REFUSED), ("TYPE41", RCode.NOTIMP), ("TYPE249", RCode.NOTIMP)],
)
def test_transfers_and_meta_types_are_never_forwarded(qtype: str, rcode: int) -> None:
    assert ask(LocalNames({}), "example.com", qtype) == (rcode, [])


@pytest.mark.parametrize("qtype", ["CAA", "TYPE731", "HTTPS", "TYPE127"])
def test_ordinary_and_unknown_data_types_are_forwarded(qtype: str) -> None:
    assert ask(LocalNames({}), "example.com", qtype) is None


@pytest.mark.parametrize("name", ["version.bind", "id.server", "VERSION.BIND"])
def test_chaos_names_the_software_and_no_machine(name: str) -> None:
    query = of_class(name, "TXT", QClass.CHAOS)
    answer = LocalNames({}).answer(query)
    assert answer is not None
    assert records_in(query, answer) == ['TXT "safedns"']


@pytest.mark.parametrize(
    ("name", "qclass"), [("example.com", QClass.CHAOS), ("example.com", 4), ("version.bind", 4), ("localhost", 255)]
)
def test_other_classes_are_refused(name: str, qclass: int) -> None:
    answer = LocalNames({}).answer(of_class(name, "TXT", qclass))
    assert answer is not None
    assert answer.rcode == RCode.REFUSED


def test_every_special_zone_has_a_canonical_name_and_is_answered() -> None:
    local = LocalNames({})
    unanswered = [zone for zone in SPECIAL if ask(local, f"x.{zone}") is None or zone != zone.lower().rstrip(".")]
    assert unanswered == []


@pytest.mark.parametrize(
    ("qtype", "qclass", "authority"),
    [("A", QClass.CHAOS, False), ("AXFR", 1, False), ("MAILB", 1, False), ("A", 1, True)],
)
def test_only_who_answers_calls_himself_an_authority(qtype: str, qclass: int, authority: bool) -> None:
    answer = LocalNames(RECORDS).answer(of_class("printer.lan", qtype, qclass))
    assert answer is not None
    assert answer.aa is authority
