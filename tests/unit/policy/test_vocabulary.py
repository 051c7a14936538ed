"""The words that a policy may use come from the data folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.policy.live import Target
from safedns.policy.vocabulary import Vocabulary, service_problems, vocabulary

WORDS = Vocabulary(frozenset({"games", "social"}), frozenset({"roblox", "social"}))


def test_our_own_data_knows_the_usual_words(tmp_path: Path) -> None:
    known = vocabulary(tmp_path)
    assert {"adult", "malware", "bypass", "social", "games", "kids", "learning"} <= known.categories
    assert {"youtube", "tiktok", "roblox", "zalo"} <= known.services


def test_a_family_may_describe_services_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "our-game.yaml").write_text("title: Our game\ncategory: games\nnames: [game.example]\n")
    assert "our-game" in vocabulary(tmp_path).services
    assert list(service_problems(tmp_path)) == []


def test_a_service_file_that_cannot_be_read_is_a_problem_of_that_file(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    path = tmp_path / "services" / "our-game.yaml"
    path.write_text("title: Our game\ncategory: games\nnames: []\n")
    assert [str(problem) for problem in service_problems(tmp_path)] == [
        f"{path}: names: expected at least one domain name"
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("internet", Target("internet")),
        ("games", Target("category", "games")),
        ("roblox", Target("service", "roblox")),
        ("social", Target("category", "social")),  # both: the wider is meant
        ("Forum.Example.", Target("name", "forum.example")),
        ("trò-chơi.vn", Target("name", "xn--tr-chi-4wa71l.vn")),
    ],
)
def test_a_word_means_a_category_a_service_or_a_site(word: str, expected: Target) -> None:
    assert WORDS.target(word) == expected


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("robloks", "`robloks` is not a category, a service or a site; did you mean `roblox`?"),
        ("https://x.example/", "`https://x.example/` is more than a name; write just x.example"),
        ("10.0.0.1", "`10.0.0.1` is an address; expected a name such as x.com"),
    ],
)
def test_any_other_word_is_refused_with_what_was_meant(word: str, complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        WORDS.target(word)
    assert str(caught.value) == complaint
