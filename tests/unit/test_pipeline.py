"""The path of a query, played on a whole household with a fake clock and fake upstreams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from safedns.asked import Miss
from safedns.policy.snapshot import Snapshot
from tests.house import FAMILY, House, answers, extended_error, generic_option, ttls

FAMILY_WITH_RULES: dict[str, Any] = {
    "children": {
        "binh": {
            "name": "Bình",
            "preset": "open",
            "devices": ["127.0.0.3"],
            "log": "full",
            "bedtime": "21:00-06:30",
            "block": ["example.org"],
            "categories": {"social": "off"},
            "services": {"youtube": "moderate"},
            "always": ["sms.example.net"],
        }
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"]}},
    "unknown": "adults",
}
TABLE = {
    "www.example.com A": ["www.example.com 300 IN A 192.0.2.1"],
    "www.example.org A": ["www.example.org 300 IN A 192.0.2.2"],
    "friends.example A": ["friends.example 300 IN A 192.0.2.3"],
    "cloaked.example.com A": [
        "cloaked.example.com 300 IN CNAME tracker.friends.example.",
        "tracker.friends.example 300 IN A 192.0.2.4",
    ],
    "restrictmoderate.youtube.com A": ["restrictmoderate.youtube.com 300 IN A 216.239.38.119"],
    "silent.example.com A": ["SILENT"],
}
LISTS = {"social": ["friends.example"]}
BINH = "127.0.0.3"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, table=TABLE)
    house.save(family=FAMILY_WITH_RULES, lists=LISTS)
    return house


async def test_a_clean_name_is_fetched_once_and_then_served_from_the_cache_with_its_ttl_counted_down(
    house: House,
) -> None:
    first = await house.ask("www.example.com", client=BINH)
    house.clock.advance(100)
    second = await house.ask("www.example.com", client=BINH)
    assert answers(first) == answers(second) == ["www.example.com A 192.0.2.1"]
    assert (ttls(first), ttls(second)) == ([300], [200])
    assert len(house.asked) == 1


async def test_the_same_name_is_blocked_for_a_child_and_resolved_for_an_adult_from_one_cache(house: House) -> None:
    adult = await house.ask("www.example.org")
    child = await house.ask("www.example.org", client=BINH)
    assert answers(adult) == ["www.example.org A 192.0.2.2"]
    assert child.rcode() == dns.rcode.NXDOMAIN


async def test_a_blocked_query_never_reaches_an_upstream(house: House) -> None:
    await house.ask("friends.example", client=BINH)
    assert house.asked == []


async def test_a_block_reply_has_soa_and_says_why_only_to_those_who_understand(house: House) -> None:
    told = await house.ask("friends.example", client=BINH)
    plain = await house.ask("friends.example", client=BINH, edns=False)
    assert extended_error(told) == (17, "social is off")
    assert plain.edns == -1
    assert ttls(told) == ttls(plain) == [10]


async def test_a_name_that_leads_to_a_blocked_one_is_blocked_fresh_and_from_the_cache(house: House) -> None:
    adult = await house.ask("cloaked.example.com")
    child = await house.ask("cloaked.example.com", client=BINH)
    assert "tracker.friends.example A 192.0.2.4" in answers(adult)
    assert child.rcode() == dns.rcode.NXDOMAIN
    assert len(house.asked) == 1


async def test_bedtime_starts_at_bedtime_for_an_answer_given_before_it(house: House) -> None:
    house.at("2026-11-23 20:59:00")
    before = await house.ask("www.example.com", client=BINH)
    house.at("2026-11-23 20:59:59")
    at_the_end = await house.ask("www.example.com", client=BINH)
    house.at("2026-11-23 21:00:00")
    after = await house.ask("www.example.com", client=BINH)
    assert ttls(before) == [60]
    assert ttls(at_the_end) == [1]
    assert extended_error(after) == (17, "bedtime")


async def test_rules_that_change_while_an_answer_is_on_its_way_are_obeyed(house: House) -> None:
    query = dns.message.make_query("www.example.com", "A").to_wire()
    assert house.pipeline is not None
    house.at("2026-11-23 20:59:59")
    miss = house.pipeline.answer_now(query, BINH, "udp", house.clock.wall(), house.clock.monotonic())
    house.clock.advance(2)
    assert isinstance(miss, Miss)
    replies: list[bytes | None] = []
    house.pipeline.answer_later(miss, replies.append)
    assert len(house.asked) == 1
    await asyncio.sleep(0)
    assert [dns.message.from_wire(reply or b"").rcode() for reply in replies] == [dns.rcode.NXDOMAIN]


async def test_youtube_moderate_answers_with_the_restricted_address_and_says_forged(house: House) -> None:
    reply = await house.ask("www.youtube.com", client=BINH)
    assert answers(reply) == [
        "www.youtube.com CNAME restrictmoderate.youtube.com.",
        "restrictmoderate.youtube.com A 216.239.38.119",
    ]
    error = extended_error(reply)
    assert error is not None
    assert error[0] == 4
    assert [asked.name for asked in house.asked] == ["restrictmoderate.youtube.com"]


async def test_no_https_record_leads_round_a_rewritten_name(house: House) -> None:
    reply = await house.ask("www.youtube.com", "HTTPS", client=BINH)
    assert (reply.rcode(), answers(reply), house.asked) == (dns.rcode.NOERROR, [], [])


async def test_a_safe_name_that_cannot_be_resolved_is_a_failure_and_not_the_open_site(house: House) -> None:
    del house.table["restrictmoderate.youtube.com A"]
    for _ in range(2):
        reply = await house.ask("www.youtube.com", client=BINH)
        assert (reply.rcode(), answers(reply)) == (dns.rcode.SERVFAIL, [])


async def test_when_every_upstream_fails_the_reply_is_servfail_with_the_reason(house: House) -> None:
    reply = await house.ask("silent.example.com")
    assert reply.rcode() == dns.rcode.SERVFAIL
    error = extended_error(reply)
    assert error is not None
    assert error[0] in (22, 23)


async def test_letter_case_is_kept_and_makes_no_difference(house: House) -> None:
    await house.ask("www.example.com")
    reply = await house.ask("wWw.ExAmPlE.cOm")
    assert answers(reply) == ["wWw.ExAmPlE.cOm A 192.0.2.1"]
    assert len(house.asked) == 1


async def test_somebody_from_outside_is_refused_and_told_why(house: House) -> None:
    reply = await house.ask("www.example.com", client="203.0.113.7")
    assert reply.rcode() == dns.rcode.REFUSED
    assert extended_error(reply) == (18, "this device may not ask here")
    assert house.counter("queries", "none", "refused", "client", "udp") == 1
    assert (house.asked, house.events.pending) == ([], [])


async def test_an_outsider_gets_nothing_from_a_memo_that_an_insider_filled(house: House) -> None:
    query = dns.message.make_query("www.example.com", "A", use_edns=False).to_wire()
    for _ in range(2):
        await house.packet(query, "127.0.0.200")
    reply = await house.packet(query, "203.0.113.7")
    assert dns.message.from_wire(reply or b"").rcode() == dns.rcode.REFUSED


async def test_who_asks_too_much_gets_nothing_until_time_has_passed(house: House) -> None:
    house.save(settings={"rate_limit": 10}, family=FAMILY_WITH_RULES, lists=LISTS)
    query = dns.message.make_query("www.example.com", "A").to_wire()
    replies = [await house.packet(query) for _ in range(30)]
    assert [reply is not None for reply in replies] == [True] * 20 + [False] * 10
    house.clock.advance(1)
    again = [await house.packet(query) for _ in range(15)]
    assert sum(reply is not None for reply in again) == 10
    assert house.counter("queries", "adults", "dropped", "client", "udp") == 15


async def test_a_trusted_forwarder_speaks_for_many_and_is_not_limited(house: House) -> None:
    house.save(settings={"rate_limit": 1, "trusted_forwarders": ["127.0.0.1"]}, family=FAMILY_WITH_RULES, lists=LISTS)
    query = dns.message.make_query("www.example.com", "A").to_wire()
    assert all([await house.packet(query) for _ in range(50)])


@pytest.mark.parametrize(
    ("packet", "rcode"),
    [
        (b"\x12\x34\x01\x00\0\0\0\0\0\0\0\0", 1),
        (b"\x12\x34\x29\x00\0\1\0\0\0\0\0\0\x01a\0\0\1\0\1", 4),
        (b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0\x01a", 1),
    ],
    ids=["no question", "an update", "cut off"],
)
async def test_a_malformed_query_is_told_so(house: House, packet: bytes, rcode: int) -> None:
    reply = await house.packet(packet)
    assert reply is not None
    assert (reply[:2], reply[3] & 15) == (b"\x12\x34", rcode)
    assert house.counter("queries", "none", "refused", "malformed", "udp") == 1


@pytest.mark.parametrize("packet", [b"", b"\x12\x34\x01", b"\x12\x34\x81\x80\0\1\0\0\0\0\0\0\x01a\0\0\1\0\1"])
async def test_what_is_no_query_gets_no_answer(house: House, packet: bytes) -> None:
    assert await house.packet(packet) is None


async def test_an_exception_inside_becomes_servfail_and_is_counted_and_logged_once_a_minute(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(Snapshot, "decide", broken)
    replies = [await house.ask("www.example.com", client=BINH, edns=False) for _ in range(3)]
    assert {reply.rcode() for reply in replies} == {dns.rcode.SERVFAIL}
    assert house.counter("queries", "none", "refused", "failure", "udp") == 3
    assert house.asked == []
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_what_happened_is_recorded_with_device_reason_and_source(house: House) -> None:
    await house.ask("friends.example", client=BINH)
    await house.ask("www.example.com", client=BINH)
    await house.ask("www.example.com", client=BINH, edns=False)
    recorded = [(event[1], event[2], *event[4]) for event in house.events.pending]
    assert recorded == [
        (BINH, BINH, "binh", "friends.example", 1, "blocked", "category", "test-social", "friends.example", "social",
         3, "policy", "", "udp", "full", ()),
        (BINH, BINH, "binh", "www.example.com", 1, "allowed", "default", "open", "", "", 0, "upstream", "127.0.0.9:53",
         "udp", "full", ()),
        (BINH, BINH, "binh", "www.example.com", 1, "allowed", "default", "open", "", "", 0, "cache", "",
         "udp", "full", ()),
    ]  # fmt: skip


async def test_a_memorised_reply_is_recorded_and_counted_like_any_other(house: House) -> None:
    for _ in range(3):
        await house.ask("www.example.com", client=BINH, change=_same_id)
    sources = [event[4].source for event in house.events.pending]
    assert sources == ["upstream", "cache", "cache"]
    assert house.counter("queries", "binh", "allowed", "default", "udp") == 3
    assert house.counter("memo", "hit") == 1


async def test_a_profile_that_is_not_logged_leaves_counters_and_no_event(house: House) -> None:
    family = {**FAMILY, "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"], "log": "off"}}}
    house.save(family=family)
    for _ in range(2):
        await house.ask("www.example.com", change=_same_id)
    assert house.events.pending == []
    assert house.counter("queries", "adults", "allowed", "default", "udp") == 2


async def test_a_large_answer_is_truncated_over_udp_and_whole_over_tcp(house: House) -> None:
    house.table["big.example.com TXT"] = [f'big.example.com 60 IN TXT "{n:0200d}"' for n in range(20)]
    over_udp = await house.ask("big.example.com", "TXT")
    over_tcp = await house.ask("big.example.com", "TXT", protocol="tcp")
    assert over_udp.flags & dns.flags.TC
    assert (len(answers(over_udp)), len(answers(over_tcp))) == (0, 20)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("null", (0, ["friends.example A 0.0.0.0"])),
        ("nodata", (0, [])),
        ("refused", (5, [])),
        ("nxdomain", (3, [])),
    ],
)
async def test_the_household_chooses_what_a_blocked_query_is_told(
    house: House, reply: str, expected: tuple[int, list[str]]
) -> None:
    house.save(settings={"block": {"reply": reply, "ttl": "10s"}}, family=FAMILY_WITH_RULES, lists=LISTS)
    message = await house.ask("friends.example", client=BINH)
    assert (int(message.rcode()), answers(message)) == expected


async def test_a_jump_of_the_clock_is_obeyed_once_memos_are_forgotten(house: House) -> None:
    await house.ask("www.example.com", client=BINH, change=_same_id)
    house.clock.jump(house.instant("2026-11-23 22:00"))
    assert house.pipeline is not None
    house.pipeline.forget()
    reply = await house.ask("www.example.com", client=BINH, change=_same_id)
    assert extended_error(reply) == (17, "bedtime")


def _same_id(query: dns.message.Message) -> None:
    query.id = 4711


async def test_names_that_lead_round_the_filter_never_get_an_address_even_where_blocked_names_do(house: House) -> None:
    house.save(
        settings={"block": {"reply": "null"}},
        family=FAMILY_WITH_RULES | {"groups": {"adults": {"preset": "13-15", "devices": ["127.0.0.1"]}}},
        lists={"bypass": ["mask.icloud.com"], "malware": ["bad.example.com"]},
    )
    assert answers(await house.ask("mask.icloud.com")) == []
    assert answers(await house.ask("bad.example.com")) == ["bad.example.com A 0.0.0.0"]


ROUTER = "192.168.1.1"
BINH_MAC, ADULT_MAC = "aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02"
BY_MAC: dict[str, Any] = {
    "children": {"binh": {"preset": "open", "devices": [BINH_MAC], "block": ["example.org"], "log": "full"}},
    "groups": {
        "adults": {"preset": "open", "devices": [ADULT_MAC, "aa:bb:cc:dd:ee:03"], "log": "full"},
        "guests": {"preset": "open", "log": "full"},
    },
    "unknown": "guests",
}


def introduces(mac: str) -> Callable[[dns.message.Message], None]:
    """Makes a query one that a router tags with a device's hardware address."""
    option = generic_option(65001, bytes.fromhex(mac.replace(":", "")))
    return lambda query: query.use_edns(0, options=[option])


