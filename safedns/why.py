"""``NAME.why.safedns.internal TXT``: what applies to NAME for the device that asks, in the household's language.

    $ dig +short TXT roblox.com.why.safedns.internal
    "closed: not at this time, until 15:00"

It tells a device about itself alone: no list of rules, nothing about others. Never forwarded.
"""

from __future__ import annotations

from math import inf

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.snapshot import Profile, Snapshot
from safedns.policy.wording import verdict_words
from safedns.resolve.local import LocalNames
from safedns.resolve.special import WHY_ZONE
from safedns.wire.answer import Answer, make_answer
from safedns.wire.names import key_of
from safedns.wire.query import Query, decode_query
from safedns.wire.request import plain_request
from safedns.wire.types import QType

TTL = 1
"""Seconds: the next question may be asked because something was changed."""
LOCAL = Decision(Action.ALLOW, Reason(ReasonKind.LOCAL))
"""What applies to names that are answered here, for everybody alike."""
_STRING_MAX = 255
"""Octets of one string of a TXT record (RFC 1035 section 3.3.14)."""


def why_answer(
    query: Query, profile: Profile, snapshot: Snapshot, local: LocalNames, wall: float, language: str
) -> Answer:
    """The answer to ``query`` from a device of ``profile``; NODATA for other types than TXT."""
    if query.qtype != QType.TXT:
        return make_answer(query, (), soa_ttl=TTL)
    name = query.name.removesuffix(f".{WHY_ZONE}")
    decision, until = LOCAL, inf
    if local.answer(decode_query(plain_request(name, QType.A, 0))) is None:
        _, decision, until = snapshot.explain(profile, name, key_of(name), QType.A, wall)
    words = verdict_words(decision, until, wall, profile.zone, language, snapshot.category_titles(language))
    text = words.encode()[:_STRING_MAX]
    text = text.decode(errors="ignore").encode()  # no half letter at the end
    return make_answer(query, [(query.name, int(QType.TXT), TTL, bytes((len(text),)) + text)])
