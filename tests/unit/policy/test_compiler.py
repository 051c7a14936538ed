"""A compiler makes the snapshots of one policy one after the other: the same as from nothing, with less work."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.policy.compile import Compiler, compile_snapshot
from safedns.policy.live import NOTHING_LIVE, Live, Override, Used
from safedns.policy.model import Policy, Rules
from safedns.policy.snapshot import Snapshot
from safedns.policy.timeline import Timeline
from tests.unit.policy import strategies
from tests.unit.policy.families import LISTS, SAIGON, ask, at, child, family, limit, override, target, timetable

NOON = at("2026-12-23 12:00")
DAY = 86_400
RULES = Rules(bedtime=timetable(every_day="21:00-06:30"), limits=(limit("games", every_day=600),))
POLICY = family(child("an", rules=RULES), child("binh", rules=RULES), child("chi", rules=Rules()))


def timeline(snapshot: Snapshot, who: str) -> Timeline:
    return snapshot._courses[snapshot.profiles[who].index].timeline


def paused(who: str) -> Live:
    return Live((override("pause", "internet", NOON, NOON + 600, who=who),))


def used(who: str, seconds: int) -> Live:
    day = strategies.local_day(NOON, SAIGON)
    return Live(used={(who, target("games"), day): Used(seconds)})


def test_profiles_with_the_same_rules_share_a_timeline() -> None:
    snapshot = compile_snapshot(POLICY, LISTS, now=NOON)
    assert timeline(snapshot, "an") is timeline(snapshot, "binh")
    assert timeline(snapshot, "an") is not timeline(snapshot, "chi")


def test_what_did_not_change_is_taken_over() -> None:
    compiler = Compiler(POLICY, LISTS)
    first = compiler.snapshot(now=NOON, epoch=1)
    second = compiler.snapshot(now=NOON + 60, epoch=2, live=paused("binh"))
    assert timeline(second, "an") is timeline(first, "an")
    assert timeline(second, "binh") is not timeline(first, "binh")
    assert second.profiles == first.profiles
    assert (first.epoch, second.epoch) == (1, 2)


def test_a_minute_more_changes_nothing_until_the_limit_is_used_up() -> None:
    compiler = Compiler(POLICY, LISTS)
    first = compiler.snapshot(now=NOON, live=used("binh", 60))
    second = compiler.snapshot(now=NOON, live=used("binh", 120))
    third = compiler.snapshot(now=NOON, live=used("binh", 600))
    assert timeline(second, "binh") is timeline(first, "binh")
    assert [item.limits(item.profiles["binh"], NOON)[0].used for item in (first, second)] == [60, 120]
    assert timeline(third, "binh") is not timeline(first, "binh")


def test_the_next_day_everything_is_known_for_a_day_longer() -> None:
    compiler = Compiler(POLICY, LISTS)
    first = compiler.snapshot(now=NOON)
    assert compiler.snapshot(now=NOON + 3600).expires == first.expires
    assert compiler.snapshot(now=NOON + DAY).expires == first.expires + DAY
    assert compiler.snapshot(now=NOON).expires == first.expires


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    compiler = Compiler(POLICY, LISTS)
    for number in range(20):
        live = Live((Override(number, "binh", "pause", target("internet"), NOON + number, NOON + 600),))
        compiler.snapshot(now=NOON, live=live)
    (courses,) = compiler._zones.values()
    assert len(courses._last) + len(courses._made) <= 8


@settings(max_examples=15, deadline=None)
@given(policy=strategies.policies(SAIGON), data=st.data())
def test_one_snapshot_after_the_other_is_as_if_each_was_made_from_nothing(policy: Policy, data: st.DataObject) -> None:
    compiler, now = Compiler(policy, LISTS, release=0.0), NOON
    for _ in range(4):
        live = data.draw(strategies.lives(policy, now) | st.just(NOTHING_LIVE))
        snapshot = compiler.snapshot(now=now, live=live)
        fresh = compile_snapshot(policy, LISTS, now=now, release=0.0, live=live)
        assert snapshot.expires == fresh.expires
        for who in ("kid", "guests"):
            profile, same = snapshot.profiles[who], fresh.profiles[who]
            assert (profile.preset, profile.log, profile.metered) == (same.preset, same.log, same.metered)
            assert timeline(snapshot, who).edges == timeline(fresh, who).edges
            for name in data.draw(st.lists(strategies.names(), min_size=2, max_size=4)):
                instant = now + data.draw(st.integers(-DAY // 2, 3 * DAY))
                assert ask(snapshot, who, name, instant) == ask(fresh, who, name, instant)
        now += data.draw(st.sampled_from((0, 60, 3600, 12 * 3600, 3 * DAY, -DAY)))
