"""Somebody for each preset, with our starter lists and services: whom tests of the presets ask as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from safedns.blocklist.library import open_library
from safedns.blocklist.prepare import prepare
from safedns.policy.compile import compile_snapshot
from safedns.policy.household import load_household
from safedns.policy.snapshot import Snapshot
from tests.house import SETTINGS

ROOT = Path(__file__).resolve().parents[3]
PRESETS = tuple(sorted(path.stem for path in (ROOT / "config" / "presets").glob("*.yaml")))


def snapshot_of(folder: Path, now: float, extra: Sequence[dict[str, str]] = ()) -> Snapshot:
    """A profile ``by-PRESET`` for each preset, and one for a small child at school, compiled at ``now``.

    ``extra``: lists besides ours, as ``safedns.yaml`` names them.
    """
    groups: dict[str, dict[str, object]] = {f"by-{name}": {"preset": name} for name in PRESETS}
    groups["by-under-6-at-school"] = {"preset": "under-6", "categories": {"learning": "on"}}
    (folder / "safedns.yaml").write_text(yaml.safe_dump({**SETTINGS, "lists": {"use": "none", "extra": list(extra)}}))
    (folder / "family.yaml").write_text(yaml.safe_dump({"groups": groups, "unknown": "by-open"}))
    household = load_household(folder)
    assert prepare(folder / "state", household.settings, folder, now=now) == ()
    return compile_snapshot(household.policy, open_library(folder / "state"), now=now)
