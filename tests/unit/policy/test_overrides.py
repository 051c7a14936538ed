"""What a parent decided for now is the first step of the walk, and ends by itself."""

from __future__ import annotations

import pytest

from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.live import Live, Override
from safedns.policy.model import Rules, Switch
from safedns.policy.snapshot import Snapshot
from safedns.wire.types import Ede
from tests.unit.policy.families import LISTS, ask, at, child, family, limit, override, timetable

NOON = at("2026-11-23 12:00")
EVENING = at("2026-11-23 21:30")
ONE = at("2026-11-23 13:00")
RULES = Rules(
    safety=("malware", "adult"),
    bedtime=timetable(every_day="21:00-06:30"),
    services={"tiktok": Switch("off"), "youtube": Switch("moderate")},
    categories={"forums": Switch("off"), "games": Switch("off")},
    limits=(limit("internet", every_day=0),),
    safe_search=True,
    allow=("friend.example",),
    block=("foe.example", "nice.roblox.com"),
    always=("school.example",),
)


def snapshot(*newest_first: Override, rules: Rules = RULES, now: float = NOON) -> Snapshot:
    return compile_snapshot(family(child(rules=rules)), LISTS, now=now, live=Live(newest_first))


def outcome(name: str, *newest_first: Override, now: float = NOON, rules: Rules = RULES) -> str:
    """``blocked (override pause)``"""
    action, reason, _, _ = ask(snapshot(*newest_first, rules=rules), "binh", name, now)
    return f"{action} ({reason.kind} {reason.rule})"


PAUSE = override("pause", "internet", NOON, ONE, number=5)
GRANT = override("grant", "internet", NOON, ONE, number=4)


def test_a_pause_closes_all_but_always() -> None:
    assert outcome("friend.example", PAUSE) == "blocked (override pause)"
    assert outcome("wikipedia.example", PAUSE) == "blocked (override pause)"
    assert outcome("www.school.example", PAUSE) == "allowed (default )"


def test_a_pause_ends_by_itself_and_its_ends_are_edges() -> None:
    paused = snapshot(PAUSE, rules=Rules(), now=NOON - 60)
    binh = paused.profiles["binh"]
    assert paused.next_edge(binh, NOON - 60) == NOON
    assert paused.next_edge(binh, NOON) == ONE
    for now, blocked in ((NOON - 1, False), (NOON, True), (ONE - 1, True), (ONE, False)):
        assert ask(paused, "binh", "wikipedia.example", now).blocked is blocked


@pytest.mark.parametrize(
    ("what", "name", "expected"),
    [
        ("roblox", "www.roblox.com", Reason(ReasonKind.OVERRIDE, "block roblox", "roblox.com", "games")),
        ("games", "cdn.example", Reason(ReasonKind.OVERRIDE, "block games", "cdn.example", "games")),
        ("friend.example", "a.friend.example", Reason(ReasonKind.OVERRIDE, "block friend.example", "friend.example")),
    ],
)
def test_a_block_closes_a_service_a_category_or_a_name_even_one_that_is_allowed(
    what: str, name: str, expected: Reason
) -> None:
    rules = Rules(allow=("roblox.com", "friend.example"), always=("roblox.com",))
    found = snapshot(override("block", what, NOON, ONE), rules=rules)
    assert ask(found, "binh", name, NOON) == Decision(Action.BLOCK, expected, Ede.FILTERED)
    assert not ask(found, "binh", "wikipedia.example", NOON).blocked


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("tiktok", "www.tiktok.com"),  # a service that is off
        ("forums", "forum.example"),  # a category that is off
        ("games", "nice.roblox.com"),  # a name that the parent blocks
        ("foe.example", "www.foe.example"),
    ],
)
def test_a_grant_opens_past_own_names_time_limits_services_and_categories(what: str, name: str) -> None:
    granted = override("grant", what, NOON, EVENING + 60)
    for now in (NOON, EVENING):
        assert outcome(name, granted, now=now) == f"allowed (override grant {what})"
        assert outcome(name, now=now).startswith("blocked")
    assert outcome(name, granted, now=EVENING + 60).startswith("blocked")


