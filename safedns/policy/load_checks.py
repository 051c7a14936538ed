"""What no single value of ``family.yaml`` can tell: who claims what twice, who has no preset, what waits for later.

``cross_problems`` looks at the raw tree, so that it finds its problems even where other lines are wrong too; it passes
over whatever has not the right shape, as the models complain about that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from safedns.errors import Problem
from safedns.policy.model import Preset
from safedns.policy.schema import FamilyFile
from safedns.policy.words_names import device
from safedns.yamlfile.document import Document, Tree, TreePath
from safedns.yamlfile.messages import listed, show, unknown_word

SECTIONS = ("children", "groups")


def cross_problems(document: Document) -> Iterator[Problem]:
    """Problems between the parts of a family file."""
    yield from _twice_named(document)
    yield from _ageless(document)
    yield from _twice_claimed(document)
    yield from _unknown(document)


def _profiles(document: Document) -> Iterator[tuple[TreePath, dict[str, Tree]]]:
    for section in SECTIONS:
        for id_, profile in _mapping(_mapping(document.tree).get(section)).items():
            yield (section, id_), _mapping(profile)


def _mapping(tree: Tree | None) -> dict[str, Tree]:
    return tree if isinstance(tree, dict) else {}


def _twice_named(document: Document) -> Iterator[Problem]:
    top = _mapping(document.tree)
    for id_ in _mapping(top.get("groups")):
        if id_ in _mapping(top.get("children")):
            message = f"{show(id_)} is the short name of a child too; expected another one for the group"
            yield document.problem(("groups", id_), message, at_key=True)


def _ageless(document: Document) -> Iterator[Problem]:
    for path, profile in _profiles(document):
        if path[0] == "children" and "born" not in profile and "preset" not in profile:
            message = (
                "neither `born` nor `preset` is given; expected the month of birth, e.g. `born: 2015-09`, "
                "or a preset, e.g. `preset: 10-12`"
            )
            yield document.problem(path, message, at_key=True)


def _twice_claimed(document: Document) -> Iterator[Problem]:
    owners: dict[str, tuple[TreePath, str]] = {}
    for path, profile in _profiles(document):
        devices = profile.get("devices")
        for index, text in enumerate(devices if isinstance(devices, list) else ()):
            place = (*path, "devices", index)
            canonical = _device(text)
            first, owner = owners.setdefault(canonical, (place, str(path[1])))
            if canonical and first != place:
                where = f"{document.file}:{document.line(first)}"
                message = f"{show(canonical)} belongs to `{owner}` already ({where}); expected each device once"
                yield document.problem(place, message)


def _device(tree: Tree) -> str:
    """Canonical; empty for what is no device."""
    try:
        return device(tree) if isinstance(tree, str) else ""
    except ValueError:
        return ""


def _unknown(document: Document) -> Iterator[Problem]:
    given = _mapping(document.tree).get("unknown")
    profiles = [str(path[1]) for path, _ in _profiles(document)]
    if isinstance(given, str) and given not in profiles:
        if not given:
            message = f"nothing is written here; expected one of your children or groups: {listed(profiles)}"
        else:
            message = unknown_word(given, profiles, "is neither a child nor a group")
        yield document.problem(("unknown",), message)


def overlapping_ages(presets: Iterable[Preset], files: Mapping[str, Path]) -> Iterator[Problem]:
    """Two presets that both want the same age."""
    bands = sorted((preset.ages, preset.name) for preset in presets if preset.ages is not None)
    for (ages, name), (next_ages, next_name) in pairwise(bands):
        if next_ages[0] <= ages[1]:
            message = f"age {next_ages[0]} belongs to the preset {show(name)} too; expected bands that do not overlap"
            yield Problem(str(files[next_name]), 0, 0, "ages", message)


def family_warnings(document: Document, family: FamilyFile, presets: Iterable[Preset]) -> Iterator[Problem]:
    """What a family file says that does not work, or does nothing, in this version."""
    windows = sorted({name for preset in presets for name in preset.rules.windows})
    profiles = ((section, id_, profile) for section in SECTIONS for id_, profile in getattr(family, section).items())
    for section, id_, profile in profiles:
        path: TreePath = (section, id_)
        if not profile.devices and id_ != family.unknown:
            message = "no device is listed, so these rules reach nobody; add `devices: [ADDRESS]`"
            yield document.problem(path, message, at_key=True)
        for name, window in profile.windows.items():
            if window is None and name not in windows:
                complaint = "is no window of a preset, so nothing is taken away"
                message = unknown_word(name, windows, complaint) if windows else f"{show(name)} {complaint}"
                yield document.problem((*path, "windows", name), message, at_key=True)
        for index, name in enumerate(profile.block):
            if name in profile.allow:
                message = f"{show(name)} is under `allow` too, and `allow` wins; take one of them out"
                yield document.problem((*path, "block", index), message)
