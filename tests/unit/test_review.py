"""Which answers pass for whom, and in which form: what scenarios under ``ways`` do not show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import pytest

from tests.house import House, answers, extended_error

BINH, ADULT = "127.0.0.3", "127.0.0.1"
HTTPS = {"www.example.com HTTPS": ["www.example.com 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1"]}


def family(**rules: object) -> dict[str, Any]:
    return {
        "children": {"binh": {"preset": "open", "devices": [BINH], **rules}},
        "groups": {"adults": {"preset": "open", "devices": [ADULT]}},
        "unknown": "adults",
    }


def house(folder: Path, table: dict[str, list[str]], **rules: object) -> House:
    made = House(folder, table=table)
    made.save(settings={"private_answers": ["plex.direct"]}, family=family(**rules))
    return made


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({}, True),
        ({"allow": ["a.example"], "log": "full", "services": {"tiktok": "on"}, "categories": {"ads": "on"}}, True),
        ({"services": {"tiktok": "off"}}, False),
        ({"services": {"youtube": "strict"}}, False),
        ({"services": {"roblox": {"on": "09:00-11:00"}}}, False),
        ({"categories": {"ads": "off"}}, False),
        ({"block": ["a.example"]}, False),
        ({"safe_search": "on"}, False),
        ({"bedtime": "21:00-06:00"}, False),
        ({"homework": "19:00-20:00"}, False),
        ({"preset": "16-17"}, False),
    ],
)
async def test_hints_are_kept_for_those_whom_no_rule_keeps_from_anything_but_malware(
    tmp_path: Path, rules: dict[str, object], kept: bool
) -> None:
    reply = await house(tmp_path, HTTPS, **rules).ask("www.example.com", "HTTPS", client=BINH)
    assert ("ipv4hint" in answers(reply)[0]) is kept


async def test_an_edited_answer_is_not_called_proven_and_an_untouched_one_still_is(tmp_path: Path) -> None:
    plain = "www.example.org 300 IN HTTPS 1 . alpn=h2"
    table = {name: ["AD", *lines] for name, lines in {**HTTPS, "www.example.org HTTPS": [plain]}.items()}
    here = house(tmp_path, table, safe_search="on")
    proven = {}
    for client in (BINH, ADULT):
        for name in ("www.example.com", "www.example.org"):
            reply = await here.ask(name, "HTTPS", client=client, change=dns.message.Message.want_dnssec)
            proven[client, name] = bool(reply.flags & dns.flags.AD)
    assert proven == {
        (BINH, "www.example.com"): False,
        (BINH, "www.example.org"): True,
        (ADULT, "www.example.com"): True,
        (ADULT, "www.example.org"): True,
    }


async def test_an_answer_that_went_stale_is_judged_like_a_fresh_one(tmp_path: Path) -> None:
    here = house(tmp_path, {"a.example A": ["a.example 5 IN A 192.168.1.1"]})
    await here.ask("a.example")
    here.table["a.example A"] = ["SILENT"]
    here.clock.advance(60)
    reply = await here.ask("a.example")
    assert (answers(reply), extended_error(reply)) == ([], (15, "leads to an address at home"))
    assert here.counter("cache", "stale") == 1, "it was asked for, and is no reply of before"


BLOCKED_FOR_ITS_ANSWER = {
    "leads home": ["a.example {ttl} IN A 192.168.1.1"],
    "closed by the upstream": ["a.example {ttl} IN A 0.0.0.0"],
    "leads to a blocked name": ["a.example {ttl} IN CNAME b.bad.example.", "b.bad.example {ttl} IN A 192.0.2.9"],
}


@pytest.mark.parametrize("why", BLOCKED_FOR_ITS_ANSWER)
@pytest.mark.parametrize("ttl", [0, 5, 300])
async def test_a_block_ends_with_the_answer_that_it_was_made_for(tmp_path: Path, why: str, ttl: int) -> None:
    bad = [line.format(ttl=ttl) for line in BLOCKED_FOR_ITS_ANSWER[why]]
    here = house(tmp_path, {"a.example A": bad}, block=["bad.example"])
    for _ in range(3):
        assert answers(await here.ask("a.example", client=BINH)) == []
    here.table["a.example A"] = ["a.example 5 IN A 192.0.2.1"]
    here.clock.advance(max(ttl - 0.5, 0))
    assert bool(answers(await here.ask("a.example", client=BINH))) is (ttl == 0)
    here.clock.advance(0.5)
    assert answers(await here.ask("a.example", client=BINH)) == ["a.example A 192.0.2.1"]


@pytest.mark.parametrize(("ttl", "told"), [(0, 1), (5, 5), (300, 10)])
async def test_a_device_remembers_such_a_block_no_longer_than_the_answer_would_live(
    tmp_path: Path, ttl: int, told: int
) -> None:
    here = house(tmp_path, {"a.example A": [f"a.example {ttl} IN A 192.168.1.1"]})
    assert [record.ttl for record in (await here.ask("a.example")).authority] == [told]


async def test_a_block_for_a_stale_answer_ends_when_the_upstream_is_back(tmp_path: Path) -> None:
    here = house(tmp_path, {"a.example A": ["a.example 300 IN A 192.168.1.1"]})
    await here.ask("a.example")
    here.table["a.example A"] = ["SILENT"]
    here.clock.advance(301)
    assert answers(await here.ask("a.example")) == []
    here.table["a.example A"] = ["a.example 300 IN A 192.0.2.1"]
    here.clock.advance(1)
    await here.ask("a.example")  # while every upstream counts as failing, the stale answer comes before the fresh one
    await asyncio.sleep(0.001)
    assert answers(await here.ask("a.example")) == ["a.example A 192.0.2.1"]


async def test_a_name_that_may_lead_home_covers_what_is_below_it_and_nothing_beside_it(tmp_path: Path) -> None:
    names = ("x.plex.direct", "plex.direct", "explex.direct", "plex.direct.example")
    here = house(tmp_path, {f"{name} A": [f"{name} 60 IN A 10.1.1.1"] for name in names})
    assert {name for name in names if answers(await here.ask(name))} == {"x.plex.direct", "plex.direct"}


async def test_what_the_upstream_itself_says_about_its_block_is_told_on(tmp_path: Path) -> None:
    table = {f"x{code}.example A": [f"EDE {code}", f"x{code}.example 60 IN A 192.0.2.1"] for code in (9, 15, 16, 17)}
    here = house(tmp_path, {**table, "aa.example A": ["AA", "NXDOMAIN"], "no.example A": ["NXDOMAIN"]})
    told = {}
    for name in ("x9", "x15", "x16", "x17", "aa", "no"):
        error = extended_error(await here.ask(f"{name}.example"))
        told[name] = error and error[0]
    assert told == {"x9": None, "x15": 15, "x16": 16, "x17": 17, "aa": 17, "no": None}
