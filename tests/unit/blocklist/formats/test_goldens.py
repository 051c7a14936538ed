"""A golden list of every format: each of its constructs, and what it comes to.

``FORMAT.txt`` is the list, ``FORMAT.expected`` what is read: ``KIND NAME`` lines, then ``LINE: REASON: TEXT`` lines.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.formats import FORMATS, detect
from safedns.blocklist.formats.entry import Entry

LISTS = Path(__file__).parents[3] / "data" / "lists"


def lines_of(name: str) -> list[str]:
    """The lines as lists are read everywhere: broken bytes are replaced."""
    with (LISTS / f"{name}.txt").open(encoding="utf-8", errors="replace") as lines:
        return list(lines)


def told(name: str) -> str:
    """What the golden list of a format comes to, in the form of its expectation."""
    items = list(FORMATS[name](lines_of(name)))
    taken = [f"{item.kind} {item.name}\n" for item in items if isinstance(item, Entry)]
    refused = [f"{item.line}: {item.reason}: {item.text}\n" for item in items if not isinstance(item, Entry)]
    return "".join(taken + refused)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_construct_of_a_format_comes_to_what_is_expected(name: str) -> None:
    assert told(name) == (LISTS / f"{name}.expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_golden_list_is_recognised(name: str) -> None:
    assert detect(lines_of(name)) == name
