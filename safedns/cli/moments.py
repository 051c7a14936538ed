"""Moments as people type them, past and to come: ``30m`` ago, ``21:30``, ``2026-11-23 21:30``. Pure: the present comes
as an argument.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_AGO = re.compile(r"(\d{1,9})\s*([smhdw])", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)


def parse_moment(text: str, now: float, zone: tzinfo | None) -> float:
    """Seconds since the epoch; raises ``ValueError`` with what was expected.

    ``now`` likewise; ``zone`` is whose wall clock is meant (``None``: the machine's). A time of day alone is the last
    time that it was so late; a date alone is its midnight.
    """
    given = text.strip()
    if ago := _AGO.fullmatch(given):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        if _CLOCK.fullmatch(given):
            return _last(time.fromisoformat(given.zfill(5)), now, zone)
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time; expected how long ago (30m, 2h, 1d), 21:30, or '2026-11-23 21:30'"
        ) from None


def parse_end(text: str, now: float, zone: tzinfo) -> float:
    """When something that begins ``now`` ends: a time of day, the next time that the clocks of ``zone`` show it, or a
    date and time. Seconds since the epoch; raises ``ValueError`` with what was expected.
    """
    given = "00:00" if text.strip() == "24:00" else text.strip()
    try:
        if _CLOCK.fullmatch(given):
            return _next(time.fromisoformat(given.zfill(5)), now, zone)
        moment = datetime.fromisoformat(given)
        end = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time; expected 20:30, bedtime, or '2026-11-23 20:30'") from None
    if end <= now:
        raise ValueError(f"{text!r} is over already")
    return end


def _next(clock: time, now: float, zone: tzinfo) -> float:
    """One that the clocks skip is meant as they would have shown it; of one that they show twice the next counts."""
    today = datetime.fromtimestamp(now, zone).date()
    moments = [datetime.combine(today + timedelta(number), clock, zone) for number in range(3)]
    first = [moment.timestamp() for moment in moments]
    again = [max(instant, moment.replace(fold=1).timestamp()) for instant, moment in zip(first, moments, strict=True)]
    return min(instant for instant in (*first, *again) if instant > now)


def _last(clock: time, now: float, zone: tzinfo | None) -> float:
    today = datetime.fromtimestamp(now, zone)
    moment = datetime.combine(today.date(), clock, zone)
    if moment.timestamp() > now:
        moment = datetime.combine(today.date() - timedelta(days=1), clock, zone)
    return moment.timestamp()
