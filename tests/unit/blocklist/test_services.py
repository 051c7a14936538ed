"""Services: reading their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.bundled import bundled
from safedns.blocklist.services import Service, load_service, load_services
from safedns.errors import ListError
from tests.unit.blocklist.sample import CHAT_SERVICE


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


def test_our_own_services_can_all_be_read() -> None:
    services = load_services(bundled("blocklists", "services"))
    assert {"youtube", "tiktok", "facebook", "zalo"} <= set(services)
