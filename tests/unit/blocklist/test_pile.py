"""What a pile gives back, whatever the order and the size of its runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.pile import Pile
from safedns.wire.names import key_of
from tests.unit.blocklist.sample import CROWDED_NAMES, NAMES, untimed


def pile_of(texts: list[str], run: int) -> Pile:
    pile = Pile(run)
    for text in texts:
        pile.add(text)
    return pile


def test_a_pile_without_texts_gives_none() -> None:
    assert list(Pile()) == []


@pytest.mark.parametrize("run", [1, 2, 3, 100])
def test_texts_come_out_sorted_and_once_each_however_they_were_split_into_runs(run: int) -> None:
    texts = ["com.b.", "com.a.", "com.b.", "com.", "com.a.!", "com.a-b.", "com.a.b.", "com.a."]
    assert list(pile_of(texts, run)) == ["com.", "com.a-b.", "com.a.", "com.a.!", "com.a.b.", "com.b."]


@untimed
@given(names=st.lists(NAMES | CROWDED_NAMES), run=st.integers(1, 8))
def test_a_pile_agrees_with_a_sorted_set(names: list[str], run: int) -> None:
    keys = [key_of(name) for name in names]
    assert list(pile_of(keys, run)) == sorted(set(keys))


def test_a_pile_may_be_read_again_and_added_to_in_between() -> None:
    pile = pile_of(["b", "a"], run=2)
    assert list(pile) == list(pile) == ["a", "b"]
    pile.add("aa")
    assert list(pile) == ["a", "aa", "b"]
