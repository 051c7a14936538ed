"""The pipe to the recorder that every server flushes to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.server.encrypted import Trust
from tests.unit.server.scripted import Recording


@pytest.fixture
async def recording() -> AsyncIterator[Recording]:
    made = Recording()
    yield made
    made.close()


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    return Trust(tmp_path)
