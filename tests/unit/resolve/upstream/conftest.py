"""What the tests of encrypted transports share: an authority that this process trusts while a test runs."""

from __future__ import annotations

import pytest

from tests.certificates import Authority


@pytest.fixture(scope="session")
def made_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def authority(made_authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    monkeypatch.setenv("SSL_CERT_FILE", str(made_authority.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(made_authority.file.parent / "none"))
    return made_authority
