"""What is filtered and what is asked."""

from __future__ import annotations

import pytest

from tests.bench.compare.names import (
    CATEGORIES,
    HOT_NAMES,
    Names,
    below,
    dealt,
    generated,
    household,
    is_name,
    primer,
    workloads,
)


@pytest.mark.parametrize("text", ["example.com", "a_b.example.com", "x--y.example", "1.2.example.com"])
def test_host_names_are_taken(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "com", "192.0.2.1", "# comment", "Example.com", "a..b.com", "-a.com", "a.com.", "x" * 64 + ".com"]
)
def test_what_is_no_host_name_is_left_out(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("name", "found"),
    [("bad.com", True), ("www.bad.com", True), ("notbad.com", False), ("com", False), ("bad.com.au", False)],
)
def test_a_blocked_name_covers_what_is_below_it(name: str, found: bool) -> None:
    assert below(name, {"bad.com"}) is found


def test_generated_names_are_different_and_valid() -> None:
    names = list(generated(1000, "blocked"))
    assert len(set(names)) == 1000
    assert all(map(is_name, names))


def test_real_names_come_before_invented_ones_and_the_count_is_exact() -> None:
    names = household(10, ["b.com", "a.com", "not a name", "a.com"], [])
    assert len(set(names.blocked)) == 10
    assert set(names.blocked[:2]) == {"a.com", "b.com"}
    assert names.origin == "2 from real lists, 8 generated"


def test_no_allowed_name_lies_below_a_blocked_one() -> None:
    names = household(1, ["bad.com"], ["www.bad.com", "good.com", "bad.com", "good.com"])
    assert names.allowed[0] == "good.com"
    assert len(set(names.allowed)) == len(names.allowed) == HOT_NAMES
    assert not any(below(name, set(names.blocked)) for name in names.allowed)


def test_dealing_keeps_every_name_once() -> None:
    blocked = tuple(generated(10, "x"))
    lists = dealt(blocked)
    assert tuple(lists) == CATEGORIES
    assert sorted(name for names in lists.values() for name in names) == sorted(blocked)


@pytest.fixture
def names() -> Names:
    return household(5000, [], [])


def test_each_workload_has_the_number_of_queries_asked_for(names: Names) -> None:
    works = workloads(names, 300, full_speed=True)
    assert {len(work.queries) for work in works} == {300}
    assert [work.full_speed for work in works] == [False, False, False, False, True, True]


def test_only_the_blocked_workloads_ask_for_blocked_names(names: Names) -> None:
    blocked = set(names.blocked)
    for work in workloads(names, 300, full_speed=False):
        expected = work.expected == "NXDOMAIN"
        assert {below(name, blocked) for name in work.queries} == {expected}, work.name


def test_a_miss_and_a_first_block_never_ask_twice(names: Names) -> None:
    fresh = [work for work in workloads(names, 3000, full_speed=False) if not work.primed]
    assert [work.name for work in fresh] == ["blocked, first time", "miss"]
    assert all(len(set(work.queries)) == 3000 for work in fresh)


def test_the_same_run_asks_the_same_queries(names: Names) -> None:
    assert workloads(names, 300, full_speed=False) == workloads(names, 300, full_speed=False)


def test_one_worker_is_asked_for_every_name_once_beforehand(names: Names) -> None:
    (work, *_) = workloads(names, 3000, full_speed=False)
    assert sorted(primer(work, 1)) == sorted(set(work.queries))


def test_several_workers_all_come_to_know_nearly_every_name(names: Names) -> None:
    (work, *_) = workloads(names, 3000, full_speed=False)
    known: list[set[str]] = [set(), set(), set(), set()]
    for number, name in enumerate(primer(work, 4)):
        known[number % 4].add(name)
    assert min(len(of) for of in known) > 0.99 * len(set(work.queries))
