"""``safedns block``: one thing of a child, for a while."""

from __future__ import annotations

import pytest

from tests.unit.cli.home import Home


@pytest.mark.parametrize(
    ("what", "kind", "target", "told"),
    [
        ("tiktok", "block", ("service", "tiktok"), "tiktok blocked"),
        ("video", "block", ("category", "video"), "video blocked"),
        ("example.com", "block", ("name", "example.com"), "example.com blocked"),
        ("internet", "pause", ("internet", ""), "paused"),
    ],
)
def test_a_service_a_category_or_a_name_is_closed_and_the_internet_is_paused(
    home: Home, what: str, kind: str, target: tuple[str, str], told: str
) -> None:
    assert home.said("block", "binh", what, "--for", "1h") == f"Bình: {told} until 20:10\n"
    assert [(row.kind, row.target) for row in home.overrides()] == [(kind, target)]


def test_what_is_to_be_closed_must_be_said(home: Home) -> None:
    assert home.run("block", "binh", "--for", "1h").exit_code == 2
