"""Which rule wins: the documented walk, one step a section; first match decides."""

from __future__ import annotations

import pytest

from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.matching import CategoryMatcher, Question
from safedns.policy.model import Rules, Switch
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of, parents
from safedns.wire.types import Ede, QType
from tests.unit.policy.families import (
    LISTS,
    YOUTUBE_NAMES,
    FakeLists,
    ask,
    at,
    blocklist,
    child,
    family,
    group,
    preset,
    service,
    timetable,
)

MONDAY_NOON = at("2026-11-23 12:00")
ON, OFF = Switch("on"), Switch("off")
BEDTIME = timetable(every_day="21:00-06:30")
HOMEWORK = timetable(every_day="19:00-20:30")


def child_with(**rules: object) -> Snapshot:
    """A family with the one child ``binh`` who has these rules and no preset."""
    spec = child(rules=Rules(**rules))  # type: ignore[arg-type]  # the tests below name only fields of Rules
    return compile_snapshot(family(spec), LISTS, now=MONDAY_NOON)


def verdict(snapshot: Snapshot, name: str, when: str = "2026-11-23 12:00") -> str:
    """``blocked safety``: action and kind of reason, as short as a table needs it."""
    decision = ask(snapshot, "binh", name, at(when))
    return f"{decision.action} {decision.reason.kind}"


# Safety


SAFE = ("malware", "bypass", "adult")


def test_safety_names_the_list_the_entry_and_the_category() -> None:
    decision = ask(child_with(safety=SAFE), "binh", "cdn.evil.example", MONDAY_NOON)
    assert decision == Decision(Action.BLOCK, Reason(ReasonKind.SAFETY, "bad", "evil.example", "malware"), Ede.BLOCKED)


@pytest.mark.parametrize(("name", "ede"), [("evil.example", Ede.BLOCKED), ("adult.example", Ede.FILTERED)])
def test_malware_is_blocked_for_security_and_everything_else_for_the_family(name: str, ede: Ede) -> None:
    assert ask(child_with(safety=SAFE), "binh", name, MONDAY_NOON).ede == ede


@pytest.mark.parametrize(
    ("allow", "name", "expected"),
    [
        ("shop.good.example", "shop.good.example", "allowed allow"),  # the very entry
        ("shop.good.example", "www.shop.good.example", "allowed allow"),
        ("www.shop.good.example", "www.shop.good.example", "allowed allow"),  # below the entry
        ("www.shop.good.example", "img.shop.good.example", "blocked safety"),
        ("good.example", "shop.good.example", "blocked safety"),  # too broad
        ("example", "shop.good.example", "blocked safety"),
        ("blog.example", "photos.blog.example", "blocked safety"),  # lifts one list, not the longer entry of the other
        ("blog.example", "www.blog.example", "allowed allow"),
    ],
)
def test_only_a_site_named_as_closely_as_the_list_names_it_lifts_safety(allow: str, name: str, expected: str) -> None:
    assert verdict(child_with(safety=SAFE, allow=(allow,)), name) == expected


def test_a_preset_cannot_lift_safety_for_it_is_not_the_parent() -> None:
    young = preset("young", rules=Rules(safety=SAFE, allow=("evil.example",)))
    snapshot = compile_snapshot(family(child(preset="young"), presets=(young,)), LISTS, now=MONDAY_NOON)
    assert verdict(snapshot, "evil.example") == "blocked safety"


def test_a_category_is_only_safety_where_the_rules_say_so() -> None:
    assert verdict(child_with(safety=("malware",)), "adult.example") == "allowed default"


def test_services_of_a_safety_category_are_blocked_too() -> None:
    assert verdict(child_with(safety=("social",)), "cdn.example") == "blocked safety"


def test_safety_comes_before_bedtime_and_before_own_block() -> None:
    snapshot = child_with(safety=SAFE, block=("evil.example",), bedtime=BEDTIME)
    assert verdict(snapshot, "evil.example", "2026-11-23 22:00") == "blocked safety"


# Own names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("example.org", "blocked block"),
        ("www.example.org", "blocked block"),
        ("good.example.org", "allowed allow"),
        ("very.good.example.org", "allowed allow"),
        ("bad.good.example.org", "blocked block"),
        ("both.example.org", "allowed allow"),
        ("notexample.org", "allowed default"),
        ("org", "allowed default"),
    ],
)
def test_the_longer_own_name_wins_and_on_a_tie_allow(name: str, expected: str) -> None:
    snapshot = child_with(
        allow=("good.example.org", "both.example.org"),
        block=("example.org", "bad.good.example.org", "both.example.org"),
    )
    assert verdict(snapshot, name) == expected


