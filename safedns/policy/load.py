"""``family.yaml`` and the presets -> ``Policy``: every problem of all these files at once, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from safedns.blocklist.bundled import bundled
from safedns.errors import ConfigError, Problem
from safedns.policy.load_checks import cross_problems, family_warnings, overlapping_ages
from safedns.policy.load_rules import rules_of
from safedns.policy.model import Calendar, Period, Policy, Preset, ProfileSpec
from safedns.policy.schema import CalendarLines, Child, FamilyFile, Group, HolidayLine, PresetFile
from safedns.policy.schema_fields import Known
from safedns.policy.vocabulary import Vocabulary
from safedns.yamlfile.document import Document, in_order
from safedns.yamlfile.read import may_exist, read_yaml
from safedns.yamlfile.validate import validate

FILE = "family.yaml"


def load_policy(
    folder: Path,
    *,
    timezone: str,
    vocabulary: Vocabulary,
    presets: Path | None = None,
    family: Path | None = None,
) -> tuple[Policy, tuple[Problem, ...]]:
    """The policy in ``folder`` and warnings; raises ``ConfigError`` with every problem of every file.

    ``presets`` is the folder of bundled presets; those in ``folder/presets`` replace them by name. ``family``: a file
    that is read instead of the folder's ``family.yaml``.
    """
    bundle = bundled("config", "presets") if presets is None else presets
    files = {path.stem: path for place in (bundle, folder / "presets") for path in sorted(place.glob("*.yaml"))}
    problems: list[Problem] = []
    loaded: dict[str, Preset] = {}
    for name, path in files.items():
        try:
            loaded[name] = _preset(name, path, vocabulary)
        except ConfigError as error:
            problems.extend(error.problems)
    problems.extend(overlapping_ages(loaded.values(), files))
    try:
        document, written = _family(family or folder / FILE, Known(vocabulary, frozenset(files)))
    except ConfigError as error:
        raise ConfigError(in_order((*error.problems, *problems))) from None
    if problems:
        raise ConfigError(in_order(problems))
    warnings = family_warnings(document, written, loaded.values())
    return _policy(written, timezone, loaded, vocabulary), in_order(warnings)


def _preset(name: str, path: Path, vocabulary: Vocabulary) -> Preset:
    document = read_yaml(path)
    written = validate(document, PresetFile, context=Known(vocabulary))
    rules = replace(rules_of(written, vocabulary), default=written.default, safety=tuple(written.safety))
    return Preset(name, written.title, written.ages, rules)


def _family(path: Path, known: Known) -> tuple[Document, FamilyFile]:
    if not may_exist(path):
        message = "there is no such file; expected the family's rules: copy family.yaml of the example folder `config`"
        raise ConfigError((Problem(str(path), 0, 0, "", message),))
    document = read_yaml(path)
    return document, validate(document, FamilyFile, context=known, also=cross_problems(document))


def _policy(family: FamilyFile, timezone: str, presets: Mapping[str, Preset], vocabulary: Vocabulary) -> Policy:
    children = (_profile(id_, child, "child", vocabulary) for id_, child in family.children.items())
    groups = (_profile(id_, group, "group", vocabulary) for id_, group in family.groups.items())
    return Policy(
        timezone=timezone,
        calendar=_calendar(family.calendar),
        presets=MappingProxyType(dict(presets)),
        profiles=(*children, *groups),
        unknown=family.unknown,
    )


def _calendar(lines: CalendarLines) -> Calendar:
    return Calendar(lines.school_days, tuple(map(_period, lines.holidays)), tuple(map(_period, lines.terms)))


def _period(line: HolidayLine) -> Period:
    return Period(line.name, line.first, line.last or line.first)


def _profile(id_: str, written: Child | Group, kind: Literal["child", "group"], vocabulary: Vocabulary) -> ProfileSpec:
    return ProfileSpec(
        id=id_,
        name=written.name or id_,
        kind=kind,
        preset=written.preset,
        born=written.born if isinstance(written, Child) else None,
        devices=tuple(written.devices),
        rules=rules_of(written, vocabulary),
        timezone=written.timezone,
    )
