"""Noticing that a parent saved a file."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from safedns.supervisor.watch import look


def test_saving_in_place_by_replacing_and_adding_and_removing_are_all_noticed(tmp_path: Path) -> None:
    family = tmp_path / "family.yaml"
    family.write_text("a")
    looks = [look(tmp_path)]
    family.write_text("ab")
    looks.append(look(tmp_path))
    (tmp_path / "new").write_text("xy")
    (tmp_path / "new").replace(family)
    looks.append(look(tmp_path))
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "6-9.yaml").write_text("title: x")
    looks.append(look(tmp_path))
    (tmp_path / "presets" / "6-9.yaml").unlink()
    looks.append(look(tmp_path))
    assert all(before != after for before, after in pairwise(looks))


def test_what_is_not_configuration_is_not_looked_at(tmp_path: Path) -> None:
    before = look(tmp_path)
    (tmp_path / ".family.yaml.swp").write_text("an editor's own file")
    (tmp_path / ".#family.yaml").symlink_to("somebody@somewhere")
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    (tmp_path / "notes.txt").write_text("milk")
    assert look(tmp_path) == before


def test_a_file_of_the_same_size_saved_within_a_second_is_noticed(tmp_path: Path) -> None:
    family = tmp_path / "family.yaml"
    family.write_text("on!")
    os.utime(family, ns=(1_000_000_000, 1_000_000_000))
    before = look(tmp_path)
    family.write_text("off")
    os.utime(family, ns=(1_000_000_000, 1_000_000_001))
    assert look(tmp_path) != before