def test_an_own_name_tells_which_entry_decided() -> None:
    assert ask(child_with(block=("example.org",)), "binh", "a.b.example.org", MONDAY_NOON) == Decision(
        Action.BLOCK, Reason(ReasonKind.BLOCK_LIST, "block", "example.org"), Ede.FILTERED
    )


def test_own_allow_opens_at_bedtime_and_against_services_categories_and_safe_search() -> None:
    names = ("tiktok.com", "forum.example", "www.google.com")
    snapshot = child_with(
        allow=names, bedtime=BEDTIME, services={"tiktok": OFF}, categories={"forums": OFF}, safe_search=True
    )
    assert {verdict(snapshot, name, "2026-11-23 22:00") for name in names} == {"allowed allow"}


# Time


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-23 18:59", "allowed default"),
        ("2026-11-23 19:00", "blocked homework"),
        ("2026-11-23 20:29", "blocked homework"),
        ("2026-11-23 20:30", "allowed default"),
        ("2026-11-23 21:00", "blocked bedtime"),
        ("2026-11-24 06:29", "blocked bedtime"),
        ("2026-11-24 06:30", "allowed default"),
    ],
)
def test_bedtime_and_homework_close_everything_from_their_first_minute_to_their_last(when: str, expected: str) -> None:
    assert verdict(child_with(bedtime=BEDTIME, homework=HOMEWORK), "wikipedia.example", when) == expected


@pytest.mark.parametrize(
    ("name", "homework", "bedtime"),
    [
        ("learn.example", "allowed default", "blocked bedtime"),
        ("academy.example", "allowed default", "blocked bedtime"),  # a service for learning
        ("school.social.example", "allowed default", "blocked bedtime"),
        ("social.example", "blocked homework", "blocked bedtime"),
        ("hotline.example", "allowed default", "allowed default"),
        ("chat.hotline.example", "allowed default", "allowed default"),
    ],
)
def test_homework_leaves_learning_open_and_always_stays_open_at_all_times(
    name: str, homework: str, bedtime: str
) -> None:
    snapshot = child_with(bedtime=BEDTIME, homework=HOMEWORK, always=("hotline.example",))
    assert verdict(snapshot, name, "2026-11-23 19:30") == homework
    assert verdict(snapshot, name, "2026-11-23 22:00") == bedtime


def test_bedtime_beats_homework_where_they_overlap() -> None:
    snapshot = child_with(bedtime=BEDTIME, homework=timetable(every_day="20:00-22:00"))
    assert verdict(snapshot, "learn.example", "2026-11-23 21:30") == "blocked bedtime"


def test_what_time_leaves_open_still_meets_the_later_rules() -> None:
    snapshot = child_with(homework=HOMEWORK, bedtime=BEDTIME, always=("tiktok.com",), services={"tiktok": OFF})
    assert verdict(snapshot, "tiktok.com", "2026-11-23 22:00") == "blocked service"


def test_time_comes_before_a_service_that_is_on() -> None:
    assert verdict(child_with(bedtime=BEDTIME, services={"roblox": ON}), "roblox.com", "2026-11-23 22:00") == (
        "blocked bedtime"
    )


# Safe search


def test_a_search_engine_is_answered_by_its_safe_mode() -> None:
    assert ask(child_with(safe_search=True), "binh", "www.google.com", MONDAY_NOON) == Decision(
        Action.REWRITE,
        Reason(ReasonKind.SAFE_SEARCH, "google", "www.google.com"),
        Ede.FORGED_ANSWER,
        "forcesafesearch.google.com",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("maps.google.com", "allowed default"),  # the names of an engine are meant exactly
        ("unsafe-search.example", "blocked safe_search"),
        ("www.unsafe-search.example", "blocked safe_search"),
        ("www.youtube.com", "allowed default"),  # YouTube has a setting of its own
    ],
)
def test_safe_search_touches_engines_only_and_blocks_those_without_a_safe_mode(name: str, expected: str) -> None:
    assert verdict(child_with(safe_search=True), name) == expected


def test_without_safe_search_engines_are_ordinary_names() -> None:
    snapshot = child_with(safe_search=False)
    assert verdict(snapshot, "www.google.com") == verdict(snapshot, "unsafe-search.example") == "allowed default"


