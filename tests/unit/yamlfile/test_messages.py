"""How problems are worded."""

from __future__ import annotations

import pytest

from safedns.yamlfile.messages import describe, expected_word, listed, show, unknown_word


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bình", "`Bình`"),
        ("two\nlines\x1b", "`two?lines?`"),
        ("`", '"`"'),
        ("x" * 61, f"`{'x' * 57}...`"),
    ],
)
def test_a_quote_of_the_user_stays_on_one_short_line(text: str, shown: str) -> None:
    assert show(text) == shown


@pytest.mark.parametrize(("tree", "words"), [("x", "`x`"), ("", "nothing"), ([], "a list"), ({"a": "b"}, "a mapping")])
def test_what_stands_there_is_named(tree: object, words: str) -> None:
    assert describe(tree) == words


def test_choices_are_listed_as_people_do() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b", "c"]) == "`a`, `b` or `c`"
    assert listed([str(number) for number in range(31)]).startswith("one of 31, such as `0`, `1`, ")


def test_a_near_miss_gets_a_suggestion_and_a_far_one_the_choices() -> None:
    assert unknown_word("BedTimes", ["bedtime", "born"], "is not a key here") == (
        "`BedTimes` is not a key here; did you mean `bedtime`?"
    )
    assert unknown_word("zzz", ["bedtime", "born"], "is not a key here") == (
        "`zzz` is not a key here; expected `bedtime` or `born`"
    )


def test_fixed_words_are_always_listed_and_the_near_one_named() -> None:
    assert expected_word("fulll", ["full", "off"]) == (
        "`fulll` is not known here; expected `full` or `off` (did you mean `full`?)"
    )
    assert expected_word([], ["full", "off"]) == "a list is not known here; expected `full` or `off`"
