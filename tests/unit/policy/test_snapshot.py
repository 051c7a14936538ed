"""What the path asks of a snapshot: whose device, may an answer pass, when do the rules change."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.policy.clients import Evidence
from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.model import Policy, Rules, Switch
from safedns.policy.snapshot import Device, Snapshot
from safedns.wire.types import Ede
from tests.unit.policy import strategies
from tests.unit.policy.families import LISTS, SAIGON, FakeList, FakeLists, ask, at, child, family, group, timetable

NOON = at("2026-11-23 12:00")
RULES = Rules(
    safety=("malware", "adult"),
    bedtime=timetable(every_day="21:00-06:30"),
    services={
        "tiktok": Switch("off"),
        "youtube": Switch("moderate"),
        "roblox": Switch("off", on_during=timetable(every_day="15:00-17:00")),
    },
    categories={"forums": Switch("off"), "games": Switch("off")},
    safe_search=True,
    allow=("friend.example", "nice.tiktok.com", "evil.example"),
    block=("foe.example",),
)


@pytest.fixture
def snapshot() -> Snapshot:
    binh = child(devices=("192.168.1.32", "192.168.2.0/24"), rules=RULES)
    an = child(
        "an", name="An", devices=("192.168.2.7",), rules=Rules(default="deny", categories={"learning": Switch("on")})
    )
    return compile_snapshot(family(binh, an, group("guests")), LISTS, now=NOON)


BY_DEFAULT = Decision(Action.ALLOW, Reason(ReasonKind.DEFAULT))


def review(
    snapshot: Snapshot, *names: str, now: float = NOON, who: str = "binh", asked: Decision = BY_DEFAULT
) -> Decision | None:
    return snapshot.review(snapshot.profiles[who], names, now, asked=asked)


@pytest.mark.parametrize("kind", [ReasonKind.ALLOW_LIST, ReasonKind.SERVICE])
def test_what_a_name_is_made_of_that_a_parent_opened_is_judged_by_safety_and_own_names_alone(
    snapshot: Snapshot, kind: ReasonKind
) -> None:
    opened = Decision(Action.ALLOW, Reason(kind))
    assert review(snapshot, "www.tiktok.com") is not None
    assert review(snapshot, "www.tiktok.com", asked=opened) is None
    assert review(snapshot, "adult.example", asked=opened) is not None
    assert review(snapshot, "foe.example", asked=opened) is not None


BOTNET = FakeList("botnet", "malware", frozenset(), ("203.0.113.0/24", "203.0.113.9/32", "2001:db8:bad::/48"))
LOTTERY = FakeList("lottery", "gambling", frozenset(), ("198.51.100.7/32",))
WITH_ADDRESSES = FakeLists(lists=(BOTNET, LOTTERY))


def judged(rules: Rules, name: str, *addresses: str, asked: Decision = BY_DEFAULT) -> Decision | None:
    snapshot = compile_snapshot(family(child(rules=rules)), WITH_ADDRESSES, now=NOON)
    return snapshot.review_addresses(snapshot.profiles["binh"], name, addresses, NOON, asked=asked)


GUARDED = Rules(safety=("malware",), categories={"gambling": Switch("off")})


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("203.0.113.8", Reason(ReasonKind.SAFETY, "botnet", "203.0.113.0/24", "malware")),
        ("203.0.113.9", Reason(ReasonKind.SAFETY, "botnet", "203.0.113.9/32", "malware")),
        ("2001:db8:bad::1", Reason(ReasonKind.SAFETY, "botnet", "2001:db8:bad::/48", "malware")),
        ("198.51.100.7", Reason(ReasonKind.CATEGORY, "lottery", "198.51.100.7/32", "gambling")),
        ("192.0.2.1", None),
    ],
)
def test_an_answer_with_a_listed_address_is_blocked_by_its_list(address: str, reason: Reason | None) -> None:
    decision = judged(GUARDED, "some.example", "192.0.2.7", address)
    assert (decision and decision.reason) == reason
    if decision is not None and decision.reason.category == "malware":
        assert decision.ede == Ede.BLOCKED


def test_addresses_of_a_category_that_is_on_or_not_said_are_open() -> None:
    assert judged(Rules(categories={"gambling": Switch("on")}), "some.example", "198.51.100.7") is None
    assert judged(Rules(), "some.example", "203.0.113.8", "198.51.100.7") is None


@pytest.mark.parametrize("kind", [ReasonKind.ALLOW_LIST, ReasonKind.SERVICE])
def test_a_site_that_a_parent_opened_may_live_where_a_category_is_off_but_not_where_malware_does(
    kind: ReasonKind,
) -> None:
    opened = Decision(Action.ALLOW, Reason(kind))
    assert judged(GUARDED, "some.example", "198.51.100.7", asked=opened) is None
    assert judged(GUARDED, "some.example", "203.0.113.8", asked=opened) is not None


def test_only_allowing_the_very_name_lifts_a_safety_address() -> None:
    rules = Rules(safety=("malware",), allow=("shared.example",))
    opened = Decision(Action.ALLOW, Reason(ReasonKind.ALLOW_LIST, "allow", "shared.example"))
    assert judged(rules, "shared.example", "203.0.113.8", asked=opened) is None
    assert judged(rules, "www.shared.example", "203.0.113.8", asked=opened) is not None


def test_a_device_is_known_by_the_narrowest_claim_and_told_by_its_name(snapshot: Snapshot) -> None:
    profiles = snapshot.profiles
    assert snapshot.identify(Evidence("192.168.1.32")) == Device("192.168.1.32", profiles["binh"])
    assert snapshot.identify(Evidence("::ffff:192.168.2.9")) == Device("192.168.2.0/24", profiles["binh"])
    assert snapshot.identify(Evidence("192.168.2.7")) == Device("192.168.2.7", profiles["an"])


def test_a_device_that_nobody_has_claimed_has_the_unknown_profile_and_no_name(snapshot: Snapshot) -> None:
    assert snapshot.identify(Evidence("192.168.9.9")) == Device("", snapshot.profiles["guests"])


def test_profiles_are_compared_by_identity(snapshot: Snapshot) -> None:
    again = compile_snapshot(family(child(rules=RULES)), LISTS, now=NOON)
    assert snapshot.profiles["binh"] != again.profiles["binh"]
    assert len({*snapshot.profiles.values(), *again.profiles.values()}) == 5


def test_an_answer_that_leads_nowhere_bad_passes(snapshot: Snapshot) -> None:
    assert review(snapshot) is None
    assert review(snapshot, "edge.cdn.example.net", "wikipedia.example") is None


def test_the_first_name_that_is_blocked_is_the_objection(snapshot: Snapshot) -> None:
    assert review(snapshot, "wikipedia.example", "www.tiktok.com", "adult.example") == Decision(
        Action.BLOCK, Reason(ReasonKind.SERVICE, "tiktok", "tiktok.com", "social"), Ede.FILTERED
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.adult.example", ReasonKind.SAFETY),
        ("foe.example", ReasonKind.BLOCK_LIST),
        ("tiktok.com", ReasonKind.SERVICE),
        ("roblox.com", ReasonKind.WINDOW),
        ("forum.example", ReasonKind.CATEGORY),
    ],
)
def test_answers_are_judged_by_safety_own_names_services_and_categories(
    snapshot: Snapshot, name: str, kind: ReasonKind
) -> None:
    objection = review(snapshot, name)
    assert objection is not None
    assert objection.reason.kind == kind


@pytest.mark.parametrize("name", ["friend.example", "nice.tiktok.com", "evil.example"])
def test_a_name_that_the_profile_allows_passes(snapshot: Snapshot, name: str) -> None:
    assert review(snapshot, name) is None
    assert review(snapshot, name, "foe.example") is not None


@pytest.mark.parametrize("name", ["wikipedia.example", "www.google.com", "www.youtube.com", "unsafe-search.example"])
def test_neither_time_nor_safe_search_nor_the_default_judges_an_answer(snapshot: Snapshot, name: str) -> None:
    assert review(snapshot, name, now=at("2026-11-23 22:00")) is None
    assert review(snapshot, "cdn.example.net", who="an") is None


def test_a_service_that_is_on_right_now_passes_in_a_category_that_is_off(snapshot: Snapshot) -> None:
    assert review(snapshot, "roblox.com", now=at("2026-11-23 16:00")) is None


@settings(max_examples=25, deadline=None)
@given(policy=strategies.policies(SAIGON), names=st.lists(strategies.names(), min_size=1, max_size=20))
def test_an_objection_is_never_raised_to_a_name_that_could_be_asked_for_itself(
    policy: Policy, names: list[str]
) -> None:
    snapshot = compile_snapshot(policy, LISTS, now=NOON)
    for who in ("kid", "guests"):
        for name in names:
            objection = review(snapshot, name, who=who)
            decision = ask(snapshot, who, name, NOON)
            if objection is not None:
                assert decision.blocked
            elif decision.blocked:
                judges_no_answer = {"bedtime", "homework", "limit", "safe_search", "default"}
                named_window = decision.reason.rule in ("dinner", "forum hours")
                assert decision.reason.kind in judges_no_answer or named_window


def test_the_next_edge_is_strictly_later_and_at_it_the_new_rules_hold(snapshot: Snapshot) -> None:
    binh = snapshot.profiles["binh"]
    edge = at("2026-11-23 21:00")
    assert snapshot.next_edge(binh, edge - 0.001) == edge
    assert not ask(snapshot, "binh", "wikipedia.example", edge - 0.001).blocked
    assert ask(snapshot, "binh", "wikipedia.example", edge).blocked
    assert snapshot.next_edge(binh, edge) == at("2026-11-24 06:30")


def test_every_view_of_the_snapshot_changes_at_the_edge_itself(snapshot: Snapshot) -> None:
    edge, binh = at("2026-11-23 15:00"), snapshot.profiles["binh"]
    assert snapshot.next_edge(binh, edge - 1) == edge
    for now, open_ in ((edge - 1, False), (edge, True)):
        assert ask(snapshot, "binh", "roblox.com", now).blocked is not open_
        assert (review(snapshot, "roblox.com", now=now) is None) is open_
        assert snapshot.explain(binh, "roblox.com", "com.roblox.", 1, now).decision.blocked is not open_
        assert ("Roblox on" in snapshot.now_line(binh, now)) is open_


def test_a_profile_without_time_rules_has_no_edge(snapshot: Snapshot) -> None:
    assert snapshot.next_edge(snapshot.profiles["guests"], NOON) == inf
    assert snapshot.next_edge(snapshot.profiles["an"], 0.0) == inf