def test_a_search_service_that_is_on_is_still_safe() -> None:
    assert verdict(child_with(safe_search=True, services={"google": ON}), "www.google.com") == "rewritten safe_search"


def test_safe_search_opens_nothing_that_a_later_rule_blocks() -> None:
    assert verdict(child_with(safe_search=True, services={"google": OFF}), "www.google.com") == "blocked service"
    assert verdict(child_with(safe_search=True, categories={"search": OFF}), "www.google.com") == "blocked category"
    assert verdict(child_with(safe_search=True, default="deny"), "www.google.com") == "blocked default"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            {"safe_search": True, "engines": {"bing": False}},
            ["rewritten safe_search", "allowed default", "blocked safe_search"],
        ),
        (
            {"safe_search": False, "engines": {"google": True}},
            ["rewritten safe_search", "allowed default", "allowed default"],
        ),
        ({"engines": {"bing": True}}, ["allowed default", "rewritten safe_search", "allowed default"]),
        ({"engines": {"bing": False}}, ["allowed default", "allowed default", "allowed default"]),
    ],
)
def test_safe_search_may_be_on_for_one_engine_and_off_for_another(
    rules: dict[str, object], expected: list[str]
) -> None:
    snapshot = child_with(**rules)
    names = ("www.google.com", "www.bing.com", "unsafe-search.example")
    assert [verdict(snapshot, name) for name in names] == expected


def test_an_engine_that_is_left_as_it_is_is_explained_as_such() -> None:
    snapshot = child_with(safe_search=True, engines={"bing": False})
    walk = snapshot.explain(snapshot.profiles["binh"], "www.bing.com", "com.bing.www.", 1, MONDAY_NOON)
    assert ("safe search", "bing is left as it is") in [(step.kind, step.text) for step in walk.steps]


def test_the_names_that_answer_instead_are_told_for_all_profiles_and_times() -> None:
    timed = Switch("off", on_during=BEDTIME)
    rules = (
        Rules(safe_search=True, engines={"bing": False}),
        Rules(services={"youtube": Switch("strict"), "tiktok": timed}, bedtime=BEDTIME, upstreams="family"),
        Rules(services={"youtube": OFF}),
    )
    profiles = [child(f"child{number}", devices=(), rules=each) for number, each in enumerate(rules)]
    snapshot = compile_snapshot(family(*profiles), LISTS, now=MONDAY_NOON)
    assert snapshot.targets == {("forcesafesearch.google.com", ""), ("restrict.youtube.com", "family")}


def test_own_names_and_time_come_before_safe_search() -> None:
    snapshot = child_with(safe_search=True, block=("www.bing.com",), bedtime=BEDTIME)
    assert verdict(snapshot, "www.bing.com") == "blocked block"
    assert verdict(snapshot, "www.google.com", "2026-11-23 22:00") == "blocked bedtime"


@pytest.mark.parametrize("qtype", [QType.A, QType.AAAA, QType.HTTPS, QType.SVCB, QType.TXT, 731])
def test_a_verdict_does_not_depend_on_the_record_type(qtype: int) -> None:
    snapshot = child_with(safe_search=True)
    assert ask(snapshot, "binh", "www.bing.com", MONDAY_NOON, qtype).target == "strict.bing.com"


# Services


def test_a_service_that_is_off_blocks_and_one_that_is_on_allows() -> None:
    snapshot = child_with(services={"tiktok": OFF, "roblox": ON}, categories={"games": OFF})
    assert ask(snapshot, "binh", "www.tiktok.com", MONDAY_NOON) == Decision(
        Action.BLOCK, Reason(ReasonKind.SERVICE, "tiktok", "tiktok.com", "social"), Ede.FILTERED
    )
    assert ask(snapshot, "binh", "roblox.com", MONDAY_NOON) == Decision(
        Action.ALLOW, Reason(ReasonKind.SERVICE, "roblox", "roblox.com", "games")
    )


@pytest.mark.parametrize(
    ("tiktok", "roblox", "expected"),
    [(OFF, ON, "allowed service"), (ON, OFF, "allowed service"), (OFF, OFF, "blocked service")],
)
def test_a_name_that_services_share_works_if_one_of_them_is_on(tiktok: Switch, roblox: Switch, expected: str) -> None:
    assert verdict(child_with(services={"tiktok": tiktok, "roblox": roblox}), "a.cdn.example") == expected


