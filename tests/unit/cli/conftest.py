"""What the tests of commands by which parents decide share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A household on a Friday evening, without a daemon."""
    return Home(tmp_path, monkeypatch)
