"""Files that appear whole or not at all, and one writer at a time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from safedns.blocklist.files import file_digest, locked, replacing, write_bytes


def test_a_file_appears_under_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "x"
    with replacing(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_while_writing_leaves_the_file_of_before_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_bytes(path, b"before")
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"after" * (1 // 0))
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_behind_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".x.tmp").write_bytes(b"half of something longer")
    write_bytes(tmp_path / "x", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"whole"


def test_a_second_writer_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    with locked(folder, wait=True), pytest.raises(BlockingIOError), locked(folder, wait=False):
        pass
    with locked(folder, wait=False):
        assert folder.is_dir()


def test_the_digest_is_that_of_the_whole_content(tmp_path: Path) -> None:
    data = b"0123456789abcdef" * 200_000
    write_bytes(tmp_path / "x", data)
    assert file_digest(tmp_path / "x") == hashlib.sha256(data).hexdigest()