def test_of_several_services_that_are_off_on_one_entry_the_first_is_named() -> None:
    decision = ask(child_with(services={"roblox": OFF, "tiktok": OFF}), "binh", "a.cdn.example", MONDAY_NOON)
    assert decision.reason == Reason(ReasonKind.SERVICE, "tiktok", "cdn.example", "social")


def test_the_longest_entry_of_a_service_that_is_set_decides() -> None:
    both = child_with(services={"google": OFF, "youtube": ON})
    assert verdict(both, "youtubei.googleapis.com") == "allowed service"
    assert verdict(both, "maps.googleapis.com") == "blocked service"
    assert verdict(child_with(services={"google": OFF}), "youtubei.googleapis.com") == "blocked service"


@pytest.mark.parametrize(
    ("mode", "target"), [("moderate", "restrictmoderate.youtube.com"), ("strict", "restrict.youtube.com")]
)
def test_a_restricted_mode_rewrites_its_names_and_leaves_the_rest_of_the_service_on(mode: str, target: str) -> None:
    snapshot = child_with(services={"youtube": Switch(mode)}, categories={"video": OFF})  # type: ignore[arg-type]  # both are states
    for name in YOUTUBE_NAMES:
        assert ask(snapshot, "binh", name, MONDAY_NOON) == Decision(
            Action.REWRITE, Reason(ReasonKind.SERVICE, "youtube", name, "video"), Ede.FORGED_ANSWER, target
        )
    assert verdict(snapshot, "i.ytimg.example") == "allowed service"
    assert verdict(snapshot, "youtube.com") == "allowed service"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-28 08:59", "blocked window"),
        ("2026-11-28 09:00", "allowed service"),
        ("2026-11-28 11:00", "blocked window"),
        ("2026-11-28 15:30", "allowed service"),
        ("2026-11-27 15:30", "blocked window"),
    ],
)
def test_a_service_may_be_on_only_during_its_windows(when: str, expected: str) -> None:
    roblox = Switch("off", on_during=timetable(weekend="09:00-11:00, 15:00-17:00"))
    assert verdict(child_with(services={"roblox": roblox}), "roblox.com", when) == expected


@pytest.mark.parametrize(
    ("when", "expected"), [("2026-11-23 11:59", "rewritten service"), ("2026-11-23 12:00", "blocked window")]
)
def test_a_service_may_be_off_only_during_its_windows(when: str, expected: str) -> None:
    youtube = Switch("moderate", off_during=timetable(every_day="12:00-14:00"))
    assert verdict(child_with(services={"youtube": youtube}), "www.youtube.com", when) == expected


def test_a_service_that_nobody_knows_decides_nothing() -> None:
    assert verdict(child_with(services={"gone": OFF}), "gone.example") == "allowed default"


# Categories


def test_a_category_that_is_off_blocks_what_its_lists_and_its_services_hold() -> None:
    snapshot = child_with(categories={"social": OFF, "games": OFF})
    assert ask(snapshot, "binh", "www.social.example", MONDAY_NOON) == Decision(
        Action.BLOCK, Reason(ReasonKind.CATEGORY, "chatter", "social.example", "social"), Ede.FILTERED
    )
    assert ask(snapshot, "binh", "roblox.com", MONDAY_NOON) == Decision(
        Action.BLOCK, Reason(ReasonKind.CATEGORY, "roblox", "roblox.com", "games"), Ede.FILTERED
    )


def test_a_category_that_is_off_beats_one_that_is_on() -> None:
    snapshot = child_with(categories={"learning": ON, "social": OFF})
    assert verdict(snapshot, "school.social.example") == "blocked category"


