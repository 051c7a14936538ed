"""Why, in a few words of the household's language: for the extended error a device is told and the block log."""

from __future__ import annotations

from safedns.policy.decision import Reason, ReasonKind

_WORDS = {
    "en": {
        ReasonKind.OVERRIDE: "a parent decided",
        ReasonKind.SAFETY: "not safe: {rule}",
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
        ReasonKind.LOCAL: "local name",
        ReasonKind.CLIENT: "this device may not ask here",
        ReasonKind.MALFORMED: "malformed query",
        ReasonKind.FAILURE: "internal failure",
    },
    "vi": {
        ReasonKind.OVERRIDE: "theo quyết định của phụ huynh",
        ReasonKind.SAFETY: "không an toàn: {rule}",
        ReasonKind.ALLOW_LIST: "phụ huynh cho phép",
        ReasonKind.BLOCK_LIST: "phụ huynh đã chặn",
        ReasonKind.BEDTIME: "giờ đi ngủ",
        ReasonKind.HOMEWORK: "giờ học bài",
        ReasonKind.WINDOW: "chưa đến giờ",
        ReasonKind.LIMIT: "đã hết thời gian hôm nay",
        ReasonKind.SERVICE: "{rule} đang tắt",
        ReasonKind.CATEGORY: "{category} đang tắt",
        ReasonKind.DEFAULT: "không có trong danh sách cho phép",
        ReasonKind.SAFE_SEARCH: "tìm kiếm an toàn",
        ReasonKind.CLOCK: "đồng hồ của bộ lọc bị sai",
        ReasonKind.LOCAL: "tên trong nhà",
        ReasonKind.CLIENT: "thiết bị này không được hỏi ở đây",
        ReasonKind.MALFORMED: "truy vấn sai dạng",
        ReasonKind.FAILURE: "lỗi bên trong",
    },
}


def reason_words(reason: Reason, language: str = "en") -> str:
    """A short phrase, e.g. ``tiktok is off``; the text of an extended error stays far below 200 bytes (RFC 8914)."""
    words = _WORDS.get(language, _WORDS["en"])
    return words[reason.kind].format(rule=reason.rule, category=reason.category or reason.rule)
