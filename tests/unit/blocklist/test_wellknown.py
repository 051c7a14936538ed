"""Names that everybody needs: which lists may hold them, and which would newly block one."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.bundled import bundled
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.compile import write_artefact
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.wellknown import WellKnown, load_well_known, newly_blocked
from safedns.errors import ListError
from tests.realdata import real_data

KNOWN: WellKnown = {
    "www.search.test": frozenset(),
    "pictures.test": frozenset({"social", "messaging"}),
    "bank.test": frozenset(),
}


def listing(folder: Path, *rules: str) -> Contents:
    path = folder / "list.txt"
    path.write_text("! rules\n" + "".join(f"{rule}\n" for rule in rules))
    return read_list(path, "adblock")


@pytest.mark.parametrize(
    ("rules", "blocked"),
    [
        (["||other.test^"], []),
        (["||bank.test^", "||pictures.test^"], ["pictures.test", "bank.test"]),
        (["||search.test^"], ["www.search.test"]),
        (["||test^"], ["www.search.test", "pictures.test", "bank.test"]),
        (["||ads.bank.test^"], []),
        (["bank.test"], ["bank.test"]),
        (["||test^", "@@||bank.test^"], ["www.search.test", "pictures.test"]),
        (["||bank.test^", "@@||test^"], []),
        (["||bank.test^$important", "@@||test^"], ["bank.test"]),
        (["/^bank/"], ["bank.test"]),
        (["||bank.test^$dnstype=AAAA"], ["bank.test"]),
        (["||*.test^"], ["www.search.test", "pictures.test", "bank.test"]),
        (["search.test"], []),
    ],
)
def test_a_list_blocks_what_its_entries_cover(tmp_path: Path, rules: list[str], blocked: list[str]) -> None:
    assert newly_blocked(KNOWN, "adult", listing(tmp_path, *rules), None) == blocked


@pytest.mark.parametrize("category", ["social", "messaging"])
def test_a_list_of_the_names_own_category_may_hold_it(tmp_path: Path, category: str) -> None:
    assert newly_blocked(KNOWN, category, listing(tmp_path, "||test^"), None) == ["www.search.test", "bank.test"]


@pytest.mark.parametrize("category", ["learning", "kids"])
def test_a_list_that_opens_may_hold_them_all(tmp_path: Path, category: str) -> None:
    assert newly_blocked(KNOWN, category, listing(tmp_path, "||test^"), None) == []


def test_what_the_serving_version_blocks_already_is_nothing_new(tmp_path: Path) -> None:
    serving = listing(tmp_path, "||bank.test^")
    write_artefact(serving, name="web", category="adult", folder=tmp_path / "lists", now=0)
    artefact = open_artefact(tmp_path / "lists", "web")
    assert newly_blocked(KNOWN, "adult", serving, artefact) == []
    assert newly_blocked(KNOWN, "adult", listing(tmp_path, "||test^"), artefact) == ["www.search.test", "pictures.test"]


def test_each_line_is_a_name_and_the_categories_that_may_block_it(tmp_path: Path) -> None:
    path = tmp_path / "known.txt"
    path.write_text("# all\n\nBank.test.\nPictures.test social  messaging # pictures\nbücher.test\n")
    known = load_well_known(path, {"social", "messaging"})
    assert known == {
        "bank.test": frozenset(),
        "pictures.test": frozenset({"social", "messaging"}),
        "xn--bcher-kva.test": frozenset(),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bank.test sozial\n", "known.txt:1: sozial is in no categories.yaml"),
        ("\na..b\n", "known.txt:2: 'a..b' has an empty label"),
        ("a.test\nA.test\n", "known.txt:2: a.test occurs twice"),
        (None, "known.txt: cannot be read"),
    ],
)
def test_a_fault_in_the_file_is_told_by_line(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "known.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ListError, match=message):
        load_well_known(path, {"social"})


class TestOurs:
    """The file that comes with safedns."""

    @pytest.mark.parametrize("name", ["google.com", "www.apple.com", "captive.apple.com", "vietcombank.com.vn", "vn"])
    def test_it_knows_what_everybody_needs(self, name: str) -> None:
        assert load_catalogue().well_known[name] <= {"search"}

    def test_it_is_small_enough_to_be_looked_through(self) -> None:
        assert 700 <= len(load_catalogue().well_known) <= 1000

    def test_none_of_our_closing_starter_lists_would_be_held_back(self) -> None:
        known = load_catalogue().well_known
        held = {
            path.stem: names
            for path in sorted(bundled("blocklists", "starter").glob("*.txt"))
            if (names := newly_blocked(known, path.stem, read_list(path, "domains"), None))
        }
        assert held == {}

    @pytest.mark.realdata
    @pytest.mark.parametrize(
        ("file", "category"),
        [
            ("hostsvn/adult.domains.txt", "adult"),
            ("hostsvn/gambling.domains.txt", "gambling"),
            ("hostsvn/threat.domains.txt", "malware"),
            ("ut1/games.domains.txt", "games"),
            ("ut1/chat.domains.txt", "messaging"),
            ("ut1/social_networks.domains.txt", "social"),
            ("ut1/audio-video.domains.txt", "video"),
            ("ut1/forums.domains.txt", "forums"),
            ("ut1/shopping.domains.txt", "shopping"),
            ("ut1/press.domains.txt", "news"),
            ("ut1/radio.domains.txt", "music"),
        ],
    )
    def test_no_real_list_of_today_would_be_held_back(self, file: str, category: str) -> None:
        path = real_data() / "lists" / file
        if not path.exists():
            pytest.skip(f"{file} is not among the real lists")
        contents = read_list(path, vetoes=load_catalogue().vetoes.get(category, ()))
        assert newly_blocked(load_catalogue().well_known, category, contents, None) == []

    @pytest.mark.realdata
    def test_a_list_that_is_no_list_of_its_category_would_be(self) -> None:
        path = real_data() / "lists" / "ut1" / "bank.domains.txt"
        if not path.exists():
            pytest.skip("the list of banks is not among the real lists")
        assert "vietcombank.com.vn" in newly_blocked(load_catalogue().well_known, "malware", read_list(path), None)
