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

KNOWN = ", ".join(sorted(FORMATS))
"""The names of the formats, for messages."""

_RULE = re.compile(r"@@|\||[^\s]+\^|[^\s]*#[@?$%]{0,3}#|/.*/")
_NAME = re.compile(r"(?:\*?\.)?[^\s.*/=:\"<>,;|^$]+(?:\.[^\s.*/=:\"<>,;|^$]+)*\.?")


def detect(sample_lines: Iterable[str]) -> str:
    """The format of a list, told by its content; ``ValueError`` when most of it is in none of ours.

    Bare names and hosts lines are legal among adblock rules, but rules nowhere else: a tenth of rules is enough.
    """
    votes = dict.fromkeys(FORMATS, 0)
    telling = 0
    for line in sample_lines:
        text = without_comment(line, "#!")
        if text[:3].lower() == "[ad":
            return "adblock"
        if text:
            telling += 1
            if spoken := _spoken(text):
                votes[spoken] += 1
    if not telling or sum(votes.values()) * 2 < telling:
        raise ValueError(f"is in no known list format; expected one of {KNOWN}")
    if votes["adblock"] * 10 >= telling:
        return "adblock"
    return max(votes, key=lambda name: votes[name])


def _spoken(text: str) -> str | None:
    words = text.split()
    if len(words) > 1 and hosts.host_address(words[0]) is not None:
        return "hosts"
    if _RULE.match(text):
        return "adblock"
    if len(words) == 1 and _NAME.fullmatch(text):
        return "domains"
    return None