async def test_each_device_behind_a_trusted_router_has_its_own_rules_memos_and_log_lines(house: House) -> None:
    house.save(settings={"trusted_forwarders": [ROUTER]}, family=BY_MAC)
    macs = [BINH_MAC, ADULT_MAC, "aa:bb:cc:dd:ee:03", "aa:bb:cc:dd:ee:99"]
    rcodes = []
    for _ in range(4):  # fetched, from the cache, and from the memo
        for mac in macs:
            reply = await house.ask("www.example.org", client=ROUTER, change=introduces(mac))
            rcodes.append((mac, reply.rcode()))
    assert rcodes == [(mac, dns.rcode.NXDOMAIN if mac == BINH_MAC else dns.rcode.NOERROR) for mac in macs] * 4
    assert house.counter("memo", "hit") > 4
    logged = [(address, device, outcome.profile) for _, address, device, _, outcome in house.events.pending]
    profiles = ["binh", "adults", "adults", "guests"]
    claimed = [*macs[:3], ""]
    assert logged == list(zip(macs, claimed, profiles, strict=True)) * 4


async def test_an_option_that_a_device_writes_itself_changes_nothing(house: House) -> None:
    house.save(settings={"trusted_forwarders": [ROUTER]}, family=BY_MAC)
    house.lan.learn("192.168.1.50", BINH_MAC)
    for _ in range(3):
        forged = await house.ask("www.example.org", client="192.168.1.50", change=introduces(ADULT_MAC))
        assert forged.rcode() == dns.rcode.NXDOMAIN


