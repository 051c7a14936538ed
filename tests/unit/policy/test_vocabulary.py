"""The words that a policy may use come from the data folders."""

from __future__ import annotations

from pathlib import Path

from safedns.policy.vocabulary import service_problems, vocabulary


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
