"""Real lists, as their makers publish them: all are recognised and compiled, and forms of one list block the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.compile import compile_list, read_list
from safedns.blocklist.formats.entry import IS_ADDRESS, NOT_A_NAME
from safedns.errors import ListError
from safedns.wire.names import key_of, name_of_key, parents
from tests.realdata import real_data

pytestmark = pytest.mark.realdata

LISTS = [
    ("hostsvn/adult.hosts", "hosts", 22_276),
    ("hostsvn/gambling.adblock.txt", "adblock", 63_246),
    ("hostsvn/threat.domains.txt", "domains", 4_755),
    ("hagezi/adblock-personal.txt", "adblock", 9_669),
    ("hagezi/wildcard-personal.txt", "domains", 9_669),
    ("blp/tiktok.adblock.txt", "adblock", 294),
    ("ut1/dating.domains.txt", "domains", 6_503),
    ("ut1/redirector.domains.txt", "domains", 109_728),
]


def source(name: str) -> Path:
    return real_data() / "lists" / name


def compiled(folder: Path, name: str) -> Artefact:
    compile_list(source(name), name="real", category="adult", folder=folder, now=1.0)
    return open_artefact(folder, "real", verify=True)


@pytest.mark.parametrize(("name", "expected_format", "entries"), LISTS)
def test_a_real_list_is_recognised_and_compiled(tmp_path: Path, name: str, expected_format: str, entries: int) -> None:
    header = compiled(tmp_path, name).header
    assert (header.source_format, header.entries) == (expected_format, entries)
    assert set(header.skipped) <= {IS_ADDRESS}


def test_every_list_of_the_university_of_toulouse_is_read() -> None:
    for path in sorted(source("ut1").glob("*.domains.txt")):
        contents = read_list(path)
        assert contents.format == "domains", path.name
        assert contents.entries, path.name
        assert set(contents.skipped) <= {IS_ADDRESS, NOT_A_NAME}, path.name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hostsvn/adult.hosts", "hostsvn/adult.domains.txt"),
        ("hostsvn/gambling.hosts", "hostsvn/gambling.domains.txt"),
        ("hostsvn/threat.hosts", "hostsvn/threat.domains.txt"),
        ("hagezi/hosts-fake.txt", "hagezi/domains-fake.txt"),
        ("hagezi/adblock-personal.txt", "hagezi/wildcard-personal.txt"),
        ("blp/scam.hosts", "blp/scam.domains.txt"),
        ("blp/tiktok.hosts", "blp/tiktok.adblock.txt"),
    ],
)
def test_two_forms_of_one_list_block_the_same(one: str, other: str) -> None:
    first, second = read_list(source(one)), read_list(source(other))
    assert first.below == second.below
    assert (first.exact, first.allow) == (second.exact, second.allow) == (set(), set())


def without_www(keys: set[str]) -> set[str]:
    return {name_of_key(key).replace("www.", "") for key in keys}


@pytest.mark.parametrize("category", ["adult", "gambling", "threat"])
def test_rules_block_what_the_hosts_form_does_where_their_maker_made_them_agree(category: str) -> None:
    hosts, rules = (read_list(source(f"hostsvn/{category}.{form}")) for form in ("hosts", "adblock.txt"))
    # He cuts "www." out of his rules wherever it stands, inside a label too: that is the only difference.
    held, ruled = without_www(hosts.below), without_www(rules.below)
    assert ruled <= held
    assert [name for name in held if ruled.isdisjoint(parents(name))] == []
    assert len(hosts.below ^ rules.below) < len(hosts.below) / 100
    assert (rules.exact, rules.allow) == (set(), set())


@pytest.mark.parametrize("name", ["hostsvn/ads.dnsmasq.conf", "hagezi/unbound-fake.blacklist.conf", "rpz/privacy.zone"])
def test_a_format_that_is_not_ours_is_refused_rather_than_half_read(name: str) -> None:
    with pytest.raises(ListError, match="is in no known list format"):
        read_list(source(name))


def test_a_real_list_blocks_every_name_it_holds_and_hardly_any_that_people_use(tmp_path: Path) -> None:
    artefact = compiled(tmp_path, "hostsvn/gambling.domains.txt")
    text = source("hostsvn/gambling.domains.txt").read_text()
    held = [name for name in text.lower().split() if not name.replace(".", "").isdigit()]
    assert [name for name in held if artefact.match(name, key_of(name)) is None] == []
    popular = json.loads((real_data() / "popular" / "tranco10k.json").read_text())["list"]
    assert len([name for name in popular if artefact.match(name, key_of(name)) is not None]) < len(popular) / 200
