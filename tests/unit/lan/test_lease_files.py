"""Lease files are read when they have changed, and keep what they said while they cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.lan.lease_files import LeaseFiles
from safedns.lan.leases import Lease

NOW = 1_795_800_000.0
AN, TV = "0 aa:bb:cc:dd:ee:01 192.168.1.31 an *\n", "0 aa:bb:cc:dd:ee:02 192.168.1.32 tv *\n"
AN_LEASE, TV_LEASE = Lease("192.168.1.31", "aa:bb:cc:dd:ee:01", "an"), Lease("192.168.1.32", "aa:bb:cc:dd:ee:02", "tv")


def test_a_file_is_read_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "leases"
    file.write_text(AN)
    files = LeaseFiles([file])
    assert files.look(NOW) == (AN_LEASE,)
    assert files.look(NOW) is None
    file.write_text(AN + TV)
    assert files.look(NOW) == (AN_LEASE, TV_LEASE)


def test_one_that_cannot_be_read_is_told_once_and_keeps_what_it_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, late = tmp_path / "leases", tmp_path / "late"
    file.write_text(AN)
    files = LeaseFiles([file, late])
    assert files.look(NOW) == (AN_LEASE,)
    file.unlink()
    assert files.look(NOW) is None
    assert files.look(NOW) is None
    assert [record.getMessage() for record in caplog.records] == [
        f"the lease file {late} cannot be read: No such file or directory",
        f"the lease file {file} cannot be read: No such file or directory",
    ]
    late.write_text(TV)
    assert files.look(NOW) == (AN_LEASE, TV_LEASE)
