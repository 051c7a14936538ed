"""What the tests of commands by which parents decide share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A household on a Friday evening, without a daemon."""
    return Home(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def our_own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that steps back would slow down all tests after it: it runs in our process here."""
    monkeypatch.setattr("safedns.cli.lists.step_back", lambda: None)
