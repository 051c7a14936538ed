"""The list formats: one module each, all with the same ``parse``. A new one is a module and a line in ``FORMATS``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from safedns.blocklist.formats import adblock, domains, hosts
from safedns.blocklist.formats.entry import Parse, without_comment

FORMATS: Mapping[str, Parse] = MappingProxyType(
    {"hosts": hosts.parse, "domains": domains.parse, "adblock": adblock.parse}
)

_RULE = re.compile(r"@@|\||[^\s]+\^|[^\s]*#[@?$%]{0,3}#|/.*/")
_NAME = re.compile(r"(?:\*?\.)?[^\s.*/=:\"<>,;|^$]+(?:\.[^\s.*/=:\"<>,;|^$]+)*\.?")


def detect(sample_lines: Iterable[str]) -> str:
    """The format that most of the telling lines speak, by content; ``ValueError`` when they speak none of ours."""
    votes = dict.fromkeys(FORMATS, 0)
    telling = 0
    for line in sample_lines:
        text = without_comment(line, "#!")
        if text[:1] == "[" and text[-1:] == "]":
            votes["adblock"] += 1
        elif text:
            telling += 1
            if spoken := _spoken(text):
                votes[spoken] += 1
    best = max(votes, key=lambda name: votes[name])
    if not votes[best] or sum(votes.values()) * 2 < telling:
        raise ValueError(f"is in no known list format; expected one of {', '.join(sorted(FORMATS))}")
    return best


def _spoken(text: str) -> str | None:
    words = text.split()
    if len(words) > 1 and hosts.host_address(words[0]) is not None:
        return "hosts"
    if _RULE.match(text):
        return "adblock"
    if len(words) == 1 and _NAME.fullmatch(text):
        return "domains"
    return None
