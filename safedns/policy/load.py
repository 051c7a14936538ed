"""``family.yaml`` and the presets -> ``Policy``: every problem of all these files at once, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from safedns.blocklist.bundled import bundled
from safedns.errors import ConfigError, Problem
from safedns.policy.load_checks import cross_problems, family_warnings, limit_warnings, overlapping_ages
from safedns.policy.model import Calendar, Holiday, Policy, Preset, ProfileSpec, Rules
from safedns.policy.schema import CalendarLines, Child, FamilyFile, Group, Known, PresetFile, RuleLines
from safedns.policy.vocabulary import Vocabulary
from safedns.yamlfile.document import Document, in_order
from safedns.yamlfile.read import read_yaml
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
    warnings: list[Problem] = []
    loaded: dict[str, Preset] = {}
    for name, path in files.items():
        try:
            loaded[name] = _preset(name, path, vocabulary, warnings)
        except ConfigError as error:
            problems.extend(error.problems)
    problems.extend(overlapping_ages(loaded.values(), files))
    try:
        document, written = _family(family or folder / FILE, Known(vocabulary, frozenset(files)))
    except ConfigError as error:
        raise ConfigError(in_order((*error.problems, *problems))) from None
    if problems:
        raise ConfigError(in_order(problems))
    warnings.extend(family_warnings(document, written))
    return _policy(written, timezone, loaded), in_order(warnings)


def _preset(name: str, path: Path, vocabulary: Vocabulary, warnings: list[Problem]) -> Preset:
    document = read_yaml(path)
    written = validate(document, PresetFile, context=Known(vocabulary))
    warnings.extend(limit_warnings(document, (), written))
    rules = _rules(written, default=written.default, safety=tuple(written.safety))
    return Preset(name, written.title, written.ages, rules)


def _family(path: Path, known: Known) -> tuple[Document, FamilyFile]:
    if not path.exists():
        message = "there is no such file; expected the family's rules: copy family.yaml of the example folder `config`"
        raise ConfigError((Problem(str(path), 0, 0, "", message),))
    document = read_yaml(path)
    return document, validate(document, FamilyFile, context=known, also=cross_problems(document))


def _policy(family: FamilyFile, timezone: str, presets: Mapping[str, Preset]) -> Policy:
    children = (_profile(id_, child, "child") for id_, child in family.children.items())
    groups = (_profile(id_, group, "group") for id_, group in family.groups.items())
    return Policy(
        timezone=timezone,
        calendar=_calendar(family.calendar),
        presets=MappingProxyType(dict(presets)),
        profiles=(*children, *groups),
        unknown=family.unknown,
    )


def _calendar(lines: CalendarLines) -> Calendar:
    holidays = tuple(Holiday(line.name, line.first, line.last or line.first) for line in lines.holidays)
    return Calendar(lines.school_days, holidays)


def _profile(id_: str, written: Child | Group, kind: Literal["child", "group"]) -> ProfileSpec:
    return ProfileSpec(
        id=id_,
        name=written.name or id_,
        kind=kind,
        preset=written.preset,
        born=written.born if isinstance(written, Child) else None,
        devices=tuple(written.devices),
        rules=_rules(written),
    )


def _rules(
    written: RuleLines, *, default: Literal["allow", "deny"] | None = None, safety: tuple[str, ...] | None = None
) -> Rules:
    return Rules(
        default=default,
        safety=safety,
        bedtime=written.bedtime,
        homework=written.homework,
        services=MappingProxyType(dict(written.services)),
        categories=MappingProxyType(dict(written.categories)),
        safe_search=written.safe_search,
        allow=tuple(dict.fromkeys(written.allow)),
        block=tuple(dict.fromkeys(written.block)),
        always=tuple(dict.fromkeys(written.always)),
        log=written.log,
    )
