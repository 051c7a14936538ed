"""YAML text becomes a tree of text with places; what cannot be read is said in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.errors import ConfigError
from safedns.yamlfile.document import Document
from safedns.yamlfile.read import MAX_BYTES, MAX_DEPTH, parse_yaml, read_yaml

FASTEST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LOADERS = [pytest.param(loader, id=loader.__name__) for loader in dict.fromkeys((FASTEST, yaml.SafeLoader))]


def parse(text: str, loader: type[Any] = FASTEST) -> Document:
    return parse_yaml(text.encode(), "f.yaml", loader=loader)


def complaints(data: bytes, loader: type[Any] = FASTEST) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(data, "f.yaml", loader=loader)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    "text", ["21:30", "no", "on", "1e3", "010", "0x1f", "~", "null", "2027-02-04", "1_000", "=", ".5"]
)
def test_every_scalar_stays_the_text_that_it_looks_like(text: str, loader: type[Any]) -> None:
    assert parse(f"key: {text}", loader).tree == {"key": text}
    assert parse(f"{text}: value", loader).tree == {text: "value"}


@pytest.mark.parametrize("loader", LOADERS)
def test_lists_and_mappings_nest_in_every_notation(loader: type[Any]) -> None:
    text = "a: [1, {b: 2}]\nc:\n  - d\n  - e:\n      f: g\nempty:\nmap: {}\nlong: |\n  two\n  lines\n"
    assert parse(text, loader).tree == {
        "a": ["1", {"b": "2"}],
        "c": ["d", {"e": {"f": "g"}}],
        "empty": "",
        "map": {},
        "long": "two\nlines\n",
    }


def test_keys_and_values_know_their_line_and_column() -> None:
    document = parse("a: 1\nbình:\n  - {x: y}\n  - z\n")
    assert document.keys[("bình",)] == (2, 1)
    assert document.keys[("bình", 0, "x")] == (3, 6)
    assert document.values[("bình", 0, "x")] == (3, 9)
    assert document.values[("bình", 1)] == (4, 5)
    assert document.line(("a",)) == 1


def test_a_byte_order_mark_is_no_text() -> None:
    assert parse_yaml(b"\xef\xbb\xbfa: 1", "f.yaml").tree == {"a": "1"}


UNREADABLE = [
    (b"", "f.yaml: the file is empty; expected `key: value` lines"),
    (b"# only a comment\n", "f.yaml: the file is empty; expected `key: value` lines"),
    (b"a: 1\nb: \xff", "f.yaml:2:4: this is not UTF-8 text; save the file as UTF-8"),
    (b"a: 1\nb: \x01", "f.yaml:2:4: a control character (U+0001) stands here; take it out"),
    (b"a:\n\tb: 1", "f.yaml:2:1: a tab stands here; YAML is indented with spaces only"),
    (b"a: 1\n---\nb: 2", "f.yaml:2:1: a second document begins here (`---`); expected one document in the file"),
    (
        b"a: &x 1\nb: *x",
        "f.yaml:2:4: `*` repeats another part of the file, which is not supported; write the part out",
    ),
    (b"a: !x 1", "f.yaml:1:4: a value that begins with `!` must be in quotes; YAML tags are not supported"),
    (
        b"{[a]: b}",
        "f.yaml:1:2: a list or mapping stands where a key was expected; put text that has `{` in quotes",
    ),
    (b"a: [1, 2\nb: 3", "f.yaml:2:2: the list begun with `[` on line 1 lacks a comma or its closing `]`"),
    (b"a: {b: 1\nc: 2", "f.yaml:2:2: the mapping begun with `{` on line 1 lacks a comma or its closing `}`"),
    (b"a: 'x\n\n", "f.yaml:3:1: the quoted text begun on line 1 is never closed"),
    (b"a: b: c", "f.yaml:1:5: a `:` is not expected here; is the line indented like those above it?"),
    (b"a: 1\nb\nc: 2", "f.yaml:3:1: `key: value` was expected here; is a `:` followed by a space missing?"),
    (b"- a\nb: c", "f.yaml:2:1: a list item beginning with `- ` was expected here; is the line indented right?"),
    (b"a: |\n  x\n y: z", "f.yaml:3:2: a key was expected here; is the line indented like those above it?"),
    (b"a: @x", "f.yaml:1:4: a value that begins with `@` must be in quotes"),
    (b"a: [*.x.com]", "f.yaml:1:6: a value that begins with `*` or `&` must be in quotes; write just `x.com`"),
    (b"a: [\n", "f.yaml:2:1: a value was expected here; is a bracket or a quote left open?"),
    (b"{a: 1}}", "f.yaml:1:7: nothing more was expected here; is a `}` or `]` one too many?"),
]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(("data", "complaint"), UNREADABLE)
def test_what_cannot_be_read_is_said_with_its_place(data: bytes, complaint: str, loader: type[Any]) -> None:
    assert complaints(data, loader) == [complaint]


def test_a_backslash_that_yaml_takes_for_its_own_is_explained() -> None:
    assert complaints(b'a: "\\d"')[0].endswith(
        "a backslash in double quotes has a meaning of its own; use single quotes"
    )


def test_a_complaint_that_nobody_foresaw_is_passed_on() -> None:
    assert complaints(b"a: >-2x")[0].startswith("f.yaml:1:7: this is not readable as YAML (")


def test_every_key_that_is_given_twice_is_noted_and_its_first_value_kept() -> None:
    document = parse("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert document.tree == {"a": "1", "b": {"c": "1"}}
    assert [str(problem) for problem in document.problems] == [
        "f.yaml:2:11: b.c: `c` is given twice (first on line 2); expected it once",
        "f.yaml:3:1: a: `a` is given twice (first on line 1); expected it once",
    ]


def test_a_key_that_is_given_twice_is_told_beside_what_cannot_be_read() -> None:
    assert [line.partition(": ")[0] for line in complaints(b"a: 1\na: 3\nb: [1\n")] == ["f.yaml:2:1", "f.yaml:4:1"]


def test_repeats_that_would_unfold_to_gigabytes_are_refused_before_they_do() -> None:
    rows = ["a0: &a0 [x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "`*` repeats another part" in complaints("\n".join(rows).encode())[0]


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_nesting_is_bounded(opening: str, closing: str) -> None:
    good = opening * MAX_DEPTH + "x" + closing * MAX_DEPTH
    parse(good)
    assert f"nested more than {MAX_DEPTH} deep" in complaints((opening * 5000).encode())[0]


def test_size_is_bounded() -> None:
    assert complaints(b"#" * (MAX_BYTES + 1)) == [
        "f.yaml: the file is larger than 1024 KiB; expected a short configuration"
    ]


def test_a_file_that_is_not_there_or_no_file_is_a_problem(tmp_path: Path) -> None:
    for path, complaint in (
        (tmp_path / "no.yaml", "there is no such file"),
        (tmp_path, "cannot be read: Is a directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            read_yaml(path)
        assert str(caught.value) == f"{path}: {complaint}"


TREES = st.recursive(
    st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150)
@given(TREES.filter(lambda tree: tree != ""))
def test_whatever_yaml_writes_is_read_back(tree: Any) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, default_style='"')
    assert parse(text).tree == tree


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(alphabet="ab:-[]{}#&*!|>'\"%@`,? \n\t", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_place_in_the_file(data: bytes) -> None:
    try:
        document = parse_yaml(data, "f.yaml")
    except ConfigError as error:
        for problem in error.problems:
            assert 0 <= problem.line <= data.count(b"\n") + data.count(b"\r") + 3
            assert "\n" not in str(problem)
    else:
        assert () in document.values
