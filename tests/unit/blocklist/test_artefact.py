"""Matching names against an opened list, and refusing files that are not what the header says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from safedns.blocklist import patterns
from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.compile import compile_list
from safedns.blocklist.header import TRIES
from safedns.errors import ListError
from safedns.wire.names import key_of
from tests.unit.blocklist.sample import RULES, write_names


def opened(tmp_path: Path, *rules: str) -> Artefact:
    source = write_names(tmp_path / "rules.txt", "! rules", *rules)
    compile_list(source, name="list", category="adult", folder=tmp_path, now=1.0, format="adblock")
    return open_artefact(tmp_path, "list", verify=True)


def match(artefact: Artefact, name: str) -> str | None:
    return artefact.match(name, key_of(name))


@pytest.mark.parametrize(
    ("name", "matched"),
    [
        ("bad.example", "bad.example"),
        ("www.bad.example", "bad.example"),
        ("a.b.c.bad.example", "bad.example"),
        ("alone.example", "alone.example"),
        ("www.alone.example", None),
        ("notbad.example", None),
        ("bad.example.com", None),
        ("example", None),
        ("zip", "zip"),
        ("readme.zip", "zip"),
        ("good.bad.example", None),
        ("www.good.bad.example", None),
        (r"x\046bad.example", None),
        (".", None),
    ],
)
def test_the_longest_entry_that_covers_a_name_unless_an_exception_does_too(
    tmp_path: Path, name: str, matched: str | None
) -> None:
    artefact = opened(
        tmp_path,
        "||bad.example^",
        "alone.example",
        "||zip^",
        "@@||good.bad.example^",
    )
    assert match(artefact, name) == matched


def test_an_artefact_tells_its_name_category_and_size(tmp_path: Path) -> None:
    artefact = opened(tmp_path, "||bad.example^", "alone.example", "@@||good.bad.example^", "/ads/", "@@/good/")
    assert (artefact.name, artefact.category, artefact.header.entries) == ("list", "adult", 3)
    assert repr(artefact) == "<Artefact list: 3 entries>"


@pytest.mark.parametrize(
    ("rules", "plain", "names"),
    [
        (("||bad.example^", "||a.example^"), True, {"bad.example", "a.example"}),
        (("||bad.example^", "alone.example"), False, {"bad.example"}),
        (("||bad.example^", "@@||good.bad.example^"), False, {"bad.example"}),
        (("||bad.example^", "/ads/"), False, {"bad.example"}),
        (("||bad.example^", "||192.0.2.1^"), True, {"bad.example"}),
    ],
)
def test_a_list_is_plain_when_its_names_and_what_is_below_them_is_all_that_it_holds(
    tmp_path: Path, rules: tuple[str, ...], plain: bool, names: set[str]
) -> None:
    artefact = opened(tmp_path, *rules)
    assert artefact.plain is plain
    assert set(artefact.names()) == names


def test_addresses_of_a_list_are_matched_by_the_narrowest_network(tmp_path: Path) -> None:
    artefact = opened(tmp_path, "||192.0.2.1^", "@@||192.0.2.2^")
    assert artefact.holds_networks
    assert artefact.match_address("192.0.2.1") == "192.0.2.1/32"
    assert artefact.match_address("192.0.2.2") is None
    plain = opened(tmp_path, "||bad.example^")
    assert not plain.holds_networks
    assert plain.match_address("192.0.2.1") is None


def test_names_that_the_household_excepts_are_lifted_but_not_from_a_list_that_opens(tmp_path: Path) -> None:
    source = write_names(tmp_path / "names.txt", "a.example", "bad.a.example.com")
    for category, found in (("adult", None), ("learning", "a.example")):
        compile_list(source, name="list", category=category, folder=tmp_path, now=1.0)
        assert match(open_artefact(tmp_path, "list", exceptions={"a.example"}), "www.a.example") == found


def test_an_open_list_goes_on_matching_when_its_files_are_replaced(tmp_path: Path) -> None:
    before = opened(tmp_path, "||a.example^")
    for rule in ("||b.example^", "||c.example^", "||d.example^"):
        after = opened(tmp_path, rule)
    assert match(before, "a.example") == "a.example"
    assert match(after, "a.example") is None
    assert match(after, "d.example") == "d.example"


def table(folder: Path) -> Path:
    return next(folder.glob("list.*.below"))


def rewrite_header(folder: Path, **changes: object) -> None:
    """Change the header and its checksum, as no accident does."""
    path = folder / "list.json"
    values = json.loads(path.read_bytes()) | changes
    values.pop("checksum")
    text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    path.write_text(json.dumps(values | {"checksum": hashlib.sha256(text.encode()).hexdigest()}))


def rewrite_table(folder: Path, **changes: object) -> None:
    tables = json.loads((folder / "list.json").read_bytes())["tables"]
    rewrite_header(folder, tables={"below": tables["below"] | changes})


def swap(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def truncate(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


DAMAGES: list[tuple[Callable[[Path], object], str]] = [
    (lambda folder: (folder / "list.json").unlink(), "is not compiled yet"),
    (lambda folder: (folder / "list.json").write_text("{"), "cannot be read"),
    (lambda folder: (folder / "list.json").write_text("[]"), "was compiled by another version"),
    (lambda folder: swap(folder / "list.json", "adult", "games"), "is damaged: the checksum differs"),
    (lambda folder: rewrite_header(folder, version=1), "was compiled by another version"),
    (lambda folder: rewrite_header(folder, version=999), "was compiled by another version"),
    (lambda folder: rewrite_header(folder, name="other"), "is damaged"),
    (lambda folder: rewrite_header(folder, tables={}), "is damaged"),
    (lambda folder: rewrite_header(folder, tables=None), "is damaged"),
    (lambda folder: rewrite_header(folder, surprise=1), "is damaged"),
    (lambda folder: rewrite_header(folder, tables={"surprise": {}}), "is damaged"),
    (lambda folder: rewrite_table(folder, file="list./../../secret"), "is damaged"),
    (lambda folder: rewrite_table(folder, file="other.0.below"), "is damaged"),
    (lambda folder: rewrite_table(folder, file="list.0.below"), "cannot be read: No such file"),
    (lambda folder: rewrite_table(folder, entries=2), "holds 1 names; expected 2"),
    (lambda folder: rewrite_table(folder, surprise=1), "is damaged"),
    (lambda folder: table(folder).unlink(), "cannot be read: No such file"),
    (lambda folder: truncate(table(folder), -1), "bytes long; expected"),
    (lambda folder: table(folder).write_bytes(b""), "bytes long; expected"),
    (lambda folder: table(folder).write_bytes(table(folder).read_bytes() + b"\0"), "bytes long; expected"),
]
"""What is done to a folder with the list of one name, and how it is told."""


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_missing_truncated_or_foreign_file_is_refused(
    tmp_path: Path, damage: Callable[[Path], object], message: str, verify: bool
) -> None:
    opened(tmp_path, "||bad.example^")
    damage(tmp_path)
    with pytest.raises(ListError, match=message) as error:
        open_artefact(tmp_path, "list", verify=verify)
    assert error.value.source == "list"


def test_any_changed_byte_is_found_by_the_checksum(tmp_path: Path) -> None:
    opened(tmp_path, "||bad.example^")
    data = table(tmp_path).read_bytes()
    for place in range(0, len(data), 97):
        table(tmp_path).write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(ListError, match="is damaged: the checksum differs"):
            open_artefact(tmp_path, "list", verify=True)


def test_a_truncated_table_is_refused_even_where_the_header_has_its_size(tmp_path: Path) -> None:
    opened(tmp_path, *(f"||n{number}.example^" for number in range(50)))
    whole = table(tmp_path).stat().st_size
    for size in range(whole - 1, -1, -67):
        truncate(table(tmp_path), size)
        rewrite_table(tmp_path, size=size)
        with pytest.raises(ListError, match=r"is no trie|cannot be read"):
            open_artefact(tmp_path, "list")


EVERYTHING = (
    *(rule.format(f"{kind}.example") for kind, rule in RULES.items()),
    "||192.0.2.1^",
    "@@||192.0.2.2^",
    "/ads/",
)


def test_a_pattern_of_which_a_byte_has_changed_is_refused_without_asking(tmp_path: Path) -> None:
    opened(tmp_path, "/ads/", "@@/bads/")
    path = next(tmp_path.glob("list.*.patterns"))
    path.write_bytes(path.read_bytes().replace(b"bads", b"sads"))
    with pytest.raises(ListError, match=r"list\.\w+\.patterns is damaged: the checksum differs"):
        open_artefact(tmp_path, "list")


def test_patterns_that_cannot_be_sought_here_make_a_list_unusable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path, "/ads/")
    monkeypatch.setattr(patterns, "_engine", lambda: None)
    with pytest.raises(ListError, match=r"^list: cannot be used: it holds patterns, for which this machine has no"):
        open_artefact(tmp_path, "list")


@pytest.mark.parametrize("kind", [kind for kind in TRIES if kind != "below"])
def test_each_table_of_a_list_must_be_whole(tmp_path: Path, kind: str) -> None:
    opened(tmp_path, *EVERYTHING)
    truncate(next(tmp_path.glob(f"list.*.{kind}")), -1)
    with pytest.raises(ListError, match=rf"list\.\w+\.{kind} is \d+ bytes long; expected \d+"):
        open_artefact(tmp_path, "list")


def test_a_file_of_the_right_size_that_is_no_trie_is_refused_without_a_checksum_too(tmp_path: Path) -> None:
    opened(tmp_path, "||bad.example^")
    table(tmp_path).write_bytes(b"?" * table(tmp_path).stat().st_size)
    with pytest.raises(ListError, match="is no trie"):
        open_artefact(tmp_path, "list")