async def test_nothing_of_an_introduction_goes_upstream_or_back(house: House) -> None:
    house.save(settings={"trusted_forwarders": [ROUTER]}, family=BY_MAC)
    reply = await house.ask("www.example.com", client=ROUTER, change=introduces(ADULT_MAC))
    assert answers(reply) == ["www.example.com A 192.0.2.1"]
    assert 65001 not in [option.otype for option in reply.options]


async def test_a_device_that_becomes_known_while_its_answer_is_on_its_way_gets_it_by_its_own_rules(
    house: House,
) -> None:
    house.save(family=BY_MAC)
    assert house.pipeline is not None
    packet = dns.message.make_query("www.example.org", "A").to_wire()
    miss = house.pipeline.answer_now(packet, "192.168.1.50", "udp", house.clock.wall(), house.clock.monotonic())
    assert isinstance(miss, Miss)
    house.lan.learn("192.168.1.50", BINH_MAC)
    replies: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
    house.pipeline.answer_later(miss, replies.set_result)
    reply = await replies
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == dns.rcode.NXDOMAIN
    assert [outcome.profile for *_, outcome in house.events.pending] == ["binh"]


async def test_a_first_query_of_an_unknown_device_is_memorised_for_unknown_devices_only(house: House) -> None:
    house.save(family=BY_MAC)
    for _ in range(3):
        assert (await house.ask("www.example.org", client="192.168.1.50")).rcode() == dns.rcode.NOERROR
    house.lan.learn("192.168.1.50", BINH_MAC)
    assert (await house.ask("www.example.org", client="192.168.1.50")).rcode() == dns.rcode.NXDOMAIN
    assert (await house.ask("www.example.org", client="192.168.1.51")).rcode() == dns.rcode.NOERROR
