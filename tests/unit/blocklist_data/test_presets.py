"""What the presets make of our data: what daily life and school need stays open, and no university is shut.

Asked late on a school night, when everything that a preset closes at some hour is closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

import pytest
import yaml

from safedns.blocklist.downloads import Downloads
from safedns.blocklist.services import load_services
from safedns.policy.decision import Decision, Reason, ReasonKind
from safedns.policy.household import load_household
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of
from safedns.wire.types import QType
from tests.house import SETTINGS
from tests.realdata import real_data
from tests.unit.blocklist_data.presets import PRESETS, ROOT, snapshot_of
from tests.unit.blocklist_data.reviewed import UNIVERSITIES

NIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC).timestamp()
"""Monday, 23:00 in Vietnam."""

MAKERS_LISTS = {
    "hostsvn/adult.domains.txt": "adult",
    "hostsvn/gambling.domains.txt": "gambling",
    "hostsvn/threat.domains.txt": "malware",
    "blp/ransomware.hosts": "malware",
    "nextdns/bypass/vpn.txt": "bypass",
    "nextdns/bypass/proxies.txt": "bypass",
    "nextdns/bypass/encrypted-dns.txt": "bypass",
}
"""Lists that a household has by default, as far as they are at hand here: file and category."""

SHUT = ROOT / "tests" / "data" / "shut-by-presets.txt"
"""Which of ten thousand popular names a preset shuts, reviewed by hand: after its presets, each with its category."""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("ours"), NIGHT)


@pytest.fixture(scope="module")
def with_real_lists(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("real")
    downloads = Downloads(folder / "state")
    downloads.folder.mkdir(parents=True)
    extra = []
    for file, category in MAKERS_LISTS.items():
        copyfile(real_data() / "lists" / file, downloads.text(list_name(file)))
        extra.append({"name": list_name(file), "category": category, "source": f"https://lists.example/{file}"})
    return snapshot_of(folder, NIGHT, extra)


def list_name(file: str) -> str:
    return f"real-{file.partition('.')[0].replace('/', '-')}"


def decide(snapshot: Snapshot, preset: str, name: str) -> Decision:
    return snapshot.decide(snapshot.profiles[f"by-{preset}"], name, key_of(name), QType.A, NIGHT)


def shut(snapshot: Snapshot, preset: str, names: list[str]) -> Iterator[tuple[str, Reason]]:
    """The names that a list shuts; that a preset opens only what it names is no false alarm."""
    for name in names:
        decision = decide(snapshot, preset, name)
        if decision.blocked and decision.reason.kind is not ReasonKind.DEFAULT:
            yield name, decision.reason


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_closes_a_wallet_a_taxi_or_a_school(ours: Snapshot, preset: str) -> None:
    services = load_services(ROOT / "blocklists" / "services").values()
    names = [name for service in services if service.category in {"payments", "learning"} for name in service.names]
    assert {"momo.vn", "viettelmoney.vn", "grab.com", "olm.vn"} <= set(names)
    assert list(shut(ours, preset, names)) == []


def test_what_schools_use_is_one_line_away_where_only_chosen_sites_are_open(ours: Snapshot) -> None:
    services = load_services(ROOT / "blocklists" / "services").values()
    names = [name for service in services if service.category == "learning" for name in service.names]
    assert [name for name in names if decide(ours, "under-6-at-school", name).blocked] == []


@pytest.mark.parametrize("name", ["vi.wikipedia.org", "archive.org", "docs.google.com", "zoom.us", "slideshare.net"])
def test_a_small_child_is_not_given_what_anybody_can_fill(ours: Snapshot, name: str) -> None:
    assert decide(ours, "under-6", name).reason.kind is ReasonKind.DEFAULT


def test_a_bank_or_a_wallet_that_no_list_holds_is_not_what_a_small_child_is_given(ours: Snapshot) -> None:
    assert decide(ours, "under-6", "momo.vn").reason.kind is ReasonKind.DEFAULT


@pytest.mark.realdata
@pytest.mark.parametrize("preset", PRESETS)
def test_no_university_is_shut_but_those_that_a_person_has_looked_at(with_real_lists: Snapshot, preset: str) -> None:
    names = json.loads((real_data() / "popular" / "university_domains.json").read_text(encoding="utf-8"))["list"]
    assert len(names) > 5000
    found = {name: reason.category for name, reason in shut(with_real_lists, preset, names)}
    assert found == {name: alarm.category for name, alarm in UNIVERSITIES.items() if preset in alarm.presets}


@pytest.mark.realdata
def test_a_university_is_shut_by_its_maker_and_never_by_our_own_lists(with_real_lists: Snapshot) -> None:
    rules = {decide(with_real_lists, "13-15", name).reason.rule for name in UNIVERSITIES}
    assert rules <= set(map(list_name, MAKERS_LISTS))


def reviewed() -> dict[str, tuple[str, str]]:
    """Name -> the presets that shut it, and the categories for which they do."""
    found: dict[str, tuple[str, str]] = {}
    presets = ""
    for line in SHUT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            presets = line.strip("[]")
        elif line and not line.startswith("#"):
            categories, name = line.split()
            found[name] = (presets, categories)
    return found


@pytest.mark.realdata
def test_what_presets_shut_among_the_names_that_people_use_is_what_a_person_has_looked_at(
    with_real_lists: Snapshot,
) -> None:
    names = json.loads((real_data() / "popular" / "tranco10k.json").read_text(encoding="utf-8"))["list"]
    presets: dict[str, list[str]] = {}
    categories: dict[str, set[str]] = {}
    for preset in PRESETS:
        for name, reason in shut(with_real_lists, preset, names):
            presets.setdefault(name, []).append(preset)
            categories.setdefault(name, set()).add(reason.category or "no-safe-mode")
    assert {name: (" ".join(presets[name]), "+".join(sorted(categories[name]))) for name in presets} == reviewed()


def suggestions() -> list[tuple[str, str]]:
    """Preset, and a line that its header suggests for ``family.yaml``."""
    found = []
    for preset in PRESETS:
        text = (ROOT / "config" / "presets" / f"{preset}.yaml").read_text(encoding="utf-8")
        found += [(preset, line) for line in re.findall(r"^#   [^:]+:  +(\S.*)$", text, re.MULTILINE)]
    return found


@pytest.mark.parametrize(("preset", "line"), suggestions())
def test_what_a_preset_suggests_can_be_written(preset: str, line: str, tmp_path: Path) -> None:
    child = f"children:\n  kim:\n    preset: {preset}\n    devices: [192.168.1.31]\n    {line}\n"
    (tmp_path / "safedns.yaml").write_text(yaml.safe_dump(SETTINGS))
    (tmp_path / "family.yaml").write_text(f"{child}groups: {{adults: {{preset: open}}}}\nunknown: adults\n")
    assert load_household(tmp_path).warnings == ()


def test_every_preset_for_children_suggests_a_bedtime() -> None:
    assert {preset for preset, line in suggestions() if line.startswith("bedtime: ")} == {*PRESETS} - {"open"}
