"""What all scenarios share: our starter lists, compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.library import lists_folder
from tests.house import House


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of compiled starter lists, as ``safedns serve`` would make it."""
    house = House(tmp_path_factory.mktemp("starter-lists"), starter_lists=True)
    house.save()
    return lists_folder(house.state)
