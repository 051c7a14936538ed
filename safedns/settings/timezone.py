"""Time zones by their IANA names: checking one, finding the machine's own, suggesting what was meant."""

from __future__ import annotations

import difflib
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from safedns.yamlfile.messages import show

_MEANT = {
    "asia/hanoi": "Asia/Ho_Chi_Minh",
    "asia/danang": "Asia/Ho_Chi_Minh",
    "vietnam": "Asia/Ho_Chi_Minh",
    "utc+7": "Asia/Ho_Chi_Minh",
    "gmt+7": "Asia/Ho_Chi_Minh",
}
"""What families here are likely to write and no zone is called."""


def zone_name(text: str) -> str:
    """A zone that exists, or ``auto``; ``ValueError`` suggests the nearest one."""
    if text == "auto" or _exists(text):
        return text
    known = {zone.casefold(): zone for zone in available_timezones()}
    cities = {zone.rpartition("/")[2]: full for zone, full in known.items()}
    wanted = text.casefold().replace(" ", "_")
    near = difflib.get_close_matches(wanted, [*known, *cities], n=1, cutoff=0.7)
    meant = _MEANT.get(wanted) or (known.get(near[0]) or cities[near[0]] if near else None)
    hint = f"did you mean `{meant}`?" if meant else "expected a name such as `Asia/Ho_Chi_Minh`, or `auto`"
    raise ValueError(f"{show(text)} is not a time zone; {hint}")


def machine_zone(etc: Path = Path("/etc")) -> str:
    """The zone that this machine is set to (``/etc/timezone``, then the link ``/etc/localtime``), else ``UTC``."""
    try:
        written = (etc / "timezone").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        written = ""
    try:
        linked = str((etc / "localtime").readlink()).rpartition("zoneinfo/")[2]
    except OSError:
        linked = ""
    return next((zone for zone in (written, linked) if zone and _exists(zone)), "UTC")


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not found; not a relative path; a folder of zones
        return False
    return True
