"""The whole configuration folder at once: both files, or every problem of both. What serve, reload and explain call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.wanted import check_lists
from safedns.errors import ConfigError, Problem
from safedns.policy.clients import Span, is_id, parse_span
from safedns.policy.load import FILE as FAMILY_FILE
from safedns.policy.load import load_policy
from safedns.policy.model import Policy
from safedns.policy.vocabulary import service_problems, vocabulary
from safedns.policy.words_names import is_guessable
from safedns.settings.load import FILE, load_settings_with_warnings
from safedns.settings.model import IPNetwork, Settings
from safedns.yamlfile.document import TreePath, in_order
from safedns.yamlfile.messages import show
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
    if problems or settings is None or policy is None:
        raise ConfigError(in_order(problems))
    warnings.extend(_not_admitted(settings, policy, family or folder / FAMILY_FILE))
    warnings.extend(_guessable(settings, policy, family or folder / FAMILY_FILE))
    return Household(settings, policy, tuple(warnings))


def _list_problems(settings: Settings) -> Iterator[Problem]:
    """What only the catalogue knows about ``lists``, at its place in the file."""
    found = check_lists(settings.lists, load_catalogue())
    document = read_yaml(settings.folder / FILE) if found else None
    for problem in found:
        if document is not None:
            yield document.problem(_path(problem.path), problem.message)


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


def _guessable(settings: Settings, policy: Policy, file: Path) -> Iterator[Problem]:
    """Ids that admit whoever guesses them, from anywhere."""
    if not any(settings.listen_encrypted.values()):
        return
    document = read_yaml(file)
    for profile in policy.profiles:
        section = "children" if profile.kind == "child" else "groups"
        for index, text in enumerate(profile.devices):
            if is_id(text) and is_guessable(text):
                message = (
                    f"{show(text)} can be guessed, and whoever tells it over encrypted DNS is taken for this device"
                )
                yield document.problem((section, profile.id, "devices", index), f"{message}; end it like -x7k2m9")


def _overlap(span: Span, network: IPNetwork) -> bool:
    first, last = int(network.network_address), int(network.broadcast_address)
    return span.version == network.version and span.first <= last and first <= span.last


def _path(text: str) -> TreePath:
    steps = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    return tuple(int(index) if index else word for index, word in steps)
