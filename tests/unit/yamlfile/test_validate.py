"""Trees become models; whatever is wrong is said all at once, at its place, without the validator's jargon."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, Field, PlainValidator

from safedns.errors import ConfigError, Problem
from safedns.yamlfile.read import parse_yaml
from safedns.yamlfile.validate import (
    EMPTY_LIST,
    EMPTY_MAPPING,
    GrammarError,
    Model,
    OneOrList,
    Text,
    distinct,
    each,
    each_entry,
    validate,
)


def number(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"`{text}` is not a number; expected digits")
    return int(text)


def not_bad(text: str) -> str:
    if text == "bad":
        raise ValueError("`bad` is not allowed as a key; expected another")
    return text


Number = Annotated[int, Text(number, {"type": "integer"})]


class Inner(Model):
    size: Number = 0
    source: str = Field(alias="from", description="where it comes from", examples=["home"])


class Outer(Model):
    mode: Literal["fast", "slow"] = "fast"
    one: Inner | None = None
    many: Annotated[dict[Annotated[str, AfterValidator(not_bad)], Inner], EMPTY_MAPPING] = Field(default={})
    rows: Annotated[list[Inner], EMPTY_LIST] = Field(default=[])
    numbers: Annotated[list[Number], OneOrList()] = Field(default=[])
    sums: Annotated[
        dict[str, int], PlainValidator(lambda tree: dict(each_entry(tree, not_bad, lambda _, value: number(value))))
    ] = Field(default={})
    folded: Annotated[dict[str, str], distinct(str.casefold)] = Field(default={})
    all_numbers: Annotated[tuple[int, ...], PlainValidator(lambda tree: each(tree, number))] = ()


def load(text: str, also: tuple[Problem, ...] = ()) -> Outer:
    return validate(parse_yaml(text.encode(), "f.yaml"), Outer, also=also)


def complaints(text: str, also: tuple[Problem, ...] = ()) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, also)
    return [str(problem).removeprefix("f.yaml:") for problem in caught.value.problems]


def test_text_becomes_typed_values() -> None:
    text = "{mode: slow, many: {a: {size: 3, from: x}}, numbers: 5, sums: {a: 010}, all_numbers: [1, 2]}"
    loaded = load(text)
    assert loaded.mode == "slow"
    assert (loaded.many["a"].size, loaded.many["a"].source) == (3, "x")
    assert (loaded.numbers, loaded.sums, loaded.all_numbers) == ([5], {"a": 10}, (1, 2))


def test_a_key_given_twice_is_told_with_everything_else_that_is_wrong() -> None:
    assert [line.partition(": ")[0] for line in complaints("mode: fats\nmode: fast\nmoode: slow\n")] == [
        "1:7",
        "2:1",
        "3:1",
    ]


def test_sections_that_are_begun_and_left_empty_say_nothing() -> None:
    assert load("many:\nrows:\nsums:\n") == Outer()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- a", "1:1: a list stands here; expected `key: value` lines below it"),
        ("mode: fats", "1:7: mode: `fats` is not known here; expected `fast` or `slow` (did you mean `fast`?)"),
        ("mode:", "1:6: mode: nothing is written here; expected `fast` or `slow`"),
        ("mode: [a]", "1:7: mode: a list is not known here; expected `fast` or `slow`"),
        ("moode: fast", "1:1: moode: `moode` is not a key here; did you mean `mode`?"),
        ("one: {}", "1:1: one: `from` is missing; expected where it comes from, e.g. `from: home`"),
        ("many: {a: {form: x, from: y}}", "1:12: many.a.form: `form` is not a key here; did you mean `from`?"),
        ("rows: [{form: x, from: y}]", "1:9: rows[1].form: `form` is not a key here; did you mean `from`?"),
        ("rows: [{}]", "1:8: rows[1]: `from` is missing; expected where it comes from, e.g. `from: home`"),
        ("rows: {a: b}", "1:7: rows: a mapping stands here; expected a list, such as `[one, two]`"),
        ("many: [a]", "1:7: many: a list stands here; expected `key: value` lines below it"),
        ("many: {bad: {from: x}}", "1:8: many.bad: `bad` is not allowed as a key; expected another"),
        ("one: {from: [x]}", "1:13: one.from: a list stands here; expected a single word or text"),
        ("one: {size: , from: x}", "1:13: one.size: nothing is written here; expected digits"),
        ("numbers: x", "1:10: numbers: `x` is not a number; expected digits"),
        ("numbers: [1, x]", "1:14: numbers[2]: `x` is not a number; expected digits"),
        ("sums: {a: x}", "1:11: sums.a: `x` is not a number; expected digits"),
        ("sums: {bad: 1}", "1:8: sums.bad: `bad` is not allowed as a key; expected another"),
        ("sums: x", "1:7: sums: `x` stands here; expected `key: value` lines below it"),
        ("folded: {a: x, A: y}", "1:16: folded.A: means the same as `a` above; expected it once"),
        ("all_numbers: [1, [2]]", "1:18: all_numbers[2]: a list stands here; expected a single word or text"),
    ],
)
def test_each_mistake_is_said_in_plain_words_at_its_place(text: str, complaint: str) -> None:
    assert complaints(text) == [complaint]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    also = (Problem("f.yaml", 2, 1, "many", "said by somebody else; expected silence"),)
    assert complaints("sums: {a: x, b: 1, c: z}\nmany: {a: {size: y}}\nmode: m\n", also) == [
        "1:11: sums.a: `x` is not a number; expected digits",
        "1:23: sums.c: `z` is not a number; expected digits",
        "2:1: many: said by somebody else; expected silence",
        "2:8: many.a: `from` is missing; expected where it comes from, e.g. `from: home`",
        "2:18: many.a.size: `y` is not a number; expected digits",
        "3:7: mode: `m` is not known here; expected `fast` or `slow`",
    ]


def test_problems_found_elsewhere_stop_a_document_that_is_good_in_itself() -> None:
    assert complaints("mode: fast", (Problem("f.yaml", 1, 1, "", "no"),)) == ["1:1: no"]


def test_several_mistakes_inside_one_value_are_one_exception() -> None:
    with pytest.raises(GrammarError) as caught:
        each(["x", "1", "y"], number)
    assert [path for path, _ in caught.value.found] == [(0,), (2,)]
