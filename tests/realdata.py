"""Where the real lists and names lie: beside the checkout, never inside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def real_data() -> Path:
    """Folder of the real lists; skips the calling test, with the reason, where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SAFEDNS_TEST_DATA", default))
    if not (folder / "lists").is_dir():
        pytest.skip(f"no real lists in {folder} (set SAFEDNS_TEST_DATA to a folder that holds them)")
    return folder
