"""All lists and services, opened together: what is found, and that a broken part costs only itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.compile import compile_list
from safedns.blocklist.library import SMALL_LIST, Hit, Library, open_library
from safedns.errors import ListError
from tests.unit.blocklist.sample import write_data, write_names


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    for name, category, names in (
        ("b-social", "social", ["chat.example"]),
        ("a-adult", "adult", ["bad.example"]),
        ("c-social", "social", ["example.org", "www.chat.example"]),
    ):
        source = write_names(tmp_path / f"{name}.txt", *names)
        compile_list(source, name=name, category=category, folder=state / "lists", now=1.0)
    return state


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


def names(library: Library) -> list[str]:
    return [artefact.name for artefact in library.artefacts]


def test_everything_is_opened_and_sorted_into_categories(state: Path, data: Path) -> None:
    library = open_library(state, data=data)
    assert names(library) == ["a-adult", "b-social", "c-social"]
    assert {category: [a.name for a in lists] for category, lists in library.by_category.items()} == {
        "adult": ["a-adult"],
        "social": ["b-social", "c-social"],
    }
    assert set(library.categories) == {"adult", "social"}
    assert set(library.services) == {"chat"}
    assert set(library.safe_search.engines) == {"google", "youtube"}
    assert library.problems == ()


def test_only_the_lists_asked_for_are_opened_and_absent_ones_are_told(state: Path, data: Path) -> None:
    library = open_library(state, data=data, only=("c-social", "d-social"))
    assert names(library) == ["c-social"]
    assert library.problems == ("d-social: is not compiled yet",)


def test_a_state_folder_without_lists_opens_empty(tmp_path: Path, data: Path) -> None:
    assert open_library(tmp_path / "nowhere", data=data).artefacts == ()


def test_a_broken_list_is_left_out_and_told(state: Path, data: Path) -> None:
    next((state / "lists").glob("b-social.*.below")).write_bytes(b"")
    library = open_library(state, data=data)
    assert names(library) == ["a-adult", "c-social"]
    [problem] = library.problems
    assert problem.startswith("b-social: its table ")


def test_a_stray_file_is_no_list(state: Path, data: Path) -> None:
    (state / "lists" / "Not A List.json").write_text("{}")
    library = open_library(state, data=data)
    assert names(library) == ["a-adult", "b-social", "c-social"]
    assert library.problems[0].startswith("Not A List: is no list name")


def test_users_services_are_added_and_a_broken_one_is_left_out_and_told(
    state: Path, data: Path, tmp_path: Path
) -> None:
    own = tmp_path / "services"
    own.mkdir()
    (own / "club.yaml").write_text("{title: Club, category: social, names: [club.example]}")
    (own / "typo.yaml").write_text("{title: Typo}")
    library = open_library(state, data=data, extra_service_folders=(own,))
    assert set(library.services) == {"chat", "club"}
    assert library.index.covering(["www.club.example", "club.example"]) == (("club.example", (("club",), ())),)
    assert library.problems == (f"{own / 'typo.yaml'}: names: expected at least one domain name",)


def test_our_own_tables_must_be_there(state: Path, data: Path) -> None:
    (data / "safesearch.yaml").unlink()
    with pytest.raises(ListError, match=r"safesearch\.yaml: cannot be read"):
        open_library(state, data=data)


def test_a_search_finds_every_list_and_service_with_the_entry(state: Path, data: Path) -> None:
    library = open_library(state, data=data)
    assert library.search("www.chat.example") == [
        Hit("list", "b-social", "social", "chat.example"),
        Hit("list", "c-social", "social", "www.chat.example"),
        Hit("service", "chat", "social", "chat.example"),
    ]
    assert library.search("www.cdn.example") == [Hit("shared", "chat", "social", "cdn.example")]
    assert library.search("other.example") == []


@pytest.mark.parametrize(
    ("small", "indexed"), [(SMALL_LIST, {"a-adult", "b-social", "c-social"}), (1, {"a-adult", "b-social"}), (0, set())]
)
def test_small_lists_go_into_the_index_and_a_search_finds_the_same(
    state: Path, data: Path, small: int, indexed: set[str]
) -> None:
    library = open_library(state, data=data, small=small)
    assert {artefact.name for artefact in library.index.lists} == indexed
    for name in ("www.chat.example", "bad.example", "sub.example.org", "cdn.example", "."):
        assert library.search(name) == open_library(state, data=data, small=0).search(name)


@pytest.mark.parametrize("rule", ["alone.example", "@@||good.bad.example^"])
def test_a_list_that_is_more_than_names_with_all_below_them_never_goes_into_the_index(
    tmp_path: Path, state: Path, data: Path, rule: str
) -> None:
    source = write_names(tmp_path / "rules.txt", "! rules", "||bad.example^", rule)
    compile_list(source, name="a-adult", category="adult", folder=state / "lists", now=1.0, format="adblock")
    library = open_library(state, data=data)
    assert {artefact.name for artefact in library.index.lists} == {"b-social", "c-social"}


def test_a_list_that_is_damaged_gives_way_to_the_version_before(state: Path, data: Path, tmp_path: Path) -> None:
    source = write_names(tmp_path / "new.txt", "new.example")
    header = compile_list(source, name="b-social", category="social", folder=state / "lists", now=2.0)
    (state / "lists" / header.tables["below"].file).write_bytes(b"")
    library = open_library(state, data=data)
    assert names(library) == ["a-adult", "b-social", "c-social"]
    assert [hit.id for hit in library.search("chat.example")] == ["b-social", "chat"]
    [problem] = library.problems
    assert problem.startswith("b-social: its table ")
    assert problem.endswith("; the version before serves")


def test_a_list_whose_header_is_gone_serves_the_version_before(state: Path, data: Path, tmp_path: Path) -> None:
    source = write_names(tmp_path / "new.txt", "new.example")
    compile_list(source, name="b-social", category="social", folder=state / "lists", now=2.0)
    (state / "lists" / "b-social.json").unlink()
    library = open_library(state, data=data, only=("b-social",))
    assert library.search("chat.example")[0].id == "b-social"
    assert library.problems == ("b-social: is not compiled yet; the version before serves",)


def test_a_pattern_is_found_as_its_maker_wrote_it(tmp_path: Path, state: Path, data: Path) -> None:
    source = write_names(tmp_path / "rules.txt", "! rules", "/^ads[0-9]/", "||typed.example^$dnstype=HTTPS")
    compile_list(source, name="a-adult", category="adult", folder=state / "lists", now=1.0, format="adblock")
    library = open_library(state, data=data)
    assert library.search("ads1.example") == [Hit("list", "a-adult", "adult", "/^ads[0-9]/")]
    assert library.search("www.typed.example") == [Hit("list", "a-adult", "adult", "typed.example")]


def test_a_list_that_lets_a_name_through_says_which_of_its_exceptions_does(
    tmp_path: Path, state: Path, data: Path
) -> None:
    rules = ("! rules", "||bad.example^", "@@||good.bad.example^", "/^ads[0-9]/", "@@/^ads7/")
    source = write_names(tmp_path / "rules.txt", *rules)
    compile_list(source, name="a-adult", category="adult", folder=state / "lists", now=1.0, format="adblock")
    library = open_library(state, data=data)
    assert library.search("www.good.bad.example") == [Hit("spared", "a-adult", "adult", "good.bad.example")]
    assert library.search("ads7.example") == [Hit("spared", "a-adult", "adult", "@@/^ads7/")]
    assert library.search("good.example") == []


@pytest.mark.parametrize("small", [SMALL_LIST, 0])
def test_names_that_the_household_excepts_are_in_no_list_but_still_in_services(
    state: Path, data: Path, small: int
) -> None:
    library = open_library(state, data=data, small=small, exceptions=("chat.example",))
    spared = Hit("spared", "b-social", "social", "chat.example")
    assert library.search("chat.example") == [spared, Hit("service", "chat", "social", "chat.example")]
    assert [(hit.kind, hit.id) for hit in library.search("www.chat.example")] == [
        ("spared", "b-social"),
        ("list", "c-social"),
        ("service", "chat"),
    ]
    assert [hit.id for hit in library.search("example.org")] == ["c-social"]
    covering = library.index.covering(["www.chat.example", "chat.example", "example"])
    assert [(entry, services, [each.name for each in lists]) for entry, (services, lists) in covering] == [
        *([("www.chat.example", (), ["c-social"])] if small else []),
        ("chat.example", ("chat",), []),
    ]
