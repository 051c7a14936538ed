"""Who made a network card, as its hardware address tells. For people, in ``safedns devices``: no query asks this."""

from __future__ import annotations

import asyncio
import unicodedata

import aiooui

_LOCAL = 0x02


def is_invented(mac: str) -> bool:
    """Whether a device made this hardware address up, as phones do for Wi-Fi (IEEE 802: locally administered)."""
    return bool(int(mac[:2], 16) & _LOCAL)


def vendor_of(mac: str) -> str:
    """The maker's name; empty for an invented address and for one that is not in the table."""
    if is_invented(mac):
        return ""
    if not aiooui.is_loaded():
        asyncio.run(aiooui.async_load())
    name = aiooui.get_vendor(mac) or ""
    return "".join(letter for letter in name if unicodedata.category(letter) != "Cc").strip()
