"""What a device is told about a closed name besides "no": an extended error (RFC 8914), in words or as JSON.

A client that sends the option itself understands the structured form (draft-ietf-dnsop-structured-dns-error): a
justification and whom to talk to. Must not decide which code a reply has: the decision says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from safedns.policy.decision import Action, Decision, Reason
from safedns.policy.wording import reason_words
from safedns.wire.query import Query, option
from safedns.wire.types import EdnsOption

MAX_TEXT = 200
"""Octets of the text: a reply must stay far below what one datagram carries (RFC 8914 section 2)."""
ORGANISATION = "safedns"


class Told:
    """Speaks one household's language."""

    def __init__(self, language: str, contact: tuple[str, ...], titles: Mapping[str, str]) -> None:
        """``contact``: URIs; ``titles``: what categories are called in that language."""
        self._language = language
        self._contact = contact
        self._titles = titles

    def words(self, reason: Reason, action: Action = Action.BLOCK) -> str:
        """Why, in a short phrase."""
        return reason_words(reason, action, self._language, self._titles)

    def error(self, decision: Decision, query: Query) -> tuple[int, str]:
        """Code and text of the extended error for a decision about ``query``."""
        words = self.words(decision.reason, decision.action)
        if decision.blocked and query.edns is not None and query.edns.options and _wants_json(query.edns.options):
            return int(decision.ede), structured(words, self._contact)
        return int(decision.ede), words


def structured(words: str, contact: tuple[str, ...]) -> str:
    """The justification as I-JSON of at most ``MAX_TEXT`` octets; words that are too many are cut."""
    error = {"c": list(contact), "j": words, "o": ORGANISATION}
    if not contact:
        del error["c"]
    while len(text := json.dumps(error, ensure_ascii=False, separators=(",", ":"))) and len(text.encode()) > MAX_TEXT:
        words = words[:-1]
        error["j"] = f"{words}…"
    return text


def _wants_json(options: bytes) -> bool:
    return option(options, EdnsOption.EDE) is not None
