"""What several tests of the running program share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.namespaces import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that another user can reach."""
    with open_folder() as made:
        yield made


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    """The same for all tests of a module."""
    with open_folder() as made:
        yield made
