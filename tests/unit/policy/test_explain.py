"""The walk in words, and the line a parent reads."""

from __future__ import annotations

from datetime import date
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.policy.compile import compile_snapshot
from safedns.policy.explain import Explanation
from safedns.policy.live import Live, Override, OverrideKind, Used
from safedns.policy.model import NamedWindow, Policy, Rules, Switch
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of
from tests.unit.policy import strategies
from tests.unit.policy.families import (
    LISTS,
    SAIGON,
    ask,
    at,
    child,
    family,
    group,
    limit,
    override,
    preset,
    target,
    timetable,
)

NOON = at("2026-11-23 12:00")
RULES = Rules(
    safety=("malware", "adult"),
    bedtime=timetable(school_nights="21:00-06:30", other_nights="22:30-07:30"),
    homework=timetable(school_days="19:00-20:30"),
    services={
        "youtube": Switch("moderate"),
        "tiktok": Switch("off"),
        "academy": Switch("on"),
        "roblox": Switch("off", on_during=timetable(weekend="09:00-11:00")),
    },
    categories={"forums": Switch("off"), "video": Switch("on", off_during=timetable(every_day="12:00-14:00"))},
    safe_search=True,
    allow=("friend.example", "evil.example"),
    block=("foe.example",),
    always=("hotline.example",),
)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    policy = family(child(preset="9-12", rules=RULES), group("guests"), presets=(preset("9-12"),))
    return compile_snapshot(policy, LISTS, now=NOON)


def explain(snapshot: Snapshot, name: str, when: str = "2026-11-23 12:00") -> Explanation:
    return snapshot.explain(snapshot.profiles["binh"], name, key_of(name), 1, at(when))


def walk(explanation: Explanation) -> list[str]:
    return [f"{'>' if step.decided else ' '} {step.kind}: {step.text}" for step in explanation.steps]


def test_the_whole_walk_of_a_name_that_no_rule_mentions(snapshot: Snapshot) -> None:
    assert walk(explain(snapshot, "wikipedia.example")) == [
        "  safety: in none of malware, adult (3 lists)",
        "  own names: neither allowed nor blocked by name",
        "  time: neither bedtime nor homework now",
        "  safe search: no search engine",
        "  services: no service that is set",
        "  categories: in no category that is off",
        "> default: preset 9-12: what no rule closes is open",
    ]


@pytest.mark.parametrize(
    ("name", "when", "last"),
    [
        (
            "adult.example",
            "12:00",
            "safety: adult.example is on adult-world (adult); only allowing that very name lifts this",
        ),
        ("foe.example", "12:00", "own names: foe.example is in the profile's block"),
        ("a.friend.example", "12:00", "own names: friend.example is in the profile's allow"),
        ("wikipedia.example", "19:30", "homework: now: only what is in always is open, and learning"),
        ("learn.example", "22:00", "bedtime: now: only what is in always is open"),
        ("www.google.com", "12:00", "safe search: google is answered by its safe mode, forcesafesearch.google.com"),
        ("unsafe-search.example", "12:00", "safe search: unsafe-search.example is a search engine without a safe mode"),
        ("tiktok.com", "12:00", "services: tiktok.com belongs to tiktok, which is off"),
        ("roblox.com", "12:00", "services: roblox.com belongs to roblox, which is off at this time"),
        ("www.youtube.com", "12:00", "services: youtube is moderate: answered by restrictmoderate.youtube.com"),
        ("forum.example", "12:00", "categories: forum.example is on boards (forums), and forums is off"),
    ],
)
def test_the_deciding_step_says_what_decided(snapshot: Snapshot, name: str, when: str, last: str) -> None:
    assert walk(explain(snapshot, name, f"2026-11-23 {when}"))[-1] == f"> {last}"


@pytest.mark.parametrize(
    ("name", "when", "step"),
    [
        ("evil.example", "12:00", "safety: evil.example is on bad (malware), but a parent allows evil.example"),
        ("learn.example", "19:30", "homework: now, but learn.example is for learning (schools)"),
        ("hotline.example", "22:00", "bedtime: now, but hotline.example is in always"),
    ],
)
def test_a_step_that_passes_with_reason_says_the_reason(snapshot: Snapshot, name: str, when: str, step: str) -> None:
    assert f"  {step}" in walk(explain(snapshot, name, f"2026-11-23 {when}"))


PAUSE, BLOCK, GRANT, SEARCH, FREE = (
    override("pause", "internet", NOON, NOON + 600),
    override("block", "roblox", NOON, NOON + 600),
    override("grant", "forums", NOON, NOON + 600),
    override("grant", "youtube", NOON, NOON + 600),
    override("grant", "internet", NOON, NOON + 600),
)


