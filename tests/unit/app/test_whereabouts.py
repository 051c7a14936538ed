"""A directory is kept up to date: by the kernel at once, by lease files when they are named and when they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from safedns.app import whereabouts
from safedns.app.whereabouts import Whereabouts
from safedns.lan.directory import Directory
from safedns.lan.neighbours import neighbours_now
from tests.fakes import FakeClock

MAC, OTHER = "aa:bb:cc:dd:ee:01", "aa:bb:cc:dd:ee:02"
PHONE = "192.168.99.31"


@pytest.fixture
def lan() -> Directory:
    return Directory()


@pytest.fixture
async def followed(lan: Directory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Whereabouts]:
    monkeypatch.setattr(whereabouts, "_LOOK", 0.01)
    made = Whereabouts(lan, FakeClock())
    yield made
    made.close()


async def until_known(lan: Directory, mac: str) -> None:
    async with asyncio.timeout(5):
        while lan.mac_of(PHONE) != mac:  # noqa: ASYNC110 - a file tells nobody that it has changed
            await asyncio.sleep(0.005)


async def test_what_the_kernel_has_met_is_known_from_the_start(lan: Directory, followed: Whereabouts) -> None:
    assert {address: lan.mac_of(address) for address, _ in neighbours_now()} == dict(neighbours_now())


async def test_lease_files_are_known_once_named_follow_changes_and_are_forgotten_when_no_longer_named(
    lan: Directory, followed: Whereabouts, tmp_path: Path
) -> None:
    file = tmp_path / "leases"
    file.write_text(f"0 {MAC} {PHONE} an *\n")
    await followed.use([file])
    assert (lan.mac_of(PHONE), lan.host_of(PHONE, MAC)) == (MAC, "an")
    file.write_text(f"0 {OTHER} {PHONE} another *\n")
    await until_known(lan, OTHER)
    await followed.use([file])
    assert lan.mac_of(PHONE) == OTHER
    await followed.use([])
    assert lan.mac_of(PHONE) == ""
