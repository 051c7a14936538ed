"""The whole configuration folder at once: both files, or every problem of both. What serve, reload and explain call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.wanted import check_lists
from safedns.errors import ConfigError, Problem
from safedns.policy.clients import Span, parse_span
from safedns.policy.load import FILE as FAMILY_FILE
from safedns.policy.load import load_policy
from safedns.policy.model import Policy
from safedns.policy.vocabulary import service_problems, vocabulary
from safedns.settings.load import FILE, load_settings_with_warnings
from safedns.settings.model import IPNetwork, Settings
from safedns.yamlfile.document import TreePath, in_order
from safedns.yamlfile.messages import show, unknown_word
from safedns.yamlfile.read import read_yaml


class Household(NamedTuple):
    """A configuration that can be used."""

    settings: Settings
    policy: Policy
    warnings: tuple[Problem, ...]


def load_household(folder: Path, *, family: Path | None = None) -> Household:
    """Read ``folder``, with the file ``family`` for its ``family.yaml`` where given.

    Raises ``ConfigError`` with the problems of all its files.
    """
    problems = list(service_problems(folder))
    settings: Settings | None = None
    policy: Policy | None = None
    warnings: list[Problem] = []
    try:
        settings, found = load_settings_with_warnings(folder)
        warnings.extend(found)
        problems.extend(_list_problems(settings))
    except ConfigError as error:
        problems.extend(error.problems)
    try:
        zone = settings.timezone if settings else "UTC"
        policy, found = load_policy(folder, timezone=zone, vocabulary=vocabulary(folder), family=family)
        warnings.extend(found)
    except ConfigError as error:
        problems.extend(error.problems)
    if settings is not None and policy is not None:
        problems.extend(_unknown_sets(settings, policy, family or folder / FAMILY_FILE))
    if problems or settings is None or policy is None:
        raise ConfigError(in_order(problems))
    warnings.extend(_not_admitted(settings, policy, family or folder / FAMILY_FILE))
    return Household(settings, policy, tuple(warnings))


def _list_problems(settings: Settings) -> Iterator[Problem]:
    """What only the catalogue knows about ``lists``, at its place in the file."""
    found = check_lists(settings.lists, load_catalogue())
    document = read_yaml(settings.folder / FILE) if found else None
    for problem in found:
        if document is not None:
            yield document.problem(_path(problem.path), problem.message)


def _unknown_sets(settings: Settings, policy: Policy, file: Path) -> Iterator[Problem]:
    """Rules that name a set of upstreams which ``safedns.yaml`` does not have."""
    known = settings.upstreams.sets
    for profile in policy.profiles:
        if (name := profile.rules.upstreams) is not None and name not in known:
            section = "children" if profile.kind == "child" else "groups"
            yield read_yaml(file).problem((section, profile.id, "upstreams"), _no_such_set(name, known))
    for preset in policy.presets.values():
        if (name := preset.rules.upstreams) is not None and name not in known:
            yield Problem(f"presets/{preset.name}.yaml", 0, 0, "upstreams", _no_such_set(name, known))


def _no_such_set(name: str, known: Iterable[str]) -> str:
    where = f"is no set of resolvers in {FILE} (`upstreams: sets:`)"
    if known:
        return unknown_word(name, known, where)
    return f"{show(name)} {where}; expected one there, such as `sets: {{{name}: 1.1.1.3}}`"


def _not_admitted(settings: Settings, policy: Policy, file: Path) -> Iterator[Problem]:
    """Devices that are claimed at an address from which nobody may ask."""
    if settings.clients is None:
        return
    document = read_yaml(file)
    for profile in policy.profiles:
        section = "children" if profile.kind == "child" else "groups"
        for index, text in enumerate(profile.devices):
            span = parse_span(text)
            if span is not None and not any(_overlap(span, network) for network in settings.clients):
                message = f"{show(text)} may not ask: `clients` in {FILE} does not admit it; add its network there"
                yield document.problem((section, profile.id, "devices", index), message)


def _overlap(span: Span, network: IPNetwork) -> bool:
    first, last = int(network.network_address), int(network.broadcast_address)
    return span.version == network.version and span.first <= last and first <= span.last


def _path(text: str) -> TreePath:
    steps = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    return tuple(int(index) if index else word for index, word in steps)
