"""What the header of a compiled list says and what it may be called; damage is in ``test_artefact``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from safedns.blocklist.header import VERSION, Header, SkippedCount, Table, header_path, previous_path, read_header
from safedns.errors import ListError

HEADER = Header(
    version=VERSION,
    name="ads",
    category="adult",
    part="porn",
    source_format="adblock",
    source_digest="0" * 64,
    compiled_with="1.2.3",
    built=1000.5,
    read=10,
    subsumed=3,
    entries=6,
    exceptions="beat all",
    skipped={"a reason": SkippedCount(2, 7, "Trò chơi")},
    tables={
        "exact": Table("ads.2.exact", 2, 200, "2" * 64),
        "below": Table("ads.1.below", 4, 100, "1" * 64),
        "allow": Table("ads.3.allow", 1, 50, "3" * 64),
    },
)


def test_a_header_is_read_as_it_was_written(tmp_path: Path) -> None:
    header_path(tmp_path, "ads").write_bytes(HEADER.to_json())
    assert read_header(tmp_path, "ads") == HEADER


def test_every_table_takes_room() -> None:
    assert HEADER.size == 350


def test_the_header_before_is_read_from_its_own_file(tmp_path: Path) -> None:
    header_path(tmp_path, "ads").write_bytes(HEADER.to_json())
    previous_path(tmp_path, "ads").write_bytes(replace(HEADER, built=1.0).to_json())
    assert read_header(tmp_path, "ads", previous=True).built == 1.0
    assert read_header(tmp_path, "ads") == HEADER


def test_any_changed_byte_is_found(tmp_path: Path) -> None:
    data = HEADER.to_json()
    for place in range(0, len(data), 7):
        header_path(tmp_path, "ads").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(ListError, match=r"is damaged|cannot be read|another version"):
            read_header(tmp_path, "ads")


def test_equal_headers_give_equal_bytes_that_a_person_can_read() -> None:
    turned = replace(HEADER, tables=dict(sorted(HEADER.tables.items())))
    assert turned.to_json() == HEADER.to_json()
    assert "Trò chơi" in HEADER.to_json().decode()


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1, None, "1"])
def test_another_version_is_told_from_damage_whatever_else_it_holds(tmp_path: Path, version: object) -> None:
    header_path(tmp_path, "ads").write_text(json.dumps({"version": version, "of the future": True}))
    with pytest.raises(ListError, match=r"^ads: was compiled by another version of safedns \(.*ads\.json\)$"):
        read_header(tmp_path, "ads")


def test_the_header_of_another_list_is_refused(tmp_path: Path) -> None:
    header_path(tmp_path, "other").write_bytes(HEADER.to_json())
    with pytest.raises(ListError, match=r"is damaged: .*belongs to another list"):
        read_header(tmp_path, "other")
