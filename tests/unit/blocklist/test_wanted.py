"""Which lists the configuration asks for, and what can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.catalog import Catalogue, load_catalogue
from safedns.blocklist.formats import KNOWN
from safedns.blocklist.wanted import Wanted, check_lists, wanted_lists
from safedns.errors import ConfigError
from safedns.settings.model import ExtraList, ListSettings
from tests.unit.blocklist.sample import write_data

PUBLIC = """
- {name: first, title: F, category: adult, format: hosts, source: "https://a.example/1", mirrors: ["https://b.example/1"],
   licence: MIT, maker: M, homepage: H, recommended: true}
- {name: second, title: S, category: social, format: domains, source: "https://a.example/2",
   licence: MIT, maker: M, homepage: H}
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return load_catalogue(write_data(tmp_path / "data", PUBLIC))


def own(name: str = "mine", category: str = "social", source: str = "mine.txt", form: str | None = None) -> ExtraList:
    return ExtraList(name, category, source, form)


def names(lists: ListSettings, catalogue: Catalogue) -> list[str]:
    return [item.name for item in wanted_lists(lists, catalogue, Path("/config"))]


def test_the_starter_lists_and_the_recommended_ones_are_wanted_unless_said_otherwise(catalogue: Catalogue) -> None:
    starter, first = wanted_lists(ListSettings(), catalogue, Path("/config"))
    assert starter == Wanted("starter-adult", "adult", "domains", catalogue.starters[0])
    sources = ("https://a.example/1", "https://b.example/1")
    assert first == Wanted("first", "adult", "hosts", None, sources, vetoes=frozenset({"museum.test", "club.test"}))


def test_each_list_knows_how_often_it_is_fetched(catalogue: Catalogue) -> None:
    lists = ListSettings(
        refresh=7200,
        extra=(
            ExtraList("often", "social", "https://x.example/l", mirrors=("https://y.example/l",), refresh=3600),
            ExtraList("usual", "social", "https://x.example/m"),
        ),
    )
    hourly = catalogue._replace(lists={"first": catalogue.lists["first"]._replace(refresh_hours=12)})
    assert {item.name: item.refresh for item in wanted_lists(lists, hourly, Path("/config")) if item.file is None} == {
        "first": 43_200,
        "often": 3600,
        "usual": 7200,
    }
    [often] = [item for item in wanted_lists(lists, catalogue, Path("/config")) if item.name == "often"]
    assert often.sources == ("https://x.example/l", "https://y.example/l")


def test_the_user_chooses_by_name_and_may_choose_none(catalogue: Catalogue) -> None:
    assert names(ListSettings(use=("second", "first", "second")), catalogue) == ["starter-adult", "second", "first"]
    assert names(ListSettings(use=()), catalogue) == ["starter-adult"]


def test_an_own_list_is_an_address_or_a_file_beside_the_configuration(catalogue: Catalogue) -> None:
    extra = (
        own("web", source="https://x.example/l"),
        own("beside", source="lists/mine.txt", form="hosts"),
        own("elsewhere", source="/srv/list.txt"),
        own("as-url", source="file:///srv/my%20list.txt"),
        own("as-url-here", source="File://localhost/srv/list.txt"),
        own("as-url-beside", source="file:lists/mine.txt"),
    )
    assert wanted_lists(ListSettings(use=(), extra=extra), catalogue, Path("/config"))[1:] == (
        Wanted("web", "social", None, None, ("https://x.example/l",), own=True, vetoes=frozenset({"museum.test"})),
        Wanted("beside", "social", "hosts", Path("/config/lists/mine.txt"), own=True),
        Wanted("elsewhere", "social", None, Path("/srv/list.txt"), own=True),
        Wanted("as-url", "social", None, Path("/srv/my list.txt"), own=True),
        Wanted("as-url-here", "social", None, Path("/srv/list.txt"), own=True),
        Wanted("as-url-beside", "social", None, Path("/config/lists/mine.txt"), own=True),
    )


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (ListSettings(use=("frist",)), ["lists.use: there is no list 'frist' in the catalogue; did you mean 'first'?"]),
        (
            ListSettings(use=("xyz",)),
            ["lists.use: there is no list 'xyz' in the catalogue; expected one of first, second"],
        ),
        (
            ListSettings(extra=(own(category="sozial"),)),
            ["lists.extra[0].category: there is no category 'sozial'; did you mean 'social'?"],
        ),
        (
            ListSettings(extra=(own("first"), own("mine"), own("mine"))),
            [
                "lists.extra[0].name: another list is called 'first'; choose a name of its own",
                "lists.extra[2].name: another list is called 'mine'; choose a name of its own",
            ],
        ),
        (
            ListSettings(extra=(own("../mine"), own("starter-mine"))),
            [
                f"lists.extra[{index}].name: {name!r} cannot name a list; "
                f"expected lower-case letters, digits, - and _, not starter-..."
                for index, name in enumerate(["../mine", "starter-mine"])
            ],
        ),
        (
            ListSettings(extra=(own(form="bind"),)),
            [f"lists.extra[0].format: 'bind' is unknown; expected one of {KNOWN}"],
        ),
        (
            ListSettings(extra=(own(source="file://nas/l"),)),
            ["lists.extra[0].source: 'file://nas/l' cannot be fetched; expected https://, http:// or a file"],
        ),
        (
            ListSettings(extra=(own(source="ftp://x.example/l"),)),
            ["lists.extra[0].source: 'ftp://x.example/l' cannot be fetched; expected https://, http:// or a file"],
        ),
    ],
)
def test_every_fault_is_told_at_once_with_its_key(
    catalogue: Catalogue, lists: ListSettings, expected: list[str]
) -> None:
    problems = check_lists(lists, catalogue)
    assert [str(problem) for problem in problems] == [f"safedns.yaml: {text}" for text in expected]
    with pytest.raises(ConfigError) as error:
        wanted_lists(lists, catalogue, Path("/config"))
    assert error.value.problems == problems


def test_a_good_configuration_has_no_problems(catalogue: Catalogue) -> None:
    assert check_lists(ListSettings(use=("first",), extra=(own(),)), catalogue) == ()
