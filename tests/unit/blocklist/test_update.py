"""Bringing lists up to date over the network, and that the last good version outlives all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from safedns.blocklist.downloads import Downloads
from safedns.blocklist.fetch import World
from safedns.blocklist.files import locked
from safedns.errors import ListError
from safedns.settings.model import ExtraList
from tests.unit.blocklist.household import Household, mine, web
from tests.unit.blocklist.listserver import Answer, ListServer
from tests.unit.blocklist.sample import tar_of, write_names

TEN = [f"n{number}.example" for number in range(10)]


@pytest.fixture
def home(tmp_path: Path) -> Household:
    return Household(tmp_path)


def test_a_list_is_fetched_compiled_and_reported(home: Household, server: ListServer) -> None:
    [outcome] = home.update(web(server.put("a.example", "b.example")))
    assert (outcome.result, outcome.ok, outcome.entries) == ("updated", True, 2)
    assert home.said == ["web: updated, 2 names"]
    assert home.blocks("web", "www.b.example")


def test_an_unchanged_list_costs_one_question(home: Household, server: ListServer) -> None:
    extra = web(server.put("a.example", etag='"1"'))
    home.update(extra)
    built = home.header("web").built
    home.clock.advance(100)
    [outcome] = home.update(extra)
    assert (outcome.result, outcome.entries) == ("unchanged", 1)
    assert home.header("web").built == built
    assert Downloads(home.state).meta("web").checked == home.clock.wall()


def test_the_same_text_from_a_server_that_knows_no_versions_is_not_compiled_again(
    home: Household, server: ListServer
) -> None:
    extra = web(server.put("a.example"))
    home.update(extra)
    built = home.header("web").built
    home.clock.advance(100)
    [outcome] = home.update(extra)
    assert outcome.result == "unchanged"
    assert home.header("web").built == built


def test_a_new_version_replaces_the_old(home: Household, server: ListServer) -> None:
    home.update(web(server.put("a.example", etag='"1"')))
    home.update(web(server.put("b.example", etag='"2"')))
    assert home.blocks("web", "b.example")
    assert not home.blocks("web", "a.example")
    assert Downloads(home.state).meta("web").etag == '"2"'


def test_a_change_of_category_takes_effect_though_the_text_is_the_same(home: Household, server: ListServer) -> None:
    url = server.put("a.example", etag='"1"')
    home.update(web(url))
    home.update(web(url, category="adult"))
    assert home.header("web").category == "adult"


def test_the_next_address_is_asked_when_the_first_fails(home: Household, server: ListServer) -> None:
    addresses = server.url("/gone"), server.put("a.example")
    home.publish("public", *addresses)
    [outcome] = home.update(names=("public",))
    assert outcome.result == "updated"
    assert [path for path, _ in server.requests] == ["/gone", "/list.txt"]
    assert Downloads(home.state).meta("public").source == addresses[1]


def test_when_every_address_fails_each_reason_is_told(home: Household, server: ListServer) -> None:
    addresses = server.url("/a"), server.url("/b")
    home.publish("public", *addresses)
    [outcome] = home.update(names=("public",))
    assert outcome.message == "; ".join(f"{each}: the server answered 404 Not Found" for each in addresses)


@pytest.mark.parametrize(
    "bad",
    [
        Answer(b"<!DOCTYPE html>"),
        Answer(b"Sign in to continue", headers={"Content-Type": "text/html"}),
        Answer(b"Dear visitor, this list has moved.\n" * 9),
        Answer(b"\x28\xb5\x2f\xfd"),
        Answer(TEN[0].encode()),
        Answer("".join(f"{name}\n" for name in [*TEN, "bank.test"]).encode()),
    ],
)
def test_the_next_address_is_asked_when_the_first_gives_what_cannot_be_trusted(
    home: Household, server: ListServer, bad: Answer
) -> None:
    server.answers["/first"] = Answer("".join(f"{name}\n" for name in TEN).encode())
    home.publish("public", server.url("/first"), server.put(*TEN, "new.example"))
    home.update(names=("public",))
    server.answers["/first"] = bad
    [outcome] = home.update(names=("public",))
    assert (outcome.result, outcome.entries) == ("updated", 11)
    assert Downloads(home.state).meta("public").source == server.url()
    assert not (home.downloads / "public.held").exists()


def test_what_was_held_back_is_told_with_why_no_other_address_helped(home: Household, server: ListServer) -> None:
    first = server.put("bank.test")
    home.publish("public", first, server.url("/gone"))
    [outcome] = home.update(names=("public",))
    assert outcome.result == "held back"
    assert outcome.message == (
        "the new version would block bank.test, which a list of adult should not "
        "(to take it: safedns lists update --accept public); "
        f"{server.url('/gone')}: the server answered 404 Not Found"
    )
    assert (home.downloads / "public.held").read_text() == "bank.test\n"


def test_a_public_list_never_comes_from_this_network(home: Household, server: ListServer) -> None:
    home.world = home.world._replace(public=World().public)
    home.publish("public", server.put(*TEN))
    [outcome] = home.update(names=("public",))
    assert outcome.message == f"{server.url()}: leads to 127.0.0.1: not an address of the public Internet"
    assert server.requests == []


def test_a_list_of_ones_own_may(home: Household, server: ListServer) -> None:
    home.world = home.world._replace(public=World().public)
    assert home.update(web(server.put(*TEN)))[0].result == "updated"


def test_the_last_good_version_outlives_a_bad_answer(home: Household, server: ListServer) -> None:
    extra = web(server.put(*TEN))
    home.update(extra)
    server.answers["/list.txt"] = Answer(status=500)
    [outcome] = home.update(extra)
    assert (outcome.result, outcome.ok, outcome.entries) == ("failed", False, 10)
    assert home.said[1].endswith("; the last good version stays (10 names)")
    assert home.blocks("web", "n9.example")
    assert sorted(path.name for path in home.downloads.iterdir()) == ["web.list", "web.meta.json"]


def test_a_list_that_never_came_is_told_as_such(home: Household, server: ListServer) -> None:
    [outcome] = home.update(web(server.url()))
    assert home.said == [f"web: failed: {server.url()}: the server answered 404 Not Found; there is none to use yet"]
    assert outcome.entries == 0


def test_the_problem_is_forgotten_when_all_is_well_again(home: Household, server: ListServer) -> None:
    home.update(web(server.url()))
    home.update(web(server.put("a.example")))
    assert Downloads(home.state).meta("web").problem == ""


def test_a_list_that_shrinks_by_half_is_held_back(home: Household, server: ListServer) -> None:
    home.update(web(server.put(*TEN, etag='"1"')))
    [outcome] = home.update(web(server.put(*TEN[:5], etag='"2"')))
    assert outcome.result == "held back"
    assert outcome.message == (
        "the new version has shrunk from 10 to 5 names (to take it: safedns lists update --accept web)"
    )
    assert home.blocks("web", "n9.example")
    assert (home.downloads / "web.held").read_text().splitlines() == TEN[:5]


def test_a_list_that_is_held_back_is_looked_at_again_each_time(home: Household, server: ListServer) -> None:
    home.update(web(server.put(*TEN, etag='"1"')))
    extra = web(server.put(*TEN[:5], etag='"2"'))
    home.update(extra)
    assert home.update(extra)[0].result == "held back"
    assert home.update(extra, accept=True)[0].result == "updated"
    assert not home.blocks("web", "n9.example")
    assert not (home.downloads / "web.held").exists()


def test_a_list_that_loses_less_is_taken(home: Household, server: ListServer) -> None:
    home.update(web(server.put(*TEN)))
    assert home.update(web(server.put(*TEN[:6])))[0].result == "updated"


def test_a_list_without_a_name_is_held_back_even_if_shrinking_is_accepted(home: Household, server: ListServer) -> None:
    home.update(web(server.put(*TEN)))
    server.answers["/list.txt"] = Answer(b"1.2.3.4\n")
    [outcome] = home.update(web(server.url(), form="domains"), accept=True)
    assert (outcome.result, outcome.message) == ("held back", "the new version holds no names")


def test_a_list_that_would_block_what_everybody_needs_is_held_back_even_the_first_time(
    home: Household, server: ListServer
) -> None:
    [outcome] = home.update(web(server.put("a.example", "bank.test", "search.test", "pictures.test")))
    assert (outcome.result, outcome.entries) == ("held back", 0)
    assert outcome.message == (
        "the new version would block search.test, bank.test, which a list of social should not "
        "(to take it: safedns lists update --accept web)"
    )
    assert not (home.lists / "web.json").exists()


def test_many_such_names_are_counted(home: Household, server: ListServer) -> None:
    names = [f"b{number}.test" for number in range(8)]
    home.catalogue = home.catalogue._replace(well_known=dict.fromkeys(names, frozenset()))
    [outcome] = home.update(web(server.put(*names)))
    assert "would block b0.test, b1.test, b2.test, b3.test, b4.test and 3 more, which" in outcome.message


def test_once_accepted_it_is_not_held_back_for_the_same_names_again(home: Household, server: ListServer) -> None:
    assert home.update(web(server.put("a.example", "bank.test")), accept=True)[0].result == "updated"
    assert home.blocks("web", "www.bank.test")
    assert home.update(web(server.put("b.example", "bank.test")))[0].result == "updated"
    [outcome] = home.update(web(server.put("b.example", "bank.test", "search.test")))
    assert "would block search.test, which" in outcome.message


def test_a_file_of_ones_own_is_meant_as_it_is(home: Household) -> None:
    write_names(home.config / "mine.txt", "bank.test")
    assert home.update(mine(), names=("mine",))[0].result == "updated"


def test_all_that_is_wanted_is_brought_up_to_date_when_no_names_are_given(home: Household, server: ListServer) -> None:
    write_names(home.config / "mine.txt", "m.example")
    outcomes = home.update(mine(), web(server.put("a.example")), names=())
    assert [(outcome.name, outcome.result) for outcome in outcomes] == [
        ("starter-adult", "updated"),
        ("mine", "updated"),
        ("web", "updated"),
    ]


def test_one_list_that_fails_does_not_keep_the_next_from_being_fetched(home: Household, server: ListServer) -> None:
    broken = ExtraList("broken", "adult", server.url("/nothing"))
    outcomes = home.update(broken, web(server.put("a.example")), names=())
    assert [outcome.result for outcome in outcomes] == ["updated", "failed", "updated"]


def test_a_name_that_is_not_in_use_is_refused(home: Household) -> None:
    with pytest.raises(ListError, match="wbe: is not among the lists in use; those are starter-adult, web"):
        home.update(web("https://x.example/"), names=("wbe",))


def test_two_updates_at_once_are_one_too_many(home: Household, server: ListServer) -> None:
    with (
        locked(home.downloads, wait=True),
        pytest.raises(ListError, match="another update is running; try again when it has ended"),
    ):
        home.update(web(server.put("a.example")))


def test_what_a_parent_accepts_is_what_was_held_not_what_is_there_by_then(home: Household, server: ListServer) -> None:
    home.update(web(server.put(*TEN)))
    home.update(web(server.put(*TEN[:5])))
    extra = web(server.put("bank.test"))
    [outcome] = home.update(extra, accept=True)
    assert (outcome.result, outcome.entries) == ("updated", 5)
    assert not home.blocks("web", "bank.test")


def test_a_name_that_a_category_has_nothing_to_do_with_is_taken_out_of_what_comes(
    home: Household, server: ListServer
) -> None:
    home.catalogue = home.catalogue._replace(vetoes={"adult": frozenset({"shirts.example"})})
    home.update(web(server.put("shirts.example", "bad.shirts.example", "bad.example"), category="adult"))
    assert not home.blocks("web", "shirts.example")
    assert not home.blocks("web", "www.shirts.example")
    assert home.blocks("web", "bad.shirts.example")
    assert home.blocks("web", "bad.example")


def test_vetoes_are_for_their_category_and_not_for_a_file_of_ones_own(home: Household, server: ListServer) -> None:
    home.catalogue = home.catalogue._replace(vetoes={"adult": frozenset({"shirts.example"})})
    home.update(web(server.put("shirts.example"), category="social"))
    assert home.blocks("web", "shirts.example")
    write_names(home.config / "mine.txt", "shirts.example")
    home.update(mine("adult"), names=("mine",))
    assert home.blocks("mine", "shirts.example")


def test_a_part_of_an_archive_is_taken_and_another_part_is_another_list(home: Household, server: ListServer) -> None:
    members = {"bl/adult/domains": b"adult.example\n", "bl/games/domains": b"games.example\n"}
    server.answers["/bl.tar"] = Answer(tar_of(members))
    extra = replace(web(server.url("/bl.tar")), part="adult")
    home.update(extra)
    assert home.blocks("web", "adult.example")
    assert not home.blocks("web", "games.example")
    other = replace(extra, part="games")
    assert home.due(other) == ("web",)
    home.update(other)
    assert home.blocks("web", "games.example")
    assert not home.blocks("web", "adult.example")


def test_a_part_of_a_list_that_has_none_is_refused(home: Household, server: ListServer) -> None:
    [outcome] = home.update(replace(web(server.put("a.example")), part="adult"))
    assert outcome.message.endswith("has no parts, so there is no 'adult' in it; leave `part` out")


def test_what_a_list_includes_is_fetched_from_beside_it(home: Household, server: ListServer) -> None:
    server.answers["/data/all"] = Answer(b"one.example\ninclude:two\n")
    server.answers["/data/two"] = Answer(b"full:two.example\ninclude:all\ninclude:three\n")
    server.answers["/data/three"] = Answer(b"domain:three.example\n")
    extra = web(server.url("/data/all"), form="v2fly")
    assert home.update(extra)[0].entries == 3
    assert home.blocks("web", "two.example")
    assert home.blocks("web", "www.three.example")
    server.answers["/data/three"] = Answer(b"domain:four.example\n")
    home.update(extra)
    assert home.blocks("web", "four.example")


def test_a_list_that_includes_what_cannot_be_had_is_not_taken_by_halves(home: Household, server: ListServer) -> None:
    server.answers["/data/all"] = Answer(b"one.example\ninclude:two\n")
    [outcome] = home.update(web(server.url("/data/all"), form="v2fly"))
    assert outcome.result == "failed"
    assert "404" in outcome.message
    assert not (home.lists / "web.json").exists()
