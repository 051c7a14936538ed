"""What is remembered about downloads, and forgetting it."""

from __future__ import annotations

from pathlib import Path

import pytest

from safedns.blocklist.downloads import Downloads, Meta
from safedns.blocklist.fetch import Validators


def test_what_is_remembered_is_read_back(tmp_path: Path) -> None:
    meta = Meta("https://a.example", '"1"', "yesterday", 12.5, 13.5, "the server answered 500")
    Downloads(tmp_path).write_meta("web", meta)
    assert Downloads(tmp_path).meta("web") == meta


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"surprise": 1}'])
def test_what_cannot_be_read_counts_as_nothing_known(tmp_path: Path, text: str | None) -> None:
    downloads = Downloads(tmp_path)
    downloads.folder.mkdir()
    if text is not None:
        (downloads.folder / "web.meta.json").write_text(text)
    assert downloads.meta("web") == Meta()


def test_there_are_validators_only_where_a_server_gave_some() -> None:
    assert Meta(source="https://a.example").validators is None
    assert Meta(source="https://a.example", etag='"1"').validators == Validators("https://a.example", '"1"', "")


def test_a_list_is_forgotten_with_everything_that_was_kept_of_it(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path)
    for name in ("web", "web-2"):
        downloads.write_meta(name, Meta())
        for path in (downloads.text(name), downloads.incoming(name), downloads.held(name)):
            path.write_text("x")
    assert downloads.names() == {"web", "web-2"}
    downloads.remove("web")
    assert downloads.names() == {"web-2"}
    assert len(list(downloads.folder.iterdir())) == 4
