"""The list formats: one module each, all with the same ``parse``. A new one is a module and a line in ``FORMATS``.

Also which of them a list is in, told by its content: every line votes for the format that it is written in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from safedns.blocklist.formats import adblock, dnsmasq, domains, hosts, regex, rpz, unbound, v2fly
from safedns.blocklist.formats.entry import Exceptions, Parse, without_comment

FORMATS: Mapping[str, Parse] = MappingProxyType(
    {
        "hosts": hosts.parse,
        "domains": domains.parse,
        "adblock": adblock.parse,
        "dnsmasq": dnsmasq.parse,
        "unbound": unbound.parse,
        "rpz": rpz.parse,
        "v2fly": v2fly.parse,
        "regex": regex.parse,
    }
)

EXCEPTIONS: Mapping[str, Exceptions] = MappingProxyType({"adblock": "beat all"})
"""What exceptions beat, where it is not "beat shorter"."""

KNOWN = ", ".join(sorted(FORMATS))
"""The names of the formats, for messages."""

_LABELS = r"[^\s.*/=:\"<>,;|^$#@]+(?:\.[^\s.*/=:\"<>,;|^$#@]+)*\.?"

_TELLING = (
    ("v2fly", re.compile(rf"(?:domain|full|keyword|regexp|include):\S|{_LABELS}(?:\s+[@&]\S+)+$")),
    ("unbound", re.compile(r"(?:local-(?:zone|data)\s*:\s*\S|server:$)")),
    ("dnsmasq", re.compile(r"(?:address|server|local)\s*=\s*/")),
    ("rpz", re.compile(r".*\sCNAME\s+(?:\.|\*\.|rpz-[a-z-]+\.)$", re.IGNORECASE)),
    (
        "regex",
        re.compile(
            r"\((?:\?:)?[\^\\]\S*|\^\S*[\\$(\[*+?]\S*|(?=\S*\\\.)[^\s@|/]\S*\$$|[^\s@|/]\S*;(?:querytype=\S+|invert|reply=\S+)$"
        ),
    ),
    ("adblock", re.compile(r"@@|\||[^\s]+\^|[^\s]*#[@?$%]{0,3}#|/.*/")),
    ("domains", re.compile(rf"(?:\*?\.|=)?{_LABELS}$|[a-z0-9._-]*\*[a-z0-9._*-]*$", re.IGNORECASE)),
)
"""What a line of a format looks like, in the order in which they are tried."""

_HEADERS = (
    ("adblock", re.compile(r"\[ad", re.IGNORECASE)),
    ("rpz", re.compile(r"\$(?:TTL|ORIGIN)\s|.*\sSOA\s.*\s", re.IGNORECASE)),
)
"""Lines that settle the matter."""

_ENOUGH = {"adblock": 1 / 10, "v2fly": 1 / 200}
"""The share of lines that settles the matter for formats in which bare names are lines too."""


def detect(sample_lines: Iterable[str]) -> str:
    """The format of a list, told by its content; ``ValueError`` when most of it is in none of ours.

    Bare names are lines of an adblock list and of v2fly's too, but rules are lines of no plain list: a few are enough.
    """
    votes: Counter[str] = Counter()
    telling = 0
    for line in sample_lines:
        text = without_comment(line, "#!;")
        if not text:
            continue
        for name, header in _HEADERS:
            if header.match(text):
                return name
        telling += 1
        if spoken := _spoken(text):
            votes[spoken] += 1
    if votes.total() * 2 < max(telling, 1):
        raise ValueError(f"is in no known list format; expected one of {KNOWN}")
    for name, share in _ENOUGH.items():
        if votes[name] >= telling * share:
            return name
    return votes.most_common(1)[0][0]


def _spoken(text: str) -> str | None:
    words = text.split(None, 1)
    if len(words) > 1 and hosts.host_address(words[0]) is not None:
        return "hosts"
    return next((name for name, line in _TELLING if line.match(text)), None)