@pytest.mark.parametrize(
    ("made", "name", "step"),
    [
        (PAUSE, "wikipedia.example", "> override: paused: only what is in always is open"),
        (PAUSE, "hotline.example", "  override: paused, but hotline.example is in always"),
        (BLOCK, "www.roblox.com", "> override: block roblox: roblox.com is on roblox (games)"),
        (BLOCK, "wikipedia.example", "  override: block roblox: not this"),
        (
            override("block", "a.example", NOON, NOON + 600),
            "www.a.example",
            "> override: block a.example: a.example is named",
        ),
        (GRANT, "a.forum.example", "> override: grant forums: forum.example is on boards (forums)"),
        (GRANT, "wikipedia.example", "  override: grant forums: not this"),
        (
            override("grant", "adult", NOON, NOON + 600),
            "adult.example",
            "  override: grant adult: adult.example is on adult-world (adult), but a grant does not lift safety",
        ),
        (
            SEARCH,
            "www.youtube.com",
            "> override: grant youtube, but youtube is moderate: answered by restrictmoderate.youtube.com",
        ),
        (FREE, "wikipedia.example", "  override: grant internet: neither bedtime, homework, windows nor limits count"),
    ],
)
def test_what_a_parent_decided_is_the_first_step(made: Override, name: str, step: str) -> None:
    snapshot = compile_snapshot(family(child(rules=RULES)), LISTS, now=NOON, live=Live((made,)))
    assert walk(explain(snapshot, name))[0] == step


CLOSED = Rules(
    windows={"noon": NamedWindow((target("games"), target("reddit.example")), timetable(every_day="12:00-13:00"))},
    limits=(limit("internet", every_day=0), limit("social", every_day=0)),
    always=("hotline.example", "cdn.example"),
)
INTERNET = "today's time for internet is used up"
SOCIAL = "today's time for social is used up"


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        (
            "wikipedia.example",
            ["  window: noon closes games, reddit.example now, not this", f"> limit: {INTERNET}"],
        ),
        ("www.roblox.com", ["> window: noon closes games, reddit.example now: roblox.com is on roblox (games)"]),
        (
            "cdn.example",
            [
                "  window: noon closes games, reddit.example now, but cdn.example is in always",
                f"  limit: {INTERNET}, but cdn.example is in always",
                f"  limit: {SOCIAL}, but cdn.example is in always",
            ],
        ),
        (
            "time.ntp.example",
            [
                "  window: noon closes games, reddit.example now, not this",
                f"  limit: {INTERNET}, but ntp.example is what devices ask by themselves",
                f"  limit: {SOCIAL}, but this is something else",
            ],
        ),
        (
            "push.tiktok.com",
            [
                "  window: noon closes games, reddit.example now, not this",
                f"  limit: {INTERNET}, but push.tiktok.com is what devices ask by themselves",
                f"> limit: {SOCIAL}: tiktok.com is on chatter (social)",
            ],
        ),
    ],
)
def test_windows_and_limits_say_what_they_close(name: str, steps: list[str]) -> None:
    snapshot = compile_snapshot(family(child(rules=CLOSED)), LISTS, now=NOON)
    assert [step for step in walk(explain(snapshot, name)) if "default" not in step] == steps


def test_a_window_on_all_internet_needs_no_reason() -> None:
    rules = Rules(windows={"noon": NamedWindow((target("internet"),), timetable(every_day="12:00-13:00"))})
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=NOON)
    assert walk(explain(snapshot, "wikipedia.example")) == ["> window: noon closes internet now"]


def test_a_search_engine_that_is_blocked_anyway_is_told_so() -> None:
    policy = family(child(rules=Rules(safe_search=True, default="deny", categories={"learning": Switch("on")})))
    snapshot = compile_snapshot(policy, LISTS, now=NOON)
    assert walk(explain(snapshot, "www.google.com")) == [
        "  safe search: a search engine that is blocked anyway",
        "  categories: in no category that is off, and in none that is on",
        "> default: no preset: what no rule opens is closed",
    ]


def test_a_wrong_clock_is_named(snapshot: Snapshot) -> None:
    explanation = explain(snapshot, "wikipedia.example", "1970-01-01 12:00")
    assert walk(explanation)[-1] == "> clock: this machine's clock is wrong, so only what is in always is open"
    assert explanation.until == inf


@pytest.mark.parametrize(
    ("name", "when", "until"),
    [
        ("wikipedia.example", "2026-11-23 12:00", "2026-11-23 19:00"),
        ("wikipedia.example", "2026-11-23 19:30", "2026-11-23 20:30"),
        (
            "roblox.com",
            "2026-11-23 12:00",
            "2026-11-28 09:00",
        ),  # blocked by other rules in between, blocked all the same
        ("www.youtube.com", "2026-11-23 20:40", "2026-11-23 21:00"),
    ],
)
def test_the_outcome_stays_until_it_changes_for_this_name(snapshot: Snapshot, name: str, when: str, until: str) -> None:
    assert explain(snapshot, name, when).until == at(until)


def test_what_time_does_not_touch_stays_so_for_good(snapshot: Snapshot) -> None:
    assert explain(snapshot, "adult.example").until == explain(snapshot, "tiktok.com").until == inf


