"""Ten thousand names that people really use, asked as a 15-year-old under real lists: blocked is what is meant.

``tests/data/blocked-at-15.txt`` is the reviewed result, in which nothing is a false alarm: the lists are read as
downloaded ones, so what their makers hold by mistake is vetoed. A new name in the outcome is a new line to review.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

import pytest
import yaml

from safedns.blocklist.downloads import Downloads
from safedns.blocklist.library import open_library
from safedns.blocklist.prepare import prepare
from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import ReasonKind
from safedns.policy.household import load_household
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of
from safedns.wire.types import QType
from tests.house import SETTINGS
from tests.realdata import real_data

REVIEWED = Path(__file__).parents[2] / "data" / "blocked-at-15.txt"
LISTS = {
    "hostsvn/adult.domains.txt": "adult",
    "hostsvn/gambling.domains.txt": "gambling",
    "hostsvn/threat.domains.txt": "malware",
    "ut1/gambling.domains.txt": "gambling",
    "ut1/games.domains.txt": "games",
    "ut1/social_networks.domains.txt": "social",
    "ut1/dating.domains.txt": "dating",
    "ut1/drogue.domains.txt": "drugs",
    "ut1/vpn.domains.txt": "bypass",
    "ut1/doh.domains.txt": "bypass",
    "ut1/warez.domains.txt": "piracy",
    "ut1/audio-video.domains.txt": "video",
    "ut1/agressif.domains.txt": "hate",
    "ut1/dangerous_material.domains.txt": "weapons",
    "ut1/shopping.domains.txt": "shopping",
    "ut1/forums.domains.txt": "forums",
    "ut1/ai.domains.txt": "ai-chat",
    "ut1/chat.domains.txt": "messaging",
}
SATURDAY_AFTERNOON = datetime(2026, 11, 21, 8, tzinfo=UTC).timestamp()
OPEN_AT_15 = ("games", "social", "video", "shopping", "forums", "messaging")
INSTEAD_OF_A_CATEGORY = {ReasonKind.SAFE_SEARCH: "no-safe-mode", ReasonKind.SERVICE: "by-name"}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    lists, folder = real_data() / "lists", tmp_path_factory.mktemp("real")
    downloads = Downloads(folder / "state")
    downloads.folder.mkdir(parents=True)
    extra = []
    for file, category in LISTS.items():
        name = f"real-{file.partition('.')[0].replace('/', '-').replace('_', '-')}"
        extra.append({"name": name, "category": category, "source": f"https://lists.example/{file}"})
        copyfile(lists / file, downloads.text(name))
    family = {
        "children": {"teenager": {"preset": "13-15", "devices": ["127.0.0.3"]}},
        "groups": {"adults": {"preset": "open"}},
        "unknown": "adults",
    }
    (folder / "safedns.yaml").write_text(yaml.safe_dump({**SETTINGS, "lists": {"use": "none", "extra": extra}}))
    (folder / "family.yaml").write_text(yaml.safe_dump(family))
    household = load_household(folder)
    assert prepare(folder / "state", household.settings, folder, now=SATURDAY_AFTERNOON) == ()
    return compile_snapshot(household.policy, open_library(folder / "state"), now=SATURDAY_AFTERNOON)


@pytest.fixture(scope="module")
def names() -> list[str]:
    listed: list[str] = json.loads((real_data() / "popular" / "tranco10k.json").read_text())["list"]
    return listed


def blocked(snapshot: Snapshot, names: list[str]) -> dict[str, tuple[str, str]]:
    """Name -> (category or what stands instead of one, rule)."""
    teenager = snapshot.profiles["teenager"]
    found = {}
    for name in names:
        decision = snapshot.decide(teenager, name, key_of(name), QType.A, SATURDAY_AFTERNOON)
        if decision.blocked:
            reason = decision.reason
            found[name] = (INSTEAD_OF_A_CATEGORY.get(reason.kind, reason.category), reason.rule)
    return found


def reviewed() -> dict[str, str]:
    lines = (line.split() for line in REVIEWED.read_text().splitlines() if line and not line.startswith("#"))
    return {fields[-1]: fields[-2] for fields in lines}


def test_what_is_blocked_at_fifteen_is_what_was_reviewed(snapshot: Snapshot, names: list[str]) -> None:
    outcome = {name: category for name, (category, _) in blocked(snapshot, names).items()}
    assert outcome == reviewed()


def test_nothing_is_blocked_for_a_category_that_is_open_at_fifteen(snapshot: Snapshot, names: list[str]) -> None:
    assert {category for category, _ in blocked(snapshot, names).values()}.isdisjoint(OPEN_AT_15)
