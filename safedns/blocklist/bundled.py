"""Where the data that comes with safedns lies: beside the package in a checkout, under ``share`` when installed."""

from __future__ import annotations

import sys
from pathlib import Path

from safedns.errors import ListError

_CHECKOUT = Path(__file__).resolve().parents[2]
_INSTALLED = Path(sys.prefix) / "share" / "safedns"


def bundled(*parts: str) -> Path:
    """The folder or file of our data, e.g. ``bundled("blocklists", "starter")``; ``ListError`` when it is absent."""
    places = [root.joinpath(*parts) for root in (_CHECKOUT, _INSTALLED)]
    for place in places:
        if place.exists():
            return place
    raise ListError(
        "/".join(parts), f"is missing from this installation (looked in {', '.join(map(str, places))}); install again"
    )
