"""Whether a list is kept in the index or in a trie of its own: nobody can tell by what is decided, and why."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.blocklist.compile import compile_list
from safedns.blocklist.formats.entry import Entry
from safedns.blocklist.library import SMALL_LIST, lists_folder, open_library
from safedns.policy.compile import compile_snapshot
from safedns.policy.model import Policy
from safedns.wire.names import key_of
from tests.unit.blocklist.sample import RULES, write_data, write_rules
from tests.unit.policy import strategies
from tests.unit.policy.families import SAIGON, at

NOON = at("2026-11-23 12:00")
SERVICES = {
    "tiktok": "{title: TikTok, category: social, names: [tiktok.com, cdn.example]}",
    "roblox": "{title: Roblox, category: games, names: [roblox.com, cdn.example]}",
    "academy": "{title: Academy, category: learning, names: [academy.example, learn.example]}",
}


class Source(NamedTuple):
    """A list to compile."""

    category: str
    entries: list[Entry]


NAMES = strategies.names().filter(lambda name: "." in name)
PLAIN = st.lists(st.builds(Entry, NAMES, st.just("below")), min_size=1, max_size=6)
MIXED = st.lists(st.builds(Entry, NAMES, st.sampled_from(sorted(RULES))), min_size=1, max_size=6)
CATEGORIES = st.sampled_from(["malware", "adult", "social", "learning", "games"])
SOURCES = st.lists(st.builds(Source, CATEGORIES, PLAIN | PLAIN | MIXED), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_data(tmp_path_factory.mktemp("data"))
    for name, text in SERVICES.items():
        (folder / "services" / f"{name}.yaml").write_text(text)
    return folder


@settings(max_examples=30, deadline=None)
@given(
    sources=SOURCES,
    policy=strategies.policies(SAIGON),
    drawn=st.lists(strategies.names(), min_size=4, max_size=8),
    excepted=st.lists(NAMES, max_size=2),
)
def test_small_lists_in_the_index_change_neither_decisions_nor_their_reasons(
    tmp_path_factory: pytest.TempPathFactory,
    data: Path,
    sources: list[Source],
    policy: Policy,
    drawn: list[str],
    excepted: list[str],
) -> None:
    state = tmp_path_factory.mktemp("state")
    for number, (category, entries) in enumerate(sources):
        file = write_rules(state / "rules.txt", entries)
        compile_list(
            file, name=f"list{number}", category=category, folder=lists_folder(state), now=1.0, format="adblock"
        )
    names = {*drawn, *(f"x.{entry.name}" for source in sources for entry in source.entries)}
    tries = open_library(state, data=data, small=0, exceptions=excepted)
    by_tries = compile_snapshot(policy, tries, now=NOON)
    assert not tries.index.lists
    for small in (2, SMALL_LIST):
        library = open_library(state, data=data, small=small, exceptions=excepted)
        snapshot = compile_snapshot(policy, library, now=NOON)
        for name in names:
            key = key_of(name)
            assert library.search(name) == tries.search(name)
            for who, profile in snapshot.profiles.items():
                same = by_tries.profiles[who]
                for now in (NOON, NOON + 8 * 3600, NOON + 11 * 3600, 0.0):
                    asked = snapshot.decide(profile, name, key, 1, now)
                    assert asked == by_tries.decide(same, name, key, 1, now)
                    objection = snapshot.review(profile, [name], NOON, asked=asked)
                    assert objection == by_tries.review(same, [name], NOON, asked=asked)
                assert snapshot.explain(profile, name, key, 1, NOON) == by_tries.explain(same, name, key, 1, NOON)
