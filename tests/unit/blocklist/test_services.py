"""Services: reading their files, and from a name to those that hold it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns.blocklist.bundled import bundled
from safedns.blocklist.services import Service, ServiceIndex, load_service, load_services
from safedns.errors import ListError
from tests.unit.blocklist.sample import CHAT_SERVICE, CROWDED_NAMES, covers, untimed


def service(name: str, *names: str, shared: tuple[str, ...] = ()) -> Service:
    return Service(name, name.title(), "social", "", "", names, shared)


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_a_service_is_read_with_canonical_names(tmp_path: Path) -> None:
    assert load_service(write(tmp_path, "chat", CHAT_SERVICE)) == Service(
        id="chat",
        title="Chat",
        category="social",
        homepage="https://chat.example",
        icon="chat",
        names=("chat.example", "chat-cdn.example"),
        shared=("cdn.example",),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping with words as keys, not nothing"),
        ("- a", "expected a mapping with words as keys, not list"),
        ("{title: T, category: c}", "names: expected at least one domain name"),
        ("{title: T, category: c, names: a.example}", "names: expected a list of texts"),
        ("{title: T, category: c, names: [a..b]}", "names: 'a..b' has an empty label"),
        ("{title: 4, category: c, names: [a.example]}", "title: expected text, not int"),
        ("{category: c, names: [a.example]}", "title: expected text, not nothing"),
        ("{title: T, category: c, name: [a.example]}", "name: unknown key; expected one of title, category"),
        ("{title: T", "is no YAML: "),
    ],
)
def test_a_faulty_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, "faulty", text)
    with pytest.raises(ListError) as error:
        load_service(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_a_users_service_replaces_ours_and_folders_may_be_absent(tmp_path: Path) -> None:
    ours, own = tmp_path / "ours", tmp_path / "own"
    write(ours, "chat", CHAT_SERVICE)
    write(ours, "other", "{title: Other, category: games, names: [other.example]}")
    write(own, "chat", "{title: My chat, category: social, names: [my-chat.example]}")
    services = load_services(ours, own, tmp_path / "absent")
    assert {name: each.title for name, each in services.items()} == {"chat": "My chat", "other": "Other"}


INDEX = ServiceIndex(
    [
        service("youtube", "youtube.com", "ytimg.com", shared=("gstatic.com",)),
        service("youtube-kids", "youtubekids.com", "ytimg.com", "kids.youtube.com"),
    ]
)


@pytest.mark.parametrize(
    ("name", "covering"),
    [
        ("youtube.com", (("youtube.com", ("youtube",)),)),
        ("www.youtube.com", (("youtube.com", ("youtube",)),)),
        ("i.ytimg.com", (("ytimg.com", ("youtube", "youtube-kids")),)),
        ("a.kids.youtube.com", (("kids.youtube.com", ("youtube-kids",)), ("youtube.com", ("youtube",)))),
        ("notyoutube.com", ()),
        ("com", ()),
        (".", ()),
        ("fonts.gstatic.com", ()),
    ],
)
def test_every_entry_that_covers_a_name_longest_first(
    name: str, covering: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    assert INDEX.covering(name) == covering


@untimed
@given(st.lists(st.lists(CROWDED_NAMES, unique=True), max_size=4), CROWDED_NAMES)
def test_the_index_agrees_with_a_look_at_every_service(name_lists: list[list[str]], name: str) -> None:
    services = [service(f"s{number}", *names) for number, names in enumerate(name_lists)]
    entries = sorted({entry for names in name_lists for entry in names if covers(entry, name)}, key=len, reverse=True)
    expected = tuple((entry, tuple(s.id for s in services if entry in s.names)) for entry in entries)
    assert ServiceIndex(services).covering(name) == expected


def test_our_own_services_can_all_be_read() -> None:
    services = load_services(bundled("blocklists", "services"))
    assert {"youtube", "tiktok", "facebook", "zalo"} <= set(services)
