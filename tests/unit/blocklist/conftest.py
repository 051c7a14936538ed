"""Fixtures of the tests of lists: a web server of our own on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.blocklist.listserver import ListServer


@pytest.fixture
def server() -> Iterator[ListServer]:
    """A web server whose answers the test sets."""
    with ListServer() as running:
        yield running