@pytest.mark.parametrize("small", [(), ("a",), ("b",), ("a", "b"), ("a", "b", "c")])
def test_the_first_list_of_the_first_category_is_named_wherever_the_lists_are_kept(small: tuple[str, ...]) -> None:
    lists = FakeLists(
        lists=(
            blocklist("a", "social", "chat.example"),
            blocklist("b", "social", "www.chat.example", "news.example"),
            blocklist("c", "forums", "www.news.example", "example"),
        ),
        services={"chat": service("Chat", "social", "chat.example", "a.www.chat.example", "b.cdn.example")},
        small=frozenset(small),
    )

    def hits(*categories: str, longer_than: int = 0) -> list[tuple[str, ...] | None]:
        matcher = CategoryMatcher(categories, lists)
        assert matcher.lists == (3 if "forums" in categories else 2)
        found: list[tuple[str, ...] | None] = []
        for name in ("a.www.chat.example", "www.news.example", "a.b.cdn.example"):
            line = tuple(parents(name))
            question = Question(name, key_of(name), line, lists.index.covering(line))
            found.append(matcher.first(question, longer_than))
        return found

    chat_a, chat_b = ("a", "chat.example", "social"), ("b", "www.chat.example", "social")
    by_service = ("chat", "b.cdn.example", "social")
    assert hits("social") == [chat_a, ("b", "news.example", "social"), by_service]
    assert hits("social", "forums") == [chat_a, ("b", "news.example", "social"), ("c", "example", "forums")]
    assert hits("forums", "social") == [
        ("c", "example", "forums"),
        ("c", "www.news.example", "forums"),
        ("c", "example", "forums"),
    ]
    assert hits("forums", "social", "forums", longer_than=12) == [
        chat_b,
        ("c", "www.news.example", "forums"),
        by_service,
    ]
    assert hits("social", longer_than=16) == [("chat", "a.www.chat.example", "social"), None, None]


def test_a_category_may_follow_the_clock() -> None:
    forums = Switch("on", off_during=timetable(every_day="18:00-19:00"))
    snapshot = child_with(categories={"forums": forums})
    assert verdict(snapshot, "forum.example", "2026-11-23 17:59") == "allowed default"
    assert verdict(snapshot, "forum.example", "2026-11-23 18:00") == "blocked window"


def test_a_category_without_lists_decides_nothing() -> None:
    assert verdict(child_with(categories={"gambling": OFF}), "casino.example") == "allowed default"


# The default


def test_the_default_is_to_allow_and_names_the_preset() -> None:
    open_ = preset("open", rules=Rules(default="allow"))
    snapshot = compile_snapshot(family(child(preset="open"), presets=(open_,)), LISTS, now=MONDAY_NOON)
    assert ask(snapshot, "binh", "wikipedia.example", MONDAY_NOON) == Decision(
        Action.ALLOW, Reason(ReasonKind.DEFAULT, "open")
    )


def test_an_allow_only_preset_opens_own_names_services_and_categories_that_are_on_and_nothing_else() -> None:
    snapshot = child_with(
        default="deny", allow=("friend.example",), services={"academy": ON}, categories={"learning": ON, "forums": OFF}
    )
    assert {
        name: verdict(snapshot, name)
        for name in ("friend.example", "academy.example", "learn.example", "forum.example", "wikipedia.example")
    } == {
        "friend.example": "allowed allow",
        "academy.example": "allowed service",
        "learn.example": "allowed category",
        "forum.example": "blocked category",
        "wikipedia.example": "blocked default",
    }


# The clock


@pytest.mark.parametrize(
    "rules",
    [
        Rules(bedtime=BEDTIME),
        Rules(homework=HOMEWORK),
        Rules(services={"roblox": Switch("off", on_during=HOMEWORK)}),
        Rules(categories={"games": Switch("on", off_during=HOMEWORK)}),
    ],
)
def test_a_clock_before_the_release_closes_a_child_with_any_time_rule_and_never_a_group(rules: Rules) -> None:
    policy = family(child("binh", rules=rules), group("adults", rules=rules))
    for now in (0.0, at("2026-10-31 12:00"), at("2026-11-23 12:00")):
        snapshot = compile_snapshot(policy, LISTS, now=now)
        wrong = ask(snapshot, "binh", "time.example", at("2026-10-31 23:59"))
        assert (wrong.action, wrong.reason.kind) == (Action.BLOCK, ReasonKind.CLOCK)
        assert not ask(snapshot, "adults", "time.example", at("2026-10-31 23:59")).blocked


def test_a_clock_that_is_wrong_leaves_always_and_own_names_open_and_safety_closed() -> None:
    snapshot = child_with(safety=SAFE, bedtime=BEDTIME, always=("hotline.example",), allow=("friend.example",))
    assert verdict(snapshot, "hotline.example", "1970-01-01 12:00") == "allowed default"
    assert verdict(snapshot, "friend.example", "1970-01-01 12:00") == "allowed allow"
    assert verdict(snapshot, "evil.example", "1970-01-01 12:00") == "blocked safety"


def test_a_clock_that_is_wrong_does_not_matter_to_a_child_without_time_rules() -> None:
    assert verdict(child_with(services={"tiktok": OFF}), "time.example", "1970-01-01 12:00") == "allowed default"
