"""Expressions on RE2: what is taken, what is found, and that no expression whatever can hold up an answer."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist import patterns
from safedns.blocklist.contents import read_list
from safedns.blocklist.formats.entry import NO_ENGINE, REGEX, TOO_LARGE, TOO_MANY, NotTakenError
from safedns.blocklist.patterns import LARGEST, LONGEST, STEPS, Admission, search_all
from safedns.wire.names import key_of
from tests.unit.blocklist.sample import CROWDED_NAMES, untimed, write_names

LONG = ".".join(["a" * 63] * 3 + ["a" * 61])
"""A name of 253 octets."""


def admitted(admission: Admission, expression: Callable[[int], str]) -> list[str]:
    """As many numbered expressions as are taken."""
    taken = []
    for number in count():
        try:
            admission.check(expression(number))
        except NotTakenError:
            break
        taken.append(expression(number))
    with pytest.raises(NotTakenError, match=TOO_MANY):
        admission.check(expression(len(taken)))
    return taken


@pytest.mark.parametrize(
    "expression", ["", "ads", "^ads[0-9]+\\.", "(?i)^(a|b)*$", "[[:alpha:]]{2,3}", "(a+)+$", "\\d\\-"]
)
def test_an_expression_is_taken(expression: str) -> None:
    Admission().check(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("([", REGEX),
        ("(?=a)b", REGEX),
        ("(?<!a)b", REGEX),
        (r"(a)\1", REGEX),
        ("a**", REGEX),
        ("(a{1000}){1000}", REGEX),
        ("a" * (LONGEST + 1), TOO_LARGE),
        ("(abc){800}", TOO_LARGE),
    ],
)
def test_what_is_no_expression_or_could_only_be_sought_by_going_back_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(NotTakenError) as error:
        Admission().check(expression)
    assert str(error.value) == reason


def test_a_list_may_hold_only_so_much_of_them() -> None:
    admission = Admission()
    taken = admitted(admission, lambda number: f"(abc){{300}}{number}")
    assert STEPS // LARGEST < len(taken) < STEPS // 300
    admission.check("small")


def test_what_is_beyond_that_is_counted_with_the_first_line(tmp_path: Path) -> None:
    lines = [f"/(abc){{300}}{number}/" for number in range(100)]
    contents = read_list(write_names(tmp_path / "list.txt", *lines, "||a.example^", lines[0]), "adblock")
    assert 0 < len(contents.patterns) < 100
    skipped = contents.skipped[TOO_MANY]
    assert (skipped.total, skipped.line) == (100 - len(contents.patterns), len(contents.patterns) + 1)
    assert contents.match("a.example", key_of("a.example")) == "a.example"


def test_where_the_engine_is_absent_lists_go_on_without_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_engine", lambda: None)
    contents = read_list(write_names(tmp_path / "list.txt", "||a.example^", "/ads/", "*x*"), "adblock")
    assert (contents.entries, contents.patterns) == (1, [])
    assert contents.skipped[NO_ENGINE].total == 2
    with pytest.raises(ValueError, match="for which this machine has no google-re2"):
        search_all(["ads"])


def test_what_was_never_taken_is_not_sought() -> None:
    with pytest.raises(ValueError, match="its patterns cannot be compiled: "):
        search_all(["(?=a)"])


PIECES = st.sampled_from(["a", "b", r"\.", ".", "[ab]", "(a|b)", "(?:ab)"])
SUFFIXED = st.builds("{}{}".format, PIECES, st.sampled_from(["", "", "*", "+", "?"]))
EXPRESSIONS = st.lists(SUFFIXED | st.sampled_from("^$"), max_size=5).map("".join)


@untimed
@given(st.lists(EXPRESSIONS, min_size=1, max_size=6), st.lists(CROWDED_NAMES, min_size=1))
def test_all_that_are_found_are_told(expressions: list[str], names: list[str]) -> None:
    search = search_all(expressions)
    for name in names:
        expected = [place for place, expression in enumerate(expressions) if re.search(expression, name)]
        assert sorted(search(name)) == expected


class TestHostile:
    """A backtracking engine needs years for these."""

    CATASTROPHES = (r"(a+)+$", r"(x|x)*y", r"(a|a)*b$", r"(a|aa)+c", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(.*.*.*.*.*)*z")

    def slowest(self, work: Callable[[str], object], names: list[str]) -> float:
        spent = 0.0
        for name in names:
            start = time.perf_counter()
            work(name)
            spent = max(spent, time.perf_counter() - start)
        return spent

    def test_a_list_of_catastrophes_holds_no_answer_up(self, tmp_path: Path) -> None:
        lines = [f"/{expression}/" for expression in self.CATASTROPHES]
        contents = read_list(write_names(tmp_path / "list.txt", "! rules", *lines), "adblock")
        assert len(contents.patterns) == len(lines)
        names = [LONG, LONG[:-1] + "b", LONG.replace("a", "x"), LONG.replace("a.", "aaa")[:253], LONG[:-2] + "!x"]
        assert all(len(name) == 253 for name in names)
        assert self.slowest(lambda name: contents.match(name, key_of(name)), names) < 1
        assert contents.match(LONG, key_of(LONG)) is not None

    def test_as_much_as_a_list_may_hold_of_what_is_worst_for_this_engine_holds_no_answer_up(self) -> None:
        # Each needs a state of its own for nearly every stretch of letters, so that nothing of its cache is of use.
        expressions = admitted(Admission(), lambda number: f"a[ab]{{{number % 60 + 200}}}b[ab]*{number}")
        assert len(expressions) > 100
        chance = random.Random(1)
        names = ["".join(chance.choices("ab", k=253)) for _ in range(10)]
        assert self.slowest(search_all(expressions), names) < 1
