"""Trust anchors that would do nothing are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.resolve.dnssec.keys import is_supported
from safedns.settings.load import load_settings_with_warnings
from safedns.settings.words import ALGORITHMS

TEXT = """
upstreams:
  servers: [9.9.9.9]
  routes: {routed.example: 192.168.1.1}
dnssec:
  validate: VALIDATE
  negative_trust_anchors: [broken.example]
  trust_anchors: ["NAME DS 1 8 2 DIGEST"]
"""


def warnings(folder: Path, name: str, *, validate: str = "on") -> list[str]:
    text = TEXT.replace("VALIDATE", validate).replace("NAME", name).replace("DIGEST", "0" * 64)
    (folder / "safedns.yaml").write_text(text, encoding="utf-8")
    return [problem.message for problem in load_settings_with_warnings(folder)[1]]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("routed.example", "names under the route `routed.example` are not checked"),
        ("a.routed.example", "names under the route `routed.example` are not checked"),
        ("lan", "names of the home, as under `lan`, are not checked"),
        ("a.home.arpa", "names of the home, as under `home.arpa`, are not checked"),
        ("broken.example", "`broken.example` is in `negative_trust_anchors`"),
    ],
)
def test_an_anchor_where_nothing_is_checked(tmp_path: Path, name: str, why: str) -> None:
    assert warnings(tmp_path, name) == [f"the anchor for `{name}` does nothing: {why}"]
    assert warnings(tmp_path, name, validate="off") == []


@pytest.mark.parametrize("name", [".", "example", "other.example", "unrouted.example", "a.broken.example"])
def test_an_anchor_that_does_something(tmp_path: Path, name: str) -> None:
    assert warnings(tmp_path, name) == []


def test_the_algorithms_of_anchors_can_be_checked() -> None:
    assert all(map(is_supported, ALGORITHMS))
