"""From a name to the services and the small lists that hold it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.compile import compile_list
from safedns.blocklist.index import NameIndex
from safedns.blocklist.services import Service
from safedns.wire.names import key_of, parents
from tests.unit.blocklist.sample import CROWDED_NAMES, covers, on_disk, untimed, write_names


def service(name: str, *names: str, shared: tuple[str, ...] = ()) -> Service:
    return Service(name, name.title(), "social", "", "", names, shared)


def compiled(folder: Path, name: str, *names: str) -> Artefact:
    compile_list(write_names(folder / f"{name}.txt", *names), name=name, category="social", folder=folder, now=1.0)
    return open_artefact(folder, name)


INDEX = NameIndex(
    [
        service("youtube", "youtube.com", "ytimg.com", shared=("gstatic.com",)),
        service("youtube-kids", "youtubekids.com", "ytimg.com", "kids.youtube.com"),
    ]
)


@pytest.mark.parametrize(
    ("name", "covering"),
    [
        ("youtube.com", [("youtube.com", ("youtube",))]),
        ("www.youtube.com", [("youtube.com", ("youtube",))]),
        ("i.ytimg.com", [("ytimg.com", ("youtube", "youtube-kids"))]),
        ("a.kids.youtube.com", [("kids.youtube.com", ("youtube-kids",)), ("youtube.com", ("youtube",))]),
        ("notyoutube.com", []),
        ("com", []),
        (".", []),
        ("fonts.gstatic.com", []),
    ],
)
def test_every_entry_that_covers_a_name_longest_first(name: str, covering: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(entry, holders.services) for entry, holders in INDEX.covering(parents(name))] == covering


@untimed
@given(st.lists(st.lists(CROWDED_NAMES, unique=True), max_size=4), CROWDED_NAMES)
def test_the_index_agrees_with_a_look_at_every_service(name_lists: list[list[str]], name: str) -> None:
    services = [service(f"s{number}", *names) for number, names in enumerate(name_lists)]
    entries = sorted({entry for names in name_lists for entry in names if covers(entry, name)}, key=len, reverse=True)
    expected = tuple((entry, (tuple(s.id for s in services if entry in s.names), ())) for entry in entries)
    assert NameIndex(services).covering(parents(name)) == expected


def test_an_entry_tells_both_the_services_and_the_lists_that_hold_it(tmp_path: Path) -> None:
    first = compiled(tmp_path, "first", "chat.example", "other.example")
    second = compiled(tmp_path, "second", "chat.example", "www.chat.example.org")
    index = NameIndex([service("chat", "chat.example")], [first, second])
    assert index.lists == {first, second}
    assert index.covering(parents("www.chat.example")) == (("chat.example", (("chat",), (first, second))),)
    assert index.covering(parents("a.other.example")) == (("other.example", ((), (first,))),)


def test_names_with_equal_holders_share_one_value_so_that_a_name_costs_little(tmp_path: Path) -> None:
    lists = [compiled(tmp_path, name, "a.example", "b.example") for name in ("first", "second")]
    index = NameIndex([], lists)
    [(_, of_a)], [(_, of_b)] = (index.covering((name,)) for name in ("a.example", "b.example"))
    assert of_a is of_b


@on_disk
@given(lists=st.lists(st.lists(CROWDED_NAMES, min_size=1), min_size=1, max_size=3), name=CROWDED_NAMES)
def test_the_longest_entry_of_a_list_in_the_index_is_what_the_list_itself_matches(
    tmp_path_factory: pytest.TempPathFactory, lists: list[list[str]], name: str
) -> None:
    folder = tmp_path_factory.mktemp("index")
    artefacts = [compiled(folder, f"list{number}", *names) for number, names in enumerate(lists)]
    longest: dict[Artefact, str] = {}
    for entry, holders in NameIndex([], artefacts).covering(parents(name)):
        for artefact in holders.lists:
            longest.setdefault(artefact, entry)
    matched = {artefact: artefact.match(name, key_of(name)) for artefact in artefacts}
    assert longest == {artefact: entry for artefact, entry in matched.items() if entry is not None}
