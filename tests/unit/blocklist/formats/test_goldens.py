"""A golden list of every format: each of its constructs, and what it comes to.

``FORMAT.txt`` is the list, ``FORMAT.expected`` what is read: ``KIND NAME`` lines, patterns and networks in the order
of the list, then ``LINE: REASON: TEXT`` lines.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.formats import FORMATS, detect
from safedns.blocklist.formats.entry import EVERY_TYPE, Entry, Network, Pattern, Skipped

LISTS = Path(__file__).parents[3] / "data" / "lists"


def lines_of(name: str) -> list[str]:
    """The lines as lists are read everywhere: broken bytes are replaced."""
    with (LISTS / f"{name}.txt").open(encoding="utf-8", errors="replace") as lines:
        return list(lines)


def told(name: str) -> str:
    """What the golden list of a format comes to, in the form of its expectation."""
    items = list(FORMATS[name](lines_of(name)))
    refused = [f"{item.line}: {item.reason}: {item.text}\n" for item in items if isinstance(item, Skipped)]
    return "".join([f"{in_words(item)}\n" for item in items if not isinstance(item, Skipped)] + refused)


def in_words(item: Entry | Pattern | Network) -> str:
    """One line for what is taken."""
    if isinstance(item, Entry):
        return f"{item.kind} {item.name}"
    tier = ("important " if item.important else "") if isinstance(item, Pattern) else ""
    verb = f"{tier}{'allow' if item.allow else 'block'}"
    if isinstance(item, Network):
        return f"{verb} network {item.network}"
    types = "" if item.types == EVERY_TYPE else f" types {'not ' * item.types.others}{item.types.numbers}"
    spared = f" but {', '.join(item.spared)}" if item.spared else ""
    sought = f"{'not ' * item.inverted}{item.expression!r}"
    return f"{verb} {'name' if item.named else 'pattern'} {item.text} as {sought}{types}{spared}"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_construct_of_a_format_comes_to_what_is_expected(name: str) -> None:
    assert told(name) == (LISTS / f"{name}.expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_golden_list_is_recognised(name: str) -> None:
    assert detect(lines_of(name)) == name
