"""Why, in a few words of the household's language: for the extended error a device is told and the block log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from math import isfinite
from types import MappingProxyType

from safedns.policy.decision import Action, Decision, Reason, ReasonKind
from safedns.policy.explain import when

_WORDS = {
    "en": {
        ReasonKind.OVERRIDE: "a parent decided",
        ReasonKind.SAFETY: "not safe: {category}",
        ReasonKind.ALLOW_LIST: "allowed by a parent",
        ReasonKind.BLOCK_LIST: "blocked by a parent",
        ReasonKind.BEDTIME: "bedtime",
        ReasonKind.HOMEWORK: "homework time",
        ReasonKind.WINDOW: "not at this time",
        ReasonKind.LIMIT: "today's time is used up",
        ReasonKind.SERVICE: "{rule} is off",
        ReasonKind.CATEGORY: "{category} is off",
        ReasonKind.DEFAULT: "not on the allowed list",
        ReasonKind.SAFE_SEARCH: "safe search",
        ReasonKind.CLOCK: "the clock of the filter is wrong",
        ReasonKind.LOOK_ALIKE: "looks like {matched}, which is closed",
        ReasonKind.UPSTREAM: "closed by the resolver that safedns asks",
        ReasonKind.HOME_ADDRESS: "leads to an address at home",
        ReasonKind.LOCAL: "local name",
        ReasonKind.CLIENT: "this device may not ask here",
        ReasonKind.MALFORMED: "malformed query",
        ReasonKind.FAILURE: "internal failure",
    },
    "vi": {
        ReasonKind.OVERRIDE: "theo quyết định của phụ huynh",
        ReasonKind.SAFETY: "không an toàn: {category}",
        ReasonKind.ALLOW_LIST: "phụ huynh cho phép",
        ReasonKind.BLOCK_LIST: "phụ huynh đã chặn",
        ReasonKind.BEDTIME: "giờ đi ngủ",
        ReasonKind.HOMEWORK: "giờ học bài",
        ReasonKind.WINDOW: "không phải giờ này",
        ReasonKind.LIMIT: "đã hết thời gian hôm nay",
        ReasonKind.SERVICE: "{rule} đang tắt",
        ReasonKind.CATEGORY: "{category} đang tắt",
        ReasonKind.DEFAULT: "không có trong danh sách cho phép",
        ReasonKind.SAFE_SEARCH: "tìm kiếm an toàn",
        ReasonKind.CLOCK: "đồng hồ của bộ lọc bị sai",
        ReasonKind.LOOK_ALIKE: "giả dạng {matched}, vốn bị chặn",
        ReasonKind.UPSTREAM: "máy chủ DNS phía trên đã chặn",
        ReasonKind.HOME_ADDRESS: "dẫn đến địa chỉ trong nhà",
        ReasonKind.LOCAL: "tên trong nhà",
        ReasonKind.CLIENT: "thiết bị này không được hỏi ở đây",
        ReasonKind.MALFORMED: "truy vấn sai dạng",
        ReasonKind.FAILURE: "lỗi bên trong",
    },
}


_OTHERWISE = {
    "en": {
        (ReasonKind.SERVICE, Action.REWRITE): "{rule} is restricted",
        (ReasonKind.SAFE_SEARCH, Action.BLOCK): "a search engine without a safe mode",
    },
    "vi": {
        (ReasonKind.SERVICE, Action.REWRITE): "{rule} ở chế độ hạn chế",
        (ReasonKind.SAFE_SEARCH, Action.BLOCK): "công cụ tìm kiếm không có chế độ an toàn",
    },
}
"""Where the same kind of rule may do several things."""
_BY_ID: Mapping[str, str] = MappingProxyType({})


def reason_words(
    reason: Reason, action: Action = Action.BLOCK, language: str = "en", titles: Mapping[str, str] = _BY_ID
) -> str:
    """A short phrase, e.g. ``tiktok is off``; the text of an extended error stays far below 200 bytes (RFC 8914).

    ``titles``: what categories are called in that language; one without a title goes by its id.
    """
    language = language if language in _WORDS else "en"
    words = _OTHERWISE[language].get((reason.kind, action)) or _WORDS[language][reason.kind]
    category = reason.category or reason.rule
    return words.format(rule=reason.rule, category=titles.get(category, category), matched=reason.matched)


_OUTCOMES = {
    "en": {
        "allowed": "open",
        "blocked": "closed: {words}",
        "rewritten": "safe mode: {target}",
        "until": ", until {time}",
    },
    "vi": {"allowed": "mở", "blocked": "đóng: {words}", "rewritten": "an toàn: {target}", "until": ", đến {time}"},
}
_SOON = 18 * 3600
"""Seconds for which a time of day alone is clear."""


def verdict_words(
    decision: Decision,
    until: float,
    now: float,
    zone: tzinfo,
    language: str = "en",
    titles: Mapping[str, str] = _BY_ID,
) -> str:
    """``closed: tiktok is off, until 20:30``: what happens to a name, and until when (epoch seconds) if it is known."""
    outcomes = _OUTCOMES.get(language, _OUTCOMES["en"])
    if decision.reason.kind is ReasonKind.LOCAL:
        return reason_words(decision.reason, decision.action, language)
    reason = reason_words(decision.reason, decision.action, language, titles)
    words = outcomes[decision.action].format(words=reason, target=decision.target)
    return words + (outcomes["until"].format(time=_time(until, now, zone, language)) if isfinite(until) else "")


def _time(instant: float, now: float, zone: tzinfo, language: str) -> str:
    if language != "vi":
        return when(instant, now, zone)
    return datetime.fromtimestamp(instant, zone).strftime("%H:%M" if instant - now < _SOON else "%H:%M %d/%m")
