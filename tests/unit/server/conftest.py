"""The pipe to the recorder that every server flushes to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.server.scripted import Recording


@pytest.fixture
async def recording() -> AsyncIterator[Recording]:
    made = Recording()
    yield made
    made.close()