def test_a_grant_does_not_reach_past_safety() -> None:
    assert outcome("evil.example", override("grant", "malware", NOON, ONE)) == "blocked (safety bad)"
    assert outcome("photos.blog.example", override("grant", "blog.example", NOON, ONE)) == "blocked (safety adult-vn)"


def test_a_grant_of_the_very_name_lifts_safety_as_allowing_it_does() -> None:
    assert outcome("blog.example", override("grant", "blog.example", NOON, ONE)) == (
        "allowed (override grant blog.example)"
    )


def test_a_grant_keeps_safe_search_and_restricted_modes() -> None:
    search, video = override("grant", "google", NOON, ONE), override("grant", "youtube", NOON, ONE)
    assert ask(snapshot(search), "binh", "www.google.com", NOON).target == "forcesafesearch.google.com"
    assert ask(snapshot(video), "binh", "www.youtube.com", NOON).target == "restrictmoderate.youtube.com"
    assert outcome("ytimg.example", video) == "allowed (override grant youtube)"
    unsafe = override("grant", "unsafe-search.example", NOON, ONE)
    assert outcome("unsafe-search.example", unsafe) == "blocked (safe_search no safe mode)"


def test_a_name_belongs_to_the_service_that_holds_its_longest_entry() -> None:
    assert outcome("youtubei.googleapis.com", override("block", "google", NOON, ONE), rules=Rules()) == (
        "allowed (default )"
    )


def test_a_grant_of_internet_lifts_time_and_limits_and_nothing_else() -> None:
    late = override("grant", "internet", EVENING, EVENING + 60)
    assert outcome("wikipedia.example", now=EVENING) == "blocked (bedtime bedtime)"
    assert outcome("wikipedia.example", late, now=EVENING) == "allowed (default )"
    assert outcome("wikipedia.example", late, now=EVENING + 60) == "blocked (bedtime bedtime)"
    assert outcome("wikipedia.example", now=NOON) == "blocked (limit internet)"
    assert outcome("wikipedia.example", GRANT) == "allowed (default )"
    assert outcome("tiktok.com", GRANT) == "blocked (service tiktok)"
    assert outcome("forum.example", GRANT) == "blocked (category boards)"
    assert outcome("foe.example", GRANT) == "blocked (block block)"
    assert outcome("evil.example", GRANT) == "blocked (safety bad)"


def test_the_newest_decides() -> None:
    assert outcome("wikipedia.example", PAUSE, GRANT) == "blocked (override pause)"
    assert outcome("wikipedia.example", GRANT._replace(number=6), PAUSE) == "allowed (default )"
    games = override("grant", "games", NOON, ONE, number=6)
    assert outcome("roblox.com", games, PAUSE) == "allowed (override grant games)"
    assert outcome("roblox.com", PAUSE, games) == "blocked (override pause)"
    assert outcome("roblox.com", override("block", "roblox", NOON, ONE), games) == "blocked (override block roblox)"


def test_an_override_is_about_one_profile() -> None:
    assert not ask(snapshot(PAUSE), "guests", "wikipedia.example", NOON).blocked


def test_under_a_wrong_clock_a_child_that_was_paused_is_closed() -> None:
    found = compile_snapshot(family(child(rules=Rules())), LISTS, now=0.0, live=Live((PAUSE,)))
    assert ask(found, "binh", "wikipedia.example", 60.0).reason.kind == "clock"
    assert not ask(snapshot(PAUSE), "guests", "wikipedia.example", 60.0).blocked


def test_what_an_answer_leads_to_is_judged_by_blocks_and_grants_but_not_by_a_pause() -> None:
    def objects(name: str, *newest_first: Override) -> bool:
        found = snapshot(*newest_first)
        asked = ask(found, "guests", "wikipedia.example", NOON)
        return found.review(found.profiles["binh"], [name], NOON, asked=asked) is not None

    assert objects("academy.example", override("block", "academy", NOON, ONE))
    assert objects("tiktok.com")
    assert not objects("tiktok.com", override("grant", "tiktok", NOON, ONE))
    assert not objects("academy.example", PAUSE)