@settings(max_examples=12, deadline=None)
@given(policy=strategies.policies(SAIGON), names=st.lists(strategies.names(), min_size=5, max_size=10), data=st.data())
def test_an_explanation_always_tells_the_very_decision(policy: Policy, names: list[str], data: st.DataObject) -> None:
    snapshot = compile_snapshot(policy, LISTS, now=NOON, live=data.draw(strategies.lives(policy, NOON)))
    for who in ("kid", "guests"):
        profile = snapshot.profiles[who]
        now = NOON + data.draw(st.integers(0, 13 * 86_400))
        for name in names:
            explanation = snapshot.explain(profile, name, key_of(name), 1, now)
            decision = ask(snapshot, who, name, now)
            assert explanation.decision == decision
            assert [step.decided for step in explanation.steps] == [False] * (len(explanation.steps) - 1) + [True]
            if explanation.until < inf:
                before = ask(snapshot, who, name, explanation.until - 1)
                after = ask(snapshot, who, name, explanation.until)
                assert (before.action, before.target) == (decision.action, decision.target)
                assert (after.action, after.target) != (decision.action, decision.target)


@pytest.mark.parametrize(
    ("when", "time", "roblox", "video"),
    [
        ("2026-11-23 19:30", "homework until 20:30, then open", "off until Sat 09:00", "on until 12:00"),
        ("2026-11-23 22:00", "bedtime until 06:30, then open", "off until Sat 09:00", "on until 12:00"),
        ("2026-11-28 10:00", "open until 22:30, then bedtime", "on until 11:00", "on until 12:00"),
        ("1970-01-01 12:00", "closed, for this machine's clock is wrong", "off", "on"),
    ],
)
def test_one_line_says_what_applies_now_and_until_when(
    snapshot: Snapshot, when: str, time: str, roblox: str, video: str
) -> None:
    line = f"Bình: {time}; YouTube moderate; TikTok off; Roblox {roblox}; video {video}"
    assert snapshot.now_line(snapshot.profiles["binh"], at(when)) == line


def test_the_line_of_a_profile_without_rules_is_short(snapshot: Snapshot) -> None:
    assert snapshot.now_line(snapshot.profiles["guests"], NOON) == "guests: open"


def test_an_allow_only_preset_reads_as_open_for_what_is_allowed() -> None:
    snapshot = compile_snapshot(family(child(name="An", rules=Rules(default="deny"))), LISTS, now=NOON)
    assert snapshot.now_line(snapshot.profiles["binh"], NOON) == "An: open for what is allowed"


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ([("pause", "internet", 20)], "paused until 12:20, then open"),
        ([("block", "internet", 20)], "paused until 12:20, then open"),
        ([("grant", "internet", 20)], "internet granted until 12:20, then open"),
        ([("grant", "internet", 20), ("pause", "internet", 60)], "internet granted until 12:20, then paused"),
        ([("grant", "games", 20)], "open until 21:00, then bedtime; games granted until 12:20"),
        (
            [("block", "xn--bcher-kva.example", 20), ("grant", "tiktok", 9 * 60)],
            "open until 21:00, then bedtime; bücher.example blocked until 12:20; TikTok granted until 21:00",
        ),
    ],
)
def test_what_a_parent_decided_for_now_is_told_with_its_end(
    overrides: list[tuple[OverrideKind, str, int]], line: str
) -> None:
    live = Live(tuple(override(kind, what, NOON, NOON + 60 * minutes) for kind, what, minutes in overrides))
    rules = Rules(bedtime=timetable(every_day="21:00-06:30"))
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=NOON, live=live)
    assert snapshot.now_line(snapshot.profiles["binh"], NOON) == f"Bình: {line}"


@pytest.mark.parametrize(
    ("seconds", "bonus", "line"),
    [
        (0, 0, "games 30 of 30 min left (estimated)"),
        (300, 0, "games 25 of 30 min left (estimated)"),
        (300, 900, "games 40 of 45 min left (estimated)"),
        (2400, 0, "games 0 of 30 min left (estimated)"),
    ],
)
def test_what_is_left_of_a_limit_is_told_as_an_estimate(seconds: int, bonus: int, line: str) -> None:
    rules = Rules(limits=(limit("games", every_day=1800), limit("tiktok", every_day=600)))
    day = date(2026, 11, 23)
    live = Live(used={("binh", target("games"), day): Used(seconds, bonus)})
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=NOON, live=live)
    expected = f"Bình: open; {line}; TikTok 10 of 10 min left (estimated)"
    assert snapshot.now_line(snapshot.profiles["binh"], NOON) == expected


def test_a_change_more_than_a_week_ahead_is_told_with_its_date() -> None:
    rules = Rules(bedtime=timetable(sat="21:00-22:00"))
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=at("2026-11-28 23:00"))
    line = snapshot.now_line(snapshot.profiles["binh"], at("2026-11-28 23:00"))
    assert line == "Bình: open until Sat 05 Dec 21:00, then bedtime"
