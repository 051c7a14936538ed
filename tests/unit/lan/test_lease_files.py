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


KEA = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"


def kea(*addresses: str, expire: float = NOW + 60) -> str:
    return KEA + "".join(f"{address},aa:bb:cc:dd:ee:01,,60,{expire:.0f},1,0,0,an,0,\n" for address in addresses)


def addresses(files: LeaseFiles) -> set[str]:
    return {lease.address for lease in files.look(NOW) or ()}


def test_what_kea_has_set_aside_counts_until_its_own_file_says_otherwise(tmp_path: Path) -> None:
    """Each step of its cleaning up, as it leaves the files."""
    file, old, older, done = (tmp_path / f"leases.csv{suffix}" for suffix in ("", ".1", ".2", ".completed"))
    file.write_text(kea("192.168.1.31", "192.168.1.32"))
    files = LeaseFiles([file])
    assert addresses(files) == {"192.168.1.31", "192.168.1.32"}
    file.rename(old)
    file.write_text(KEA)
    assert addresses(files) == {"192.168.1.31", "192.168.1.32"}
    done.write_text(kea("192.168.1.31", "192.168.1.33"))
    assert addresses(files) == {"192.168.1.31", "192.168.1.33"}
    done.rename(older)
    old.unlink()
    assert addresses(files) == {"192.168.1.31", "192.168.1.33"}
    file.write_text(kea("192.168.1.31", expire=NOW - 1))
    assert addresses(files) == {"192.168.1.33"}
    assert files.look(NOW) is None


def test_old_files_of_other_servers_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "leases"
    file.write_text(AN)
    (tmp_path / "leases.1").write_text(TV)
    assert LeaseFiles([file]).look(NOW) == (AN_LEASE,)
