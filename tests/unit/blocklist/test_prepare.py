"""What is made of lists without the network, before the first resolver starts."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from safedns import __version__
from safedns.blocklist import compile as compile_module
from safedns.blocklist.downloads import Downloads
from safedns.blocklist.header import VERSION
from safedns.errors import ConfigError
from safedns.settings.model import ExtraList
from tests.unit.blocklist.household import Household, mine, web
from tests.unit.blocklist.listserver import ListServer
from tests.unit.blocklist.sample import tar_of, write_names

TEN = [f"n{number}.example" for number in range(10)]


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path)


def test_starter_lists_are_compiled_when_they_are_missing(home: Household) -> None:
    assert home.prepare() == ()
    assert home.blocks("starter-adult", "www.adult.example")
    assert home.header("starter-adult").category == "adult"


def test_a_second_time_nothing_is_compiled(home: Household) -> None:
    home.prepare()
    built = home.header("starter-adult").built
    home.clock.advance(100)
    home.prepare()
    assert home.header("starter-adult").built == built


def test_a_starter_list_that_has_changed_is_compiled_again(home: Household) -> None:
    home.prepare()
    write_names(home.data / "starter" / "adult.txt", "new.example")
    home.prepare()
    assert home.blocks("starter-adult", "new.example")
    assert not home.blocks("starter-adult", "adult.example")


def test_a_starter_list_of_an_older_safedns_is_compiled_again(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as past:
        past.setattr(compile_module, "__version__", "0.0.1")
        home.prepare()
    assert home.header("starter-adult").compiled_with == "0.0.1"
    home.prepare()
    assert home.header("starter-adult").compiled_with == __version__


def test_a_broken_artefact_is_compiled_again(home: Household) -> None:
    home.prepare()
    table = home.lists / home.header("starter-adult").tables["below"].file
    table.write_bytes(b"?" * table.stat().st_size)
    assert home.prepare() == ()
    assert home.blocks("starter-adult", "adult.example")


def test_an_own_file_is_compiled_and_followed_when_it_changes(home: Household) -> None:
    write_names(home.config / "mine.txt", *TEN)
    home.prepare(mine())
    assert home.blocks("mine", "n9.example")
    write_names(home.config / "mine.txt", "n0.example")
    home.prepare(mine())
    assert not home.blocks("mine", "n9.example")


def test_an_own_list_follows_its_category_and_format(home: Household) -> None:
    write_names(home.config / "mine.txt", "a.example")
    home.prepare(mine())
    home.prepare(mine(category="adult", form="adblock"))
    header = home.header("mine")
    assert (header.category, header.source_format) == ("adult", "adblock")


def test_an_own_file_that_is_gone_is_told_and_its_last_version_stays(home: Household) -> None:
    write_names(home.config / "mine.txt", "a.example")
    home.prepare(mine())
    (home.config / "mine.txt").unlink()
    file = home.config / "mine.txt"
    assert home.prepare(mine()) == (f"mine: {file} cannot be read: No such file or directory",)
    assert home.blocks("mine", "a.example")


def test_a_fault_of_one_list_does_not_keep_the_others_from_being_compiled(home: Household) -> None:
    (home.config / "mine.txt").write_text("<html>")
    [problem] = home.prepare(mine())
    assert problem.startswith(f"{home.config / 'mine.txt'}: is a web page, not a list")
    assert home.blocks("starter-adult", "adult.example")


def test_lists_that_nobody_asks_for_any_more_are_removed(home: Household, server: ListServer) -> None:
    home.prepare()
    home.update(web(server.put("a.example")))
    assert home.blocks("web", "a.example")
    home.prepare()
    assert {path.name.partition(".")[0] for path in home.lists.iterdir()} == {"starter-adult"}
    assert list(home.downloads.iterdir()) == []


def test_a_fetched_list_whose_artefact_broke_is_compiled_from_what_was_fetched(
    home: Household, server: ListServer
) -> None:
    extra = web(server.put("a.example"))
    home.update(extra)
    (home.lists / "web.json").unlink()
    server.requests.clear()
    assert home.prepare(extra) == ()
    assert home.blocks("web", "a.example")
    assert server.requests == []


def test_a_fetched_list_of_an_older_safedns_serves_on_so_that_the_start_is_quick(
    home: Household, server: ListServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = web(server.put("a.example", etag='"1"'))
    with monkeypatch.context() as past:
        past.setattr(compile_module, "__version__", "0.0.1")
        home.update(extra)
    home.prepare(extra)
    assert home.header("web").compiled_with == "0.0.1"
    home.update(extra)
    assert home.header("web").compiled_with == __version__


def test_wrong_settings_are_the_users_to_mend(home: Household) -> None:
    with pytest.raises(ConfigError, match="there is no category 'sozial'"):
        home.prepare(mine(category="sozial"))


def damage(home: Household, name: str) -> None:
    """Change one byte of a table, which nobody sees without comparing its checksum."""
    table = home.lists / home.header(name).tables["below"].file
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)


def cut_table(home: Household, name: str) -> None:
    table = home.lists / home.header(name).tables["below"].file
    table.write_bytes(table.read_bytes()[:-1])


def cut_header(home: Household, name: str) -> None:
    header = home.lists / f"{name}.json"
    header.write_bytes(header.read_bytes()[:-20])


def age_header(home: Household, name: str) -> None:
    header = home.lists / f"{name}.json"
    header.write_text(header.read_text().replace(f'"version": {VERSION}', '"version": 1'))


def lose(home: Household, name: str) -> None:
    """Take away what a list was compiled from."""
    Downloads(home.state).text(name).unlink()


def fetched(home: Household, server: ListServer, *versions: str) -> ExtraList:
    """The list ``web``, fetched as often as it has versions of one name each."""
    for version in versions:
        extra = web(server.put(version))
        assert home.update(extra)[0].result == "updated"
    return extra


@pytest.mark.parametrize("break_it", [damage, cut_table, cut_header, age_header])
def test_what_is_damaged_cut_off_or_of_another_version_is_compiled_anew_from_what_was_fetched(
    home: Household, server: ListServer, break_it: Callable[[Household, str], None]
) -> None:
    extra = fetched(home, server, "a.example", "b.example")
    break_it(home, "web")
    assert home.prepare(extra) == ()
    assert home.blocks("web", "b.example")
    assert not home.blocks("web", "a.example")


@pytest.mark.parametrize("break_it", [damage, cut_table, cut_header, age_header])
def test_without_what_was_fetched_the_version_before_serves_and_the_list_is_due_at_once(
    home: Household, server: ListServer, break_it: Callable[[Household, str], None]
) -> None:
    extra = fetched(home, server, "a.example", "b.example")
    break_it(home, "web")
    lose(home, "web")
    [problem] = home.prepare(extra)
    assert problem.startswith("web: ")
    assert problem.endswith("; the version before serves")
    assert home.blocks("web", "a.example")
    home.clock.advance(3600)
    assert home.due(extra) == ("web",)
    assert home.prepare(extra) == ()
    assert home.update(extra)[0].result == "updated"
    assert home.blocks("web", "b.example")


def test_a_list_of_which_nothing_whole_is_left_is_taken_away_and_fetched_again(
    home: Household, server: ListServer
) -> None:
    extra = fetched(home, server, "a.example")
    damage(home, "web")
    lose(home, "web")
    [problem] = home.prepare(extra)
    assert problem.endswith("is damaged: the checksum differs")
    assert not (home.lists / "web.json").exists()
    home.clock.advance(3600)
    assert home.due(extra) == ("web",)
    assert home.prepare(extra) == ()
    assert home.update(extra)[0].result == "updated"


def test_a_damaged_own_list_whose_file_is_bad_now_falls_back_too(home: Household) -> None:
    for text in ("a.example\n", "b.example\n"):
        (home.config / "mine.txt").write_text(text)
        home.prepare(mine())
    damage(home, "mine")
    (home.config / "mine.txt").write_text("<html>")
    [problem] = home.prepare(mine())
    assert "is a web page, not a list" in problem
    assert problem.endswith("; the version before serves")
    assert home.blocks("mine", "a.example")


def test_an_update_mends_a_damaged_list_although_its_maker_has_nothing_new(home: Household, server: ListServer) -> None:
    extra = web(server.put("a.example", etag='"1"'))
    home.update(extra)
    damage(home, "web")
    assert home.update(extra)[0].result == "updated"
    assert home.blocks("web", "a.example")


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(b"packed.example\n"),
        zstandard.compress(b"packed.example\n"),
        tar_of({"list/domains": b"packed.example\n"}),
        gzip.compress(tar_of({"list/domains": b"packed.example\n"})),
        "packed.example\r\n".encode("utf-16"),
    ],
    ids=["gzip", "zstd", "tar", "tar.gz", "utf-16"],
)
def test_an_own_file_may_be_packed_or_in_windows_own_encoding(home: Household, packed: bytes) -> None:
    (home.config / "mine.txt").write_bytes(packed)
    assert home.prepare(mine()) == ()
    assert home.blocks("mine", "www.packed.example")


def test_a_part_of_an_own_archive_is_chosen_and_followed(home: Household) -> None:
    members = {"bl/adult/domains": b"adult.example\n", "bl/games/domains": b"games.example\n"}
    (home.config / "mine.txt").write_bytes(tar_of(members))
    assert home.prepare(replace(mine(), part="adult")) == ()
    assert home.blocks("mine", "adult.example")
    assert home.prepare(replace(mine(), part="games")) == ()
    assert not home.blocks("mine", "adult.example")
    assert home.blocks("mine", "games.example")


def test_an_own_file_that_holds_nothing_any_more_is_told_and_the_last_version_stays(home: Household) -> None:
    path = write_names(home.config / "mine.txt", "a.example")
    home.prepare(mine())
    path.write_text("# nothing\n1.2.3.4\n")
    [problem] = home.prepare(mine(form="domains"))
    assert problem == f"{path}: holds nothing that blocks; line 2 is skipped: an address, not a name: 1.2.3.4"
    assert home.blocks("mine", "a.example")
    assert Downloads(home.state).meta("mine").problem == problem
    write_names(path, "b.example")
    assert home.prepare(mine()) == ()
    assert Downloads(home.state).meta("mine").problem == ""
