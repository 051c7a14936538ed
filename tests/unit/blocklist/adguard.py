"""What AdGuard's filter does with rules for a host, rule by rule and slowly: to compare with.

Written after its documentation and the behaviour of its engine, and not after ours: each rule becomes the expression
that AdGuard makes of it, which is sought in ``http://NAME`` or in the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_URL = ("||", "http://", "https://", "://")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?[a-z]+")


class Rule(NamedTuple):
    """One rule."""

    text: str
    pattern: str
    allow: bool
    important: bool
    types: tuple[str, ...]
    spared: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The weightiest first."""
        return {(True, True): 0, (False, True): 1, (True, False): 2, (False, False): 3}[self.allow, self.important]

    def matches(self, name: str, qtype: str) -> bool:
        wanted = [each for each in self.types if not each.startswith("~")]
        if wanted and qtype not in wanted:
            return False
        if not wanted and f"~{qtype}" in self.types:
            return False
        if any(name == spared or name.endswith("." + spared) for spared in self.spared):
            return False
        if self.text == self.pattern and _HOST.fullmatch(self.text):
            return name == self.pattern
        in_url = self.pattern.startswith(_URL) or (
            len(self.pattern) > 3 and self.pattern[0] == "/" and self.pattern[-1] == "."
        )
        return re.search(_expression(self.pattern), f"http://{name}" if in_url else name) is not None


def read(lines: Iterable[str]) -> list[Rule]:
    """The rules, without those that a badfilter rule disables, and those of too few letters."""
    lines = [*lines]
    disabled = {line.removesuffix("$badfilter") for line in lines if line.endswith("$badfilter")}
    rules = [_rule(line) for line in lines if not line.endswith("$badfilter")]
    return [
        rule
        for rule in rules
        if (rule.text not in disabled or _HOST.fullmatch(rule.text))
        and (len(rule.pattern) > 2 or rule.types or rule.spared)
    ]


def decide(rules: Iterable[Rule], name: str, qtype: str) -> list[Rule]:
    """The rules that block ``name``; none where it is open."""
    found = [rule for rule in rules if rule.matches(name, qtype)]
    best = min((rule.rank for rule in found), default=0)
    return [rule for rule in found if rule.rank == best and not rule.allow]


def _rule(line: str) -> Rule:
    text = line.removeprefix("@@")
    pattern, _, options = (text, "", "") if text[0] == text[-1] == "/" else text.rpartition("$")
    if not pattern or (options and not options[0].isalpha()):
        pattern, options = text, ""
    values = dict([*option.split("="), ""][:2] for option in options.split(",") if option)
    return Rule(
        line,
        pattern,
        line != text,
        "important" in values,
        tuple(filter(None, values.get("dnstype", "").split("|"))),
        tuple(filter(None, values.get("denyallow", "").split("|"))),
    )


def _expression(pattern: str) -> str:
    if len(pattern) > 1 and pattern[0] == pattern[-1] == "/":
        return f"(?i){pattern[1:-1]}"
    if pattern.endswith("/*"):
        pattern = pattern[:-2] + "^"
    text = re.sub(r"[.+?${}()\[\]/\\]", lambda found: "\\" + found[0], pattern)
    start = "||" if text.startswith("||") else text[:1]
    text = start + text[len(start) : -1].replace("|", r"\|") + text[-1:] if len(text) > len(start) else text
    text = text.replace("*", ".*").replace("^", "([^ a-zA-Z0-9.%_-]|$)")
    if text.startswith("||"):
        text = r"^(http|https|ws|wss)://([a-z0-9-_.]+\.)?" + text[2:]
    elif text.startswith("|"):
        text = "^" + text[1:]
    return "(?i)" + (text[:-1] + "$" if text.endswith("|") else text)
