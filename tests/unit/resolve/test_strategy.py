"""The failover brain: who is asked next, after how long, and who is left alone for a while."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.resolve.strategy import (
    ASKS_EACH,
    BENCH_MAX,
    BUDGET,
    GIVE_UP,
    HEDGE_MIN,
    PATIENCE_MAX,
    PATIENCE_MIN,
    PATIENCE_UNKNOWN,
    PROBE_EVERY,
    REFUSALS,
    SILENCES,
    Ask,
    GiveUp,
    Health,
    Kind,
    Race,
    Team,
    Wait,
)

KINDS: tuple[Kind, ...] = ("fastest", "parallel", "ordered")


def measured(rtt: float) -> Health:
    """An upstream that has always answered after ``rtt`` seconds."""
    health = Health()
    for _ in range(50):
        health.answered(rtt, 0.0)
    return health


def benched(now: float = 0.0) -> Health:
    """An upstream that has just failed."""
    health = Health()
    health.failed(now, now)
    return health


def upstream_that_is(word: str) -> Health:
    """The health that a word describes."""
    if word == "benched":
        return benched()
    return Health() if word == "new" else measured({"quick": 0.01, "slow": 1.4}[word])


def asked_at_once(race: Race, now: float) -> list[int]:
    """Positions asked before there is anything to wait for."""
    positions = []
    while isinstance(step := race.next(now), Ask):
        positions.append(step.position)
    return positions


class TestHealth:
    def test_patience_follows_the_round_trip_within_bounds(self) -> None:
        assert Health().patience() == PATIENCE_UNKNOWN
        assert measured(0.01).patience() == PATIENCE_MIN
        assert measured(0.7).patience() == pytest.approx(0.7, abs=0.01)
        assert measured(9.0).patience() == PATIENCE_MAX

    def test_round_trip_is_smoothed(self) -> None:
        health = measured(0.1)
        health.answered(0.9, 0.0)
        assert health.srtt == pytest.approx(0.2, abs=0.001)

    def test_each_failure_in_a_row_doubles_the_bench_up_to_a_minute(self) -> None:
        health = Health()
        rests = []
        now = 0.0
        for _ in range(8):
            health.failed(now, now)
            rests.append(health.benched_until - now)
            now = health.benched_until
        assert rests == [1, 2, 4, 8, 16, 32, BENCH_MAX, BENCH_MAX]

    def test_a_thousand_failures_do_not_overflow(self) -> None:
        health = Health()
        for now in range(1000):
            health.failed(now, now)
        assert health.benched_until == 999 + BENCH_MAX

    def test_queries_that_were_under_way_together_fail_once(self) -> None:
        health = Health()
        for started in (0.0, 0.1, 0.2):
            health.failed(started, now=1.0 + started)
        assert health.failures == 1

    def test_one_answer_forgives_everything(self) -> None:
        health = benched()
        health.answered(0.02, 0.0)
        assert health.sound
        assert not health.hopeless

    def test_one_that_has_answered_others_since_is_not_blamed_for_a_name_without_an_answer(self) -> None:
        health = Health()
        health.answered(0.02, 10.0)
        health.overdue("dead.example", started=10.0, now=10.4)
        assert health.sound
        health.overdue("dead.example", started=10.1, now=10.5)
        assert not health.sound

    def test_one_name_without_an_answer_however_often_asked_does_not_make_it_hopeless_but_several_do(self) -> None:
        health = Health()
        now = 0.0
        for number in range(10):
            health.overdue("dead.example", now, now + 1)
            now += 2
            assert (health.failures, health.hopeless) == (number + 1, False)
        for number in range(1, SILENCES):
            assert not health.hopeless
            health.overdue(f"{number}.example", now, now + 1)
        assert health.hopeless

    def test_one_that_cannot_be_reached_is_hopeless_at_once_until_it_answers(self) -> None:
        health = benched()
        assert health.hopeless
        health.answered(0.02, 1.0)
        health.overdue("dead.example", 2.0, 3.0)
        assert not health.hopeless


class TestOrdered:
    def test_only_the_first_is_asked_while_it_is_sound(self) -> None:
        team = Team("ordered", [measured(0.3), measured(0.01)])
        assert [asked_at_once(team.race(now), now) for now in (0.0, 1.0, 2.0)] == [[0], [0], [0]]

    def test_the_second_is_asked_when_patience_with_the_first_ends(self) -> None:
        race = Team("ordered", [Health(), Health()]).race(10.0)
        assert race.next(10.0) == Ask(0, attempt=0)
        assert race.next(10.0) == Wait(10.0 + PATIENCE_UNKNOWN)
        assert race.overdue("www.example", 11.0) == [0]
        assert race.next(11.0) == Ask(1, attempt=1)

    def test_a_late_answer_still_counts_and_clears_the_blame(self) -> None:
        first = Health()
        race = Team("ordered", [first, Health()]).race(0.0)
        asked_at_once(race, 0.0)
        race.overdue("www.example", 1.0)
        assert not first.sound
        assert race.answered(0, 1.2) == 1.2
        assert first.sound

    def test_a_refused_connection_moves_on_at_once(self) -> None:
        race = Team("ordered", [Health(), Health()]).race(0.0)
        race.next(0.0)
        race.failed(0, 0.001)
        assert race.next(0.001) == Ask(1, attempt=1)

    def test_servfail_moves_on_at_once_without_blame(self) -> None:
        first = Health()
        race = Team("ordered", [first, Health()]).race(0.0)
        race.next(0.0)
        race.refused(0, "broken.example", 0.05)
        assert race.next(0.05) == Ask(1, attempt=1)
        assert first.sound

    def test_one_broken_name_however_often_asked_is_not_the_upstreams_fault(self) -> None:
        first = Health()
        for number in range(3 * REFUSALS):
            first.refused("broken.example", number, number + 0.1)
        assert first.sound

    def test_who_can_say_nothing_about_several_names_in_a_row_rests_until_it_can(self) -> None:
        first = Health()
        for number in range(REFUSALS):
            assert first.sound
            first.refused(f"name{number}.example", number, number + 0.1)
        assert not first.sound
        assert Team("ordered", [first, Health()]).race(REFUSALS - 0.5).next(REFUSALS - 0.5).position == 1  # type: ignore[union-attr]
        first.answered(0.02, 0.0)
        first.refused("name.example", 60.0, 60.1)
        assert first.sound

    def test_nothing_is_left_when_everybody_has_failed(self) -> None:
        race = Team("ordered", [Health(), Health()]).race(0.0)
        for attempt in (0, 1):
            assert race.next(0.0) == Ask(attempt, attempt)
            race.failed(attempt, 0.0)
        assert race.next(0.0) == GIVE_UP

    def test_a_benched_upstream_is_asked_last(self) -> None:
        race = Team("ordered", [benched(), Health()]).race(0.5)
        assert asked_at_once(race, 0.5) == [1]
        race.failed(0, 0.6)
        assert race.next(0.6) == Ask(0, attempt=1)

    def test_with_everybody_benched_somebody_is_asked_all_the_same(self) -> None:
        team = Team("ordered", [benched(0.4), benched(0.1)])
        race = team.race(0.5)
        assert race.hopeless
        assert asked_at_once(race, 0.5) == [1]

    def test_after_its_bench_an_upstream_is_probed_beside_a_sound_one_by_one_query_only(self) -> None:
        team = Team("ordered", [benched(0.0), Health()])
        assert asked_at_once(team.race(0.9), 0.9) == [1]
        assert asked_at_once(team.race(1.1), 1.1) == [1, 0]
        assert asked_at_once(team.race(1.2), 1.2) == [1]

    def test_a_failed_probe_does_not_end_the_race(self) -> None:
        race = Team("ordered", [benched(0.0), Health()]).race(2.0)
        asked_at_once(race, 2.0)
        race.failed(1, 2.001)
        assert race.next(2.001) == Wait(2.0 + PATIENCE_UNKNOWN)


class TestFastest:
    def test_the_quickest_is_asked(self) -> None:
        team = Team("fastest", [measured(0.05), measured(0.01), measured(0.2)])
        assert asked_at_once(team.race(0.0), 0.0) == [1]

    def test_at_the_very_start_everybody_is_measured(self) -> None:
        assert asked_at_once(Team("fastest", [Health(), Health()]).race(0.0), 0.0) == [0, 1]

    def test_a_new_upstream_is_measured_beside_the_best(self) -> None:
        assert asked_at_once(Team("fastest", [Health(), measured(0.02)]).race(0.0), 0.0) == [1, 0]

    def test_now_and_then_another_is_measured_beside_the_best_in_turn(self) -> None:
        team = Team("fastest", [measured(0.01), measured(0.02), measured(0.03)])
        rounds = [asked_at_once(team.race(0.0), 0.0) for _ in range(PROBE_EVERY * 2)]
        beside = [positions for positions in rounds if len(positions) > 1]
        assert sorted(beside) == [[0, 1], [0, 2]]

    def test_who_is_only_measured_is_not_waited_for(self) -> None:
        race = Team("fastest", [Health(), measured(0.02), measured(0.05)]).race(0.0)
        assert asked_at_once(race, 0.0) == [1, 0]
        race.failed(0, 0.01)
        assert race.next(0.01) == Ask(2, attempt=2)

    def test_the_next_best_follows_when_the_best_is_silent(self) -> None:
        race = Team("fastest", [measured(0.2), measured(0.01), measured(0.1)]).race(0.0)
        assert asked_at_once(race, 0.0) == [1]
        race.overdue("www.example", PATIENCE_MIN)
        assert race.next(PATIENCE_MIN) == Ask(2, attempt=1)


class TestHedging:
    def health(self, *rtts: float) -> Health:
        health = Health()
        for rtt in rtts:
            health.answered(rtt, 0.0)
        return health

    def test_the_hedge_is_the_95th_percentile_of_the_last_answers(self) -> None:
        assert self.health(*[0.03] * 15).hedge is None
        assert self.health(*[0.03] * 16).hedge == 0.03
        assert self.health(*[0.03] * 61, *[0.3] * 3).hedge == 0.03
        assert self.health(*[0.03] * 60, *[0.3] * 4).hedge == 0.3
        assert self.health(*[0.3] * 64, *[0.03] * 64).hedge == 0.03

    def test_nobody_hedges_what_cannot_be_felt(self) -> None:
        assert self.health(*[0.001] * 64).hedge == HEDGE_MIN

    def test_the_next_best_is_asked_beside_a_slow_one_once_and_nobody_is_blamed(self) -> None:
        healths = [measured(0.05), measured(0.03), measured(0.1)]
        race = Team("fastest", healths).race(0.0)
        assert asked_at_once(race, 0.0) == [1]
        assert race.next(0.0) == Wait(0.03)
        assert race.overdue("www.example", 0.03) == []
        assert race.next(0.03) == Ask(0, attempt=1)
        assert race.next(0.03) == Wait(PATIENCE_MIN)
        assert all(health.sound for health in healths)

    def test_the_answer_before_it_spares_the_hedge(self) -> None:
        race = Team("fastest", [measured(0.05), measured(0.03)]).race(0.0)
        asked_at_once(race, 0.0)
        race.answered(0, 0.02)
        race.settle()
        assert race.next(0.03) == GIVE_UP

    def test_a_benched_upstream_is_no_hedge(self) -> None:
        race = Team("fastest", [measured(0.03), benched(0.0)]).race(0.5)
        assert asked_at_once(race, 0.5) == [0]
        assert race.next(0.5) == Wait(0.5 + PATIENCE_MIN)

    @pytest.mark.parametrize("kind", ["ordered", "parallel"])
    def test_the_other_strategies_do_not_hedge(self, kind: Kind) -> None:
        race = Team(kind, [measured(0.03), measured(0.05)]).race(0.0)
        asked_at_once(race, 0.0)
        assert race.next(0.0) == Wait(PATIENCE_MIN)


class TestParallel:
    def test_every_sound_upstream_is_asked_at_once(self) -> None:
        team = Team("parallel", [Health(), benched(), Health()])
        assert asked_at_once(team.race(0.5), 0.5) == [0, 2]

    def test_one_that_fails_is_not_replaced_while_others_may_still_answer(self) -> None:
        race = Team("parallel", [Health(), Health()]).race(0.0)
        asked_at_once(race, 0.0)
        race.failed(0, 0.001)
        assert race.next(0.001) == Wait(PATIENCE_UNKNOWN)

    def test_with_everybody_benched_all_are_asked(self) -> None:
        assert asked_at_once(Team("parallel", [benched(), benched()]).race(0.5), 0.5) == [0, 1]


class TestOneUpstream:
    def test_a_lost_datagram_is_sent_again_with_growing_patience(self) -> None:
        race = Team("fastest", [measured(0.01)]).race(0.0)
        instants = []
        now = 0.0
        while not isinstance(step := race.next(now), GiveUp):
            if isinstance(step, Ask):
                instants.append(now)
            else:
                now = step.until
                race.overdue("www.example", now)
        assert instants == pytest.approx([0.0, 0.4, 1.2])
        assert now == BUDGET

    def test_silence_about_several_names_makes_the_next_query_hopeless(self) -> None:
        team = Team("fastest", [Health()])
        for number in range(SILENCES):
            race = team.race(0.0)
            assert not race.hopeless
            race.next(0.0)
            race.overdue(f"{number}.example", 1.0)
        assert team.race(1.0).hopeless


class TestSettled:
    def test_others_are_watched_only_as_long_as_patience_lasts(self) -> None:
        slow = Health()
        race = Team("parallel", [measured(0.01), slow]).race(0.0)
        asked_at_once(race, 0.0)
        race.answered(0, 0.01)
        race.settle()
        assert race.next(0.01) == Wait(PATIENCE_UNKNOWN)
        assert race.overdue("www.example", PATIENCE_UNKNOWN) == [1]
        assert race.next(PATIENCE_UNKNOWN) == GIVE_UP
        assert not slow.sound

    def test_it_ends_at_once_when_nobody_else_was_asked(self) -> None:
        race = Team("ordered", [Health(), Health()]).race(0.0)
        race.next(0.0)
        race.answered(0, 0.01)
        race.settle()
        assert race.next(0.01) == GIVE_UP


@given(
    kind=st.sampled_from(KINDS),
    upstreams=st.lists(st.sampled_from(["new", "quick", "slow", "benched"]), min_size=1, max_size=5),
    ends=st.lists(st.sampled_from(["silent", "refused", "servfail"]), min_size=20, max_size=20),
)
def test_a_race_without_a_good_answer_ends_in_its_budget_having_asked_everybody(
    kind: Kind, upstreams: list[str], ends: list[str]
) -> None:
    healths = [upstream_that_is(word) for word in upstreams]
    race = Team(kind, healths).race(0.5)
    now = 0.5
    asks = [0] * len(healths)
    silent = False
    while not isinstance(step := race.next(now), GiveUp):
        if isinstance(step, Wait):
            assert now < step.until <= 0.5 + BUDGET
            now = step.until
            race.overdue("www.example", now)
            continue
        asks[step.position] += 1
        end = ends[step.attempt]
        silent = silent or end == "silent"
        if end == "refused":
            race.failed(step.attempt, now)
        elif end == "servfail":
            race.refused(step.attempt, "broken.example", now)
    assert max(asks) <= ASKS_EACH
    assert now <= 0.5 + BUDGET
    assert silent or min(asks) == 1
