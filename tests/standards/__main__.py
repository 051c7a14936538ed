"""Writes ``docs/standards.md``: ``python -m tests.standards``."""

from __future__ import annotations

from tests.standards.demands import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
