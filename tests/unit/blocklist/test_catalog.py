"""Categories, public lists and safe search: read from a small folder, and our own folder as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.bundled import bundled
from safedns.blocklist.catalog import CatalogueList, load_catalogue, load_safe_search
from safedns.blocklist.contents import read_list
from safedns.blocklist.formats import KNOWN
from safedns.errors import ListError
from tests.unit.blocklist.sample import write_data, write_names

PUBLIC = """
- name: public-adult
  title: Public adult list
  category: adult
  format: hosts
  source: https://lists.example/adult.hosts
  mirrors: [https://mirror.example/adult.hosts]
  licence: MIT
  maker: Somebody
  homepage: https://lists.example
  language: vi
  entries: 20000
  recommended: true
  overblocks: some forums
  source_category: porn
  refresh_hours: 6
  part: porn
"""


def test_a_public_list_is_read_with_all_that_is_known(tmp_path: Path) -> None:
    catalogue = load_catalogue(write_data(tmp_path, PUBLIC))
    assert catalogue.lists["public-adult"] == CatalogueList(
        name="public-adult",
        title="Public adult list",
        category="adult",
        format="hosts",
        source="https://lists.example/adult.hosts",
        mirrors=("https://mirror.example/adult.hosts",),
        licence="MIT",
        maker="Somebody",
        homepage="https://lists.example",
        language="vi",
        entries=20000,
        recommended=True,
        overblocks="some forums",
        source_category="porn",
        refresh_hours=6,
        part="porn",
    )


def test_categories_have_titles_in_both_languages_and_say_whether_they_are_for_safety(tmp_path: Path) -> None:
    categories = load_catalogue(write_data(tmp_path)).categories
    assert dict(categories["adult"].title) == {"en": "Adult", "vi": "Người lớn"}
    assert {name: category.safety for name, category in categories.items()} == {"adult": True, "social": False}


def test_starter_lists_are_found_by_their_category(tmp_path: Path) -> None:
    assert load_catalogue(write_data(tmp_path)).starters == (tmp_path / "starter" / "adult.txt",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("category: adult", "category: porn", "[0].category: porn is in no categories.yaml"),
        ("name: public-adult", "name: Public Adult", "[0].name: 'Public Adult' is no list name"),
        ("format: hosts", "format: bind", f"[0].format: 'bind' is unknown; expected one of {KNOWN}"),
        ("source: https:", "source: http:", "[0].source: 'http://lists.example/adult.hosts' is no https:// address"),
        ("[https://mirror", "[ftp://mirror", "[0].source: 'ftp://mirror.example/adult.hosts' is no https:// address"),
        ("entries: 20000", "entries: many", "[0].entries: expected a whole number, not str"),
        ("recommended: true", "recommended: 1", "[0].recommended: expected true or false, not int"),
        ("licence: MIT", "license: MIT", "[0].license: unknown key; expected one of name, title"),
    ],
)
def test_a_fault_in_the_catalogue_is_told_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = write_data(tmp_path, PUBLIC.replace(old, new))
    with pytest.raises(ListError) as error:
        load_catalogue(folder)
    assert str(error.value).startswith(f"{folder / 'catalogue.yaml'}: {message}")


def test_a_list_may_occur_only_once(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="public-adult occurs twice"):
        load_catalogue(write_data(tmp_path, PUBLIC + PUBLIC))


def test_a_catalogue_that_is_no_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="expected a list of mappings, not dict"):
        load_catalogue(write_data(tmp_path, "{a: 1}"))


def test_a_starter_list_without_a_category_is_refused(tmp_path: Path) -> None:
    folder = write_data(tmp_path)
    write_names(folder / "starter" / "unheard.txt", "a.example")
    with pytest.raises(ListError, match=r"unheard\.txt: unheard is in no categories\.yaml"):
        load_catalogue(folder)


def test_safe_search_has_one_target_or_one_a_mode(tmp_path: Path) -> None:
    safe_search = load_safe_search(write_data(tmp_path) / "safesearch.yaml")
    assert {name: dict(engine.targets) for name, engine in safe_search.engines.items()} == {
        "google": {"on": "forcesafesearch.google.com"},
        "youtube": {"moderate": "restrictmoderate.youtube.com", "strict": "restrict.youtube.com"},
    }
    assert safe_search.engines["google"].names == ("www.google.com", "google.com")
    assert safe_search.blocked == ("search.example",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engines: {a: {names: [a.example]}}", "engines.a.target: expected a domain name here"),
        ("engines: {a: {target: a..b, names: [a.example]}}", "engines.a.target: 'a..b' has an empty label"),
        ("engines: {a: {target: b.example, name: [a.example]}}", "engines.a.name: unknown key"),
        ("engine: {}", "engine: unknown key; expected one of engines, blocked"),
    ],
)
def test_a_fault_in_safe_search_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "safesearch.yaml"
    path.write_text(text)
    with pytest.raises(ListError) as error:
        load_safe_search(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_our_own_data_can_be_read() -> None:
    assert any(entry.recommended for entry in load_catalogue().lists.values())
    assert {"google", "youtube", "bing"} <= set(load_safe_search(bundled("blocklists", "safesearch.yaml")).engines)


def test_our_own_starter_lists_hold_names_and_nothing_that_is_skipped() -> None:
    starters = load_catalogue().starters
    contents = {path.stem: read_list(path, "domains") for path in starters}
    assert {name: each.skipped for name, each in contents.items() if each.skipped or not each.entries} == {}
    assert "adult" in contents
