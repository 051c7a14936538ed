"""Laying what a parent wrote over a preset."""

from __future__ import annotations

from safedns.policy.model import Rules, Switch, merge


def test_scalars_replace_and_what_is_not_said_stays() -> None:
    merged = merge(Rules(default="deny", safe_search=True, log="full"), Rules(default="allow", log="off"))
    assert (merged.default, merged.safe_search, merged.log) == ("allow", True, "off")


def test_services_and_categories_are_laid_over_one_by_one() -> None:
    on, off = Switch("on"), Switch("off")
    merged = merge(Rules(services={"zalo": on, "tiktok": on}), Rules(services={"tiktok": off}))
    assert merged.services == {"zalo": on, "tiktok": off}


def test_names_add_without_repetition() -> None:
    merged = merge(Rules(allow=("a.example", "b.example")), Rules(allow=("b.example", "c.example")))
    assert merged.allow == ("a.example", "b.example", "c.example")


def test_a_parent_may_block_what_the_preset_allows_and_allow_what_it_blocks() -> None:
    preset = Rules(allow=("films.example", "a.example"), block=("chat.example", "b.example"))
    merged = merge(preset, Rules(allow=("chat.example",), block=("films.example",)))
    assert (merged.allow, merged.block) == (("a.example", "chat.example"), ("b.example", "films.example"))
