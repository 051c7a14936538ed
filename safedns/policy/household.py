"""The whole configuration folder at once: both files, or every problem of both. What serve, reload and explain call."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.wanted import check_lists, doubts
from safedns.errors import ConfigError, Problem
from safedns.policy.clients import Span, is_id, parse_span
from safedns.policy.load import FILE as FAMILY_FILE
from safedns.policy.load import load_policy
from safedns.policy.model import Policy
from safedns.policy.vocabulary import service_problems, vocabulary
from safedns.policy.words_names import claim, is_guessable
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
        problems.extend(_placed(settings, check_lists(settings.lists, load_catalogue())))
        warnings.extend(_placed(settings, doubts(settings.lists, folder)))
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
    for text, problem in _claims(family or folder / FAMILY_FILE, policy):
        warnings.extend(problem(complaint) for complaint in _unheard(settings, text))
    warnings.extend(_without_page(settings, policy, family or folder / FAMILY_FILE))
    return Household(settings, policy, tuple(warnings))


def _placed(settings: Settings, found: Collection[Problem]) -> Iterator[Problem]:
    """What is wrong or doubtful about ``lists``, at its place in the file."""
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


def _claims(file: Path, policy: Policy) -> Iterator[tuple[str, Callable[[str], Problem]]]:
    """Every device that is claimed, and what makes a problem of it at its place in the family file."""
    document = read_yaml(file)
    for profile in policy.profiles:
        section = "children" if profile.kind == "child" else "groups"
        for index, text in enumerate(profile.devices):
            yield text, partial(document.problem, (section, profile.id, "devices", index))


def _unheard(settings: Settings, device: str) -> Iterator[str]:
    """Why the rules for a claimed device will not reach it, or why others may be taken for it."""
    span = parse_span(device)
    if span is not None and settings.clients is not None:
        if not any(_overlap(span, network) for network in settings.clients):
            yield f"{show(device)} may not ask: `clients` in {FILE} does not admit it; add its network there"
    elif claim(device).kind != "name":
        return
    elif any(settings.listen_encrypted.values()):
        if is_id(device) and is_guessable(device):
            door = "whoever tells it over encrypted DNS is taken for this device"
            yield f"{show(device)} can be guessed, and {door}; end it like -x7k2m9"
    elif not (settings.leases or settings.trusted_forwarders):
        cure = f"set `leases` in {FILE} to the DHCP server's file, or give its hardware address"
        yield f"nobody tells safedns which device is called {show(device)}; {cure}"


def _without_page(settings: Settings, policy: Policy, file: Path) -> Iterator[Problem]:
    """Children and groups who are to see a page that nobody shows."""
    if settings.listen_page is not None or settings.block.page:
        return
    for profile in policy.profiles:
        if profile.rules.reply == "page":
            section = "children" if profile.kind == "child" else "groups"
            message = f'nobody shows a page: add `listen: {{page: "0.0.0.0:80"}}` to {FILE}'
            yield read_yaml(file).problem((section, profile.id, "reply"), message)


def _overlap(span: Span, network: IPNetwork) -> bool:
    first, last = int(network.network_address), int(network.broadcast_address)
    return span.version == network.version and span.first <= last and first <= span.last


def _path(text: str) -> TreePath:
    steps = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    return tuple(int(index) if index else word for index, word in steps)
