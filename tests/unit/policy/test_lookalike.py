"""Which ASCII names an international name passes for, and what follows from that."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.lookalike import _LOOK_LIKE, skeleton
from safedns.policy.model import Rules, Switch
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of, parse_name
from tests.unit.policy.families import LISTS, ask, at, child, family, timetable

NOON = at("2026-11-23 12:00")


@pytest.mark.parametrize(
    ("written", "likeness"),
    [
        ("r\u043eblox.com", "roblox.com"),  # one Cyrillic letter
        ("\u0443\u043eutub\u0435.com", "youtube.com"),
        ("\u0455\u04bb\u043e\u0440\u0435\u0435.vn", "shopee.vn"),  # a whole label of them
        ("\u03c1aypal.com", "paypal.com"),  # Greek
        ("f\u1ea1cebook.com", "facebook.com"),  # a dot below, as in Vietnamese
        ("youtub\u00e9.com", "youtube.com"),
        ("t\u0131ktok.com", "tiktok.com"),  # Turkish i without its dot
        ("www.r\u043ebl\u043ex.com", "www.roblox.com"),
        ("\u0430.b\u0441.example", "a.bc.example"),
        ("m\u00fcnchen.de", "munchen.de"),
        ("\u044f\u043d\u0434\u0435\u043a\u0441.\u0440\u0444", None),  # letters that look like no Latin ones
        ("\u4f8b\u3048.jp", None),
    ],
)
def test_an_international_name_passes_for_the_ascii_name_it_looks_like(written: str, likeness: str | None) -> None:
    assert skeleton(parse_name(written)) == likeness


@pytest.mark.parametrize(
    "name", ["example.com", "xn--.com", "xn--a.com", "xn--99999999999.com", r"xn--\255.com", "xn--a-.x"]
)
def test_a_name_that_is_none_looks_like_none_and_does_no_harm(name: str) -> None:
    assert skeleton(name) in (None, "a.x")


@given(st.text(min_size=1, max_size=20))
def test_any_label_has_a_likeness_that_is_a_name_or_none(text: str) -> None:
    label = "xn--" + text.encode("punycode").decode().lower()[:50]
    found = skeleton(f"{label}.com")
    if found is not None:
        assert found.isascii()
        assert found.endswith(".com")
        assert not found.startswith(".")


def test_each_letter_has_one_likeness_and_is_a_letter_that_a_name_may_have() -> None:
    letters = [letter for row in _LOOK_LIKE.values() for letter in row]
    assert sorted({letter for letter in letters if letters.count(letter) > 1}) == []
    assert [letter for letter in letters if unicodedata.category(letter)[0] not in "LN"] == []


def child_with(**rules: object) -> Snapshot:
    return compile_snapshot(family(child(rules=Rules(**rules))), LISTS, now=NOON)  # type: ignore[arg-type]


def verdict(snapshot: Snapshot, name: str) -> Decision:
    return ask(snapshot, "binh", parse_name(name), NOON)


ROBLOX = "r\u043eblox.com"
OFF = Switch("off")


@pytest.mark.parametrize(
    ("rules", "matched"),
    [
        ({"services": {"roblox": OFF}}, "roblox.com"),
        ({"categories": {"games": OFF}}, "roblox.com"),
        ({"safety": ("games",)}, "roblox.com"),
        ({"block": ("roblox.com",)}, "roblox.com"),
        ({"block": ("com",)}, None),  # blocked outright: it is below com itself
    ],
)
def test_what_passes_for_a_closed_service_or_name_is_closed(rules: dict[str, object], matched: str | None) -> None:
    decision = verdict(child_with(**rules), f"www.{ROBLOX}")
    assert decision.blocked
    if matched is not None:
        assert decision.reason.kind is ReasonKind.LOOK_ALIKE
        assert decision.reason.matched == matched


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"services": {"roblox": Switch("on")}},
        {"services": {"tiktok": OFF}},
        {"categories": {"forums": OFF, "social": OFF}},
        {"services": {"roblox": OFF}, "allow": (parse_name(ROBLOX),)},
        {"services": {"roblox": OFF}, "allow": ("roblox.com",)},  # then the likeness is not closed either
    ],
)
def test_what_passes_for_something_open_is_judged_by_itself(rules: dict[str, object]) -> None:
    assert not verdict(child_with(**rules), ROBLOX).blocked


def test_lists_are_not_asked_for_likenesses_or_every_accent_would_close_somebody_elses_site() -> None:
    snapshot = child_with(categories={"forums": OFF}, safety=("malware",))
    assert verdict(snapshot, "forum.example").blocked
    assert not verdict(snapshot, "f\u00f6rum.example").blocked
    assert not verdict(snapshot, "\u0435vil.example").blocked


def test_a_likeness_opens_nothing() -> None:
    snapshot = child_with(default="deny", allow=("roblox.com",), services={"tiktok": Switch("on")})
    assert verdict(snapshot, ROBLOX).reason.kind is ReasonKind.DEFAULT
    assert verdict(snapshot, "tikt\u043ek.com").blocked


def test_it_says_what_it_was_taken_for_and_until_when() -> None:
    rules = Rules(services={"roblox": Switch("on", off_during=timetable(every_day="11:00-13:00"))})
    snapshot = compile_snapshot(family(child(rules=rules)), LISTS, now=NOON)
    name = parse_name(ROBLOX)
    explanation = snapshot.explain(snapshot.profiles["binh"], name, key_of(name), 1, NOON)
    assert explanation.decision == Decision(
        Action.BLOCK, Reason(ReasonKind.LOOK_ALIKE, "roblox", "roblox.com", "games")
    )
    assert explanation.until == at("2026-11-23 13:00")
    assert [(step.kind, step.decided) for step in explanation.steps][-2:] == [("default", False), ("look-alike", True)]
    assert explanation.steps[-1].text == "it passes for roblox.com, which is closed"
