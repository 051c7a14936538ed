"""What the tests of transports share: an authority that this process trusts while a test runs, and who asks whom.

``server`` and ``carried`` have the ``face`` that a module or a test gives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.nameserver import NameServer
from tests.unit.resolve.upstream.carriers import NAME, Carried, Face, carrying, serving


@pytest.fixture(scope="session")
def made_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def authority(made_authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(made_authority.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(made_authority.file.parent / "none"))
    return made_authority


@pytest.fixture
def other_authority(authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Authority:
    """The only one that is trusted: nobody knows ``authority`` any more."""
    other = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    return other


@pytest.fixture
def server(face: Face, authority: Authority) -> Iterator[NameServer]:
    with serving(face, authority, NAME, "127.0.0.1") as running:
        yield running


@pytest.fixture
async def carried(face: Face, server: NameServer) -> AsyncIterator[Carried]:
    async with carrying(face, server.port) as carried:
        yield carried
