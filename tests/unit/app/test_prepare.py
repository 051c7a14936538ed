"""What the supervisor learns from the configuration, and what the resolvers are to open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from safedns.app.household import unseal
from safedns.app.prepare import prepare
from safedns.blocklist.catalog import load_catalogue
from safedns.errors import ConfigError
from safedns.supervisor.plan import Prepared
from tests.certificates import Authority

SETTINGS: dict[str, Any] = {
    "timezone": "Asia/Ho_Chi_Minh",
    "listen": {"dns": ["127.0.0.1:5300", "[::1]:5300"], "metrics": "127.0.0.1:9153"},
    "upstreams": {"servers": ["9.9.9.9"]},
    "workers": 2,
    "log": {"keep": "30 days"},
}
FAMILY: dict[str, Any] = {
    "children": {"binh": {"name": "Bình", "preset": "open", "devices": ["127.0.0.3", "192.168.1.32"]}},
    "groups": {"adults": {"preset": "open"}},
    "unknown": "adults",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


def prepared(config: Path, **changes: Any) -> Prepared:
    """Save and prepare; ``changes`` are sections of ``safedns.yaml``."""
    (config / "safedns.yaml").write_text(yaml.safe_dump(SETTINGS | changes))
    (config / "family.yaml").write_text(yaml.safe_dump(FAMILY, allow_unicode=True))
    return prepare(config, config.parent / "state")


def test_the_plan_holds_what_the_process_tree_needs(config: Path) -> None:
    plan = prepared(config, lists={"use": "none"}).plan
    assert plan.listen == (("dns", "127.0.0.1", 5300), ("dns", "::1", 5300))
    assert plan.metrics == ("127.0.0.1", 9153)
    assert (plan.workers, plan.log_keep) == (2, 30 * 86_400)
    assert plan.tryout == (("Bình", "127.0.0.3"),)
    assert plan.warnings == ()


def test_without_lists_to_fetch_there_is_nothing_to_refresh_and_the_starter_lists_are_compiled(config: Path) -> None:
    made = prepared(config, lists={"use": "none"})
    assert (made.plan.refresh, made.plan.absent) == (0, ())
    starters = {f"starter-{path.stem}" for path in load_catalogue().starters}
    assert set(unseal(made.household).lists) == starters
    assert {path.stem for path in (config.parent / "state" / "lists").glob("*.json")} == starters


def test_public_lists_that_were_never_fetched_are_named_and_not_opened(config: Path) -> None:
    public = tuple(entry.name for entry in load_catalogue().lists.values() if entry.recommended)
    made = prepared(config, lists={"refresh": "12h"})
    assert made.plan.refresh == 12 * 3600
    assert made.plan.absent == public
    assert not set(unseal(made.household).lists) & set(public)


def test_a_list_of_ones_own_is_compiled_and_one_that_cannot_be_read_is_a_warning(config: Path) -> None:
    (config / "own.txt").write_text("bad.example\n")
    extra = [{"name": name, "category": "social", "source": f"{name}.txt"} for name in ("own", "lost")]
    made = prepared(config, lists={"use": "none", "extra": extra})
    assert "own" in unseal(made.household).lists
    doubt, warning = made.plan.warnings
    assert f"there is no file {config / 'lost.txt'}" in doubt
    assert warning.startswith(f"{config / 'lost.txt'}: cannot be read")
    assert made.plan.absent == ()
    assert made.plan.files == (str(config / "own.txt"), str(config / "lost.txt"))


def test_what_waits_for_a_later_version_is_a_warning_of_the_plan(config: Path) -> None:
    plan = prepared(config, lists={"use": "none"}, listen=SETTINGS["listen"] | {"console": "127.0.0.1:8053"}).plan
    assert any("console" in warning for warning in plan.warnings)


def test_the_household_is_the_one_that_was_saved(config: Path) -> None:
    sealed = unseal(prepared(config, lists={"use": "none"}).household)
    assert [profile.id for profile in sealed.policy.profiles] == ["binh", "adults"]
    assert sealed.settings.folder == config


def test_the_certificate_travels_with_the_household_and_its_files_are_watched(config: Path) -> None:
    made = Authority(config).issue("dns.home.example", "*.dns.home.example")
    certificate = {"cert": made.cert.name, "key": str(made.key), "name": "dns.home.example"}
    found = prepared(
        config, lists={"use": "none"}, listen=SETTINGS["listen"] | {"tls": ["[::1]:853"]}, certificate=certificate
    )
    assert found.plan.listen[-1] == ("tls", "::1", 853)
    assert found.plan.files == (str(made.cert), str(made.key))
    credentials = unseal(found.household).credentials
    assert credentials is not None
    assert (credentials.cert, credentials.key) == (made.cert.read_bytes(), made.key.read_bytes())


def test_a_certificate_that_is_of_no_use_is_a_problem_like_any_other(config: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        prepared(
            config, listen=SETTINGS["listen"] | {"tls": ["[::1]:853"]}, certificate={"cert": "no.pem", "key": "no.pem"}
        )


def test_problems_are_raised_all_at_once_and_nothing_is_compiled(config: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        prepared(config, workers="none", timezone="Mars/Olympus")
    assert len(caught.value.problems) == 2
    assert not (config.parent / "state").exists()
