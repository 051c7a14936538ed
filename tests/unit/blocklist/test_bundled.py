"""Finding our own data: beside the package, else in the installation, else a clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist import bundled as module
from safedns.blocklist.bundled import bundled
from safedns.errors import ListError


def make(root: Path) -> Path:
    (root / "blocklists").mkdir(parents=True)
    return root / "blocklists"


def test_a_checkout_comes_first_then_the_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(module, "_INSTALLED", tmp_path / "share")
    installed = make(tmp_path / "share")
    assert bundled("blocklists") == installed
    checkout = make(tmp_path / "checkout")
    assert bundled("blocklists") == checkout


def test_data_that_is_nowhere_is_told_with_the_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(module, "_INSTALLED", tmp_path / "share")
    with pytest.raises(ListError) as error:
        bundled("config", "presets")
    places = f"{tmp_path}/checkout/config/presets, {tmp_path}/share/config/presets"
    assert str(error.value) == f"config/presets: is missing from this installation (looked in {places}); install again"


def test_this_checkout_holds_the_data() -> None:
    assert bundled("blocklists", "services").is_dir()
