"""A household that the demands are played on, with one name of each kind, and the doors that it can be asked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import Authority
from tests.house import House
from tests.standards.doors import Doors
from tests.unit.server.encrypted import Trust
from tests.unit.server.scripted import Recording
from tests.worlds import Signed

FAMILY: dict[str, Any] = {
    "children": {
        "binh": {
            "preset": "open",
            "devices": ["127.0.0.3"],
            "block": ["blocked.example"],
            "services": {"youtube": "moderate"},
            "log": "full",
        }
    },
    "groups": {"adults": {"preset": "open", "devices": ["127.0.0.1"], "log": "off"}},
    "unknown": "adults",
}
TABLE = {
    "www.example.com A": ["www.example.com 300 IN A 192.0.2.1"],
    "alias.example.com A": [
        "alias.example.com 300 IN CNAME www.example.com.",
        "www.example.com 200 IN A 192.0.2.1",
    ],
    "empty.example.com A": ["NODATA"],
    "big.example.com TXT": [f'big.example.com 60 IN TXT "{number:0200d}"' for number in range(20)],
    "failing.example.com A": ["SERVFAIL"],
    "restrictmoderate.youtube.com A": ["AD", "restrictmoderate.youtube.com 300 IN A 216.239.38.119"],
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, table=TABLE)
    house.save(family=FAMILY)
    return house


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    """A household that checks signatures, on an Internet that has them."""
    return Signed(tmp_path)


@pytest.fixture
async def doors(house: House, tmp_path: Path) -> AsyncIterator[Doors]:
    recording = Recording()
    yield Doors(house, recording.flusher, Trust(tmp_path))
    recording.close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Vouches for upstreams while a test runs."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    made = Authority(folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder / "none"))
    return made
