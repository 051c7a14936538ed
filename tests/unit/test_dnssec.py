"""What a forwarder owes to clients that care for DNSSEC, on a whole household; tests are named after RFC and section.

No signature is checked here: that is the upstream's work, or the client's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from tests.house import House, answers

FAMILY: dict[str, Any] = {
    "children": {
        "binh": {
            "preset": "open",
            "devices": ["127.0.0.3"],
            "block": ["closed.example"],
            "categories": {"social": "off"},
            "services": {"youtube": "moderate"},
        }
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"]}},
    "unknown": "adults",
}
SIGNATURE = "www.example.com 300 IN RRSIG A 8 3 300 20261201000000 20261101000000 1 example.com. AAAA"
TABLE = {
    "www.example.com A": ["AD", "www.example.com 300 IN A 192.0.2.1"],
    "www.example.com HTTPS": ["AD", "www.example.com 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1"],
    "gone.example.com A": ["AD", "NXDOMAIN"],
    "restrictmoderate.youtube.com A": ["AD", "restrictmoderate.youtube.com 300 IN A 216.239.38.119"],
}
BINH = "127.0.0.3"

Change = Callable[[dns.message.Message], None]


def plain(_: dns.message.Message) -> None:
    """A query of somebody who does not know DNSSEC."""


def with_ad(query: dns.message.Message) -> None:
    query.flags |= dns.flags.AD


def with_do(query: dns.message.Message) -> None:
    query.want_dnssec()


def with_cd(query: dns.message.Message) -> None:
    query.flags |= dns.flags.CD


def with_ad_and_cd(query: dns.message.Message) -> None:
    query.flags |= dns.flags.AD | dns.flags.CD


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, table=TABLE)
    house.save(family=FAMILY, lists={"social": ["friends.example"]})
    return house


def proven(reply: dns.message.Message) -> bool:
    return bool(reply.flags & dns.flags.AD)


@pytest.mark.parametrize("name", ["www.example.com", "gone.example.com"])
@pytest.mark.parametrize(
    ("change", "told"), [(plain, False), (with_ad, True), (with_do, True), (with_cd, False), (with_ad_and_cd, True)]
)
async def test_rfc6840_5_8_ad_is_told_only_to_who_sent_do_or_ad_however_the_answer_is_had(
    house: House, name: str, change: Change, told: bool
) -> None:
    replies = [await house.ask(name, change=change) for _ in range(4)]  # upstream, cache, and finished replies
    assert [proven(reply) for reply in replies] == [told] * 4


async def test_rfc6840_5_7_who_asks_with_ad_shares_the_cache_with_who_does_not(house: House) -> None:
    assert not proven(await house.ask("www.example.com"))
    assert proven(await house.ask("www.example.com", change=with_ad))
    assert not proven(await house.ask("www.example.com"))
    assert len(house.asked) == 1


@pytest.mark.parametrize(
    ("upstream", "believed"),
    [
        ("192.0.2.53", False),
        ("127.0.0.9:53", True),
        ("[::1]:5353", True),
        ("tls://192.0.2.53#dns.test", True),
        ("https://192.0.2.53#dns.test", True),
        ("quic://192.0.2.53#dns.test", True),
    ],
)
async def test_rfc4035_4_6_ad_is_believed_only_where_nobody_on_the_way_could_have_set_it(
    tmp_path: Path, upstream: str, believed: bool
) -> None:
    house = House(tmp_path, table=TABLE)
    house.save(settings={"upstreams": {"servers": [upstream]}}, family=FAMILY)
    replies = [await house.ask("www.example.com", change=with_do) for _ in range(3)]
    assert [proven(reply) for reply in replies] == [believed] * 3
    assert answers(replies[0]) == ["www.example.com A 192.0.2.1"]


async def test_rfc4035_3_2_1_signatures_go_only_to_who_asks_for_them_with_do(house: House) -> None:
    await house.ask("www.example.com")
    house.table["www.example.com A"] = ["AD", "www.example.com 300 IN A 192.0.2.1", SIGNATURE]
    signed = [await house.ask("www.example.com", change=with_do) for _ in range(3)]
    unsigned = await house.ask("www.example.com")
    assert [{rrset.rdtype for rrset in reply.answer} for reply in signed] == [
        {dns.rdatatype.A, dns.rdatatype.RRSIG}
    ] * 3
    assert {rrset.rdtype for rrset in unsigned.answer} == {dns.rdatatype.A}
    assert [bool(reply.ednsflags & dns.flags.DO) for reply in (*signed, unsigned)] == [True, True, True, False]
    assert len(house.asked) == 2


async def test_rfc4035_3_2_2_cd_comes_back_and_its_answers_are_cached_apart(house: House) -> None:
    house.table["www.example.com A"] = ["SERVFAIL"]
    checked = await house.ask("www.example.com")
    house.table["www.example.com A"] = ["www.example.com 300 IN A 192.0.2.66"]
    unchecked = [await house.ask("www.example.com", change=with_cd) for _ in range(3)]
    assert checked.rcode() == dns.rcode.SERVFAIL
    assert not checked.flags & dns.flags.CD
    assert [answers(reply) for reply in unchecked] == [["www.example.com A 192.0.2.66"]] * 3
    assert all(reply.flags & dns.flags.CD for reply in unchecked)


async def test_rfc4035_4_7_what_failed_the_check_stays_failed_for_who_wants_it_checked(house: House) -> None:
    house.table["www.example.com A"] = ["www.example.com 300 IN A 192.0.2.66"]
    await house.ask("www.example.com", change=with_cd)
    house.table["www.example.com A"] = ["SERVFAIL"]
    replies = [await house.ask("www.example.com") for _ in range(2)]
    assert [reply.rcode() for reply in replies] == [dns.rcode.SERVFAIL] * 2
    assert len(house.asked) == 2  # the failure is remembered, too


@pytest.mark.parametrize(
    ("name", "qtype"),
    [
        ("closed.example", "A"),
        ("friends.example", "A"),
        ("www.youtube.com", "A"),  # rewritten to an answer that was proven
        ("www.example.com", "HTTPS"),  # without its hints
    ],
)
@pytest.mark.parametrize("change", [with_ad, with_do])
async def test_rfc4035_3_2_3_what_the_filter_has_made_is_never_called_proven(
    house: House, name: str, qtype: str, change: Change
) -> None:
    replies = [await house.ask(name, qtype, client=BINH, change=change) for _ in range(3)]
    assert [proven(reply) for reply in replies] == [False] * 3
    assert not any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in replies[0].answer)
