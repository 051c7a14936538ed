"""What the presets make of our data: what daily life and school need stays open, and no university is shut.

Asked late on a school night, when everything that a preset closes at some hour is closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from safedns.blocklist.library import open_library
from safedns.blocklist.prepare import prepare
from safedns.blocklist.services import load_services
from safedns.policy.compile import compile_snapshot
from safedns.policy.decision import Decision, Reason, ReasonKind
from safedns.policy.household import load_household
from safedns.policy.snapshot import Snapshot
from safedns.wire.names import key_of
from safedns.wire.types import QType
from tests.house import SETTINGS
from tests.realdata import real_data
from tests.unit.blocklist_data.reviewed import UNIVERSITIES

ROOT = Path(__file__).resolve().parents[3]
PRESETS = sorted(path.stem for path in (ROOT / "config" / "presets").glob("*.yaml"))
NIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC).timestamp()
"""Monday, 23:00 in Vietnam."""

MAKERS_LISTS = {"adult": "adult", "gambling": "gambling", "threat": "malware"}
"""Lists of the catalogue that a household has by default, by their file, with their category."""


def snapshot_of(folder: Path, extra: list[dict[str, str]]) -> Snapshot:
    """Somebody for each preset, with our starter lists and ``extra`` ones."""
    groups = {f"by-{name}": {"preset": name} for name in PRESETS}
    (folder / "safedns.yaml").write_text(yaml.safe_dump({**SETTINGS, "lists": {"use": "none", "extra": extra}}))
    (folder / "family.yaml").write_text(yaml.safe_dump({"groups": groups, "unknown": "by-open"}))
    household = load_household(folder)
    assert prepare(folder / "state", household.settings, folder, now=NIGHT) == ()
    return compile_snapshot(household.policy, open_library(folder / "state"), now=NIGHT)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("ours"), [])


@pytest.fixture(scope="module")
def with_real_lists(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    lists = real_data() / "lists" / "hostsvn"
    extra = [
        {"name": f"real-{file}", "category": category, "source": str(lists / f"{file}.domains.txt")}
        for file, category in MAKERS_LISTS.items()
    ]
    return snapshot_of(tmp_path_factory.mktemp("real"), extra)


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


def test_what_schools_use_is_open_even_where_only_chosen_sites_are(ours: Snapshot) -> None:
    services = load_services(ROOT / "blocklists" / "services").values()
    names = [name for service in services if service.category == "learning" for name in service.names]
    assert [name for name in names if decide(ours, "under-6", name).blocked] == []


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
    assert rules <= {f"real-{file}" for file in MAKERS_LISTS}
