"""Time zones by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.settings.timezone import machine_zone, zone_name


@pytest.mark.parametrize("name", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "UTC", "auto"])
def test_a_zone_that_exists_is_taken(name: str) -> None:
    assert zone_name(name) == name


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Asia/Ho_Chi_Min", "`Asia/Ho_Chi_Min` is not a time zone; did you mean `Asia/Ho_Chi_Minh`?"),
        ("Asia/Hanoi", "`Asia/Hanoi` is not a time zone; did you mean `Asia/Ho_Chi_Minh`?"),
        ("berlin", "`berlin` is not a time zone; did you mean `Europe/Berlin`?"),
        ("Asia", "`Asia` is not a time zone; "),
        ("../zoneinfo/UTC", "`../zoneinfo/UTC` is not a time zone; "),
        ("xyzzy", "`xyzzy` is not a time zone; expected a name such as `Asia/Ho_Chi_Minh`, or `auto`"),
        ("", "`` is not a time zone; expected a name such as `Asia/Ho_Chi_Minh`, or `auto`"),
        ("a\0b", "`a?b` is not a time zone; expected a name such as `Asia/Ho_Chi_Minh`, or `auto`"),
    ],
)
def test_an_unknown_zone_gets_a_suggestion(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone") as caught:
        zone_name(text)
    assert str(caught.value).startswith(complaint)


def test_the_machine_s_zone_is_what_its_files_say(tmp_path: Path) -> None:
    assert machine_zone(tmp_path) == "UTC"
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Paris")
    assert machine_zone(tmp_path) == "Europe/Paris"
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert machine_zone(tmp_path) == "Asia/Tokyo"
    (tmp_path / "timezone").write_text("Nowhere/Land\n")
    assert machine_zone(tmp_path) == "Europe/Paris"
    (tmp_path / "timezone").write_bytes(b"\xff")
    assert machine_zone(tmp_path) == "Europe/Paris"
