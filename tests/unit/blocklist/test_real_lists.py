"""Real lists, as their makers publish them: all are recognised and compiled, and forms of one list block the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.compile import compile_list
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.formats.entry import IS_ADDRESS, NOT_A_NAME, TOP_LEVEL
from safedns.wire.names import key_of, name_of_key, parents
from tests.realdata import real_data

pytestmark = pytest.mark.realdata

FORMS = Path(__file__).parents[2] / "data" / "hostsvn-forms.txt"
"""Each difference between two forms of hostsVN's lists, with the rule that stands for a name."""

LISTS = [
    ("hostsvn/adult.hosts", "hosts", 22_276),
    ("hostsvn/gambling.adblock.txt", "adblock", 63_247),
    ("hostsvn/threat.domains.txt", "domains", 4_755),
    ("hagezi/adblock-personal.txt", "adblock", 9_669),
    ("hagezi/wildcard-personal.txt", "domains", 9_669),
    ("blp/tiktok.adblock.txt", "adblock", 294),
    ("ut1/dating.domains.txt", "domains", 6_503),
    ("ut1/redirector.domains.txt", "domains", 109_728),
    ("blp/tiktok.dnsmasq.conf", "dnsmasq", 294),
    ("hagezi/dnsmasq-personal.txt", "dnsmasq", 9_669),
    ("hostsvn/ads.dnsmasq.conf", "dnsmasq", 9_077),
    ("hagezi/unbound-fake.blacklist.conf", "unbound", 7_355),
    ("rpz/privacy.zone", "rpz", 47_795),
    ("v2fly/data/youtube", "v2fly", 177),
    ("v2fly/data/category-porn", "v2fly", 6_649),
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
        ("hagezi/hosts-fake.txt", "hagezi/unbound-fake.blacklist.conf"),
        ("hagezi/adblock-personal.txt", "hagezi/wildcard-personal.txt"),
        ("hagezi/adblock-personal.txt", "hagezi/dnsmasq-personal.txt"),
        ("hostsvn/hosts", "hostsvn/ads.domains.txt"),
        ("hostsvn/hosts", "hostsvn/ads.dnsmasq.conf"),
        ("blp/scam.hosts", "blp/scam.domains.txt"),
        ("blp/tiktok.hosts", "blp/tiktok.adblock.txt"),
        ("blp/tiktok.hosts", "blp/tiktok.dnsmasq.conf"),
    ],
)
def test_two_forms_of_one_list_block_the_same(one: str, other: str) -> None:
    first, second = read_list(source(one)), read_list(source(other))
    assert keys(first) == keys(second)
    assert [*first.tries, *second.tries, *first.patterns, *second.patterns] == ["below", "below"]


def keys(contents: Contents, kind: str = "below") -> set[str]:
    return set(contents.tries.get(kind, ()))


@pytest.mark.parametrize("category", ["adult", "gambling", "threat"])
def test_rules_block_what_the_hosts_form_does_but_where_their_maker_made_them_differ(category: str) -> None:
    hosts, rules = (read_list(source(f"hostsvn/{category}.{form}")) for form in ("hosts", "adblock.txt"))
    known = [line.split()[1:] for line in FORMS.read_text().splitlines() if line.startswith(f"{category} ")]
    assert sorted(map(name_of_key, keys(hosts) - keys(rules))) == [held for held, _ in known]
    assert {name_of_key(key) for key in keys(rules) - keys(hosts)} <= {rule for _, rule in known}
    assert [held for held, rule in known if rule not in parents(held.replace("www.", ""))] == []
    # An address says nothing in a hosts file; as a rule it is about answers. His list of gambling has one.
    assert rules.count("network") == (category == "gambling")
    assert ({*rules.tries} - {"network"}, rules.patterns) == ({"below"}, [])


def test_every_list_of_the_block_list_project_is_recognised_and_compiled() -> None:
    expected = {".hosts": "hosts", ".domains.txt": "domains", ".adblock.txt": "adblock", ".dnsmasq.conf": "dnsmasq"}
    for path in sorted(source("blp").glob("*.*")):
        contents = read_list(path)
        assert contents.format == expected["".join(path.suffixes)], path.name
        assert contents.entries, path.name
        assert contents.skipped == {}, path.name


def test_a_policy_zone_blocks_each_name_that_it_holds_and_no_other() -> None:
    lines = source("rpz/privacy.zone").read_text().splitlines()
    held = {line.split()[0] for line in lines if line.endswith("CNAME .")}
    contents = read_list(source("rpz/privacy.zone"))
    assert {name_of_key(key) for key in keys(contents, "exact")} == held
    assert (contents.entries, contents.skipped) == (len(held), {})


ONLY_V2FLY = re.compile(r"(domain|full|keyword|regexp|include):|[^#]*\s[@&]")

ALL_BARE = {"google-registry-tld", "tld-!cn", "tld-cn", "tld-opennic", "tld-ru", "tor"}
"""Files of hardly anything but top-level domains: a plain list may not hold those, so the format must be said."""


def v2fly_lists() -> Iterator[tuple[Path, list[str]]]:
    """Each file, with those of its lines that say something."""
    for path in sorted(source("v2fly/data").iterdir()):
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        if lines:
            yield path, lines


def test_a_v2fly_list_is_recognised_by_any_line_that_a_plain_list_cannot_have() -> None:
    for path, lines in v2fly_lists():
        if path.name not in ALL_BARE:
            marked = any(ONLY_V2FLY.match(line) for line in lines)
            assert read_list(path).format == ("v2fly" if marked else "domains"), path.name


def test_every_v2fly_list_is_compiled_without_losing_a_name() -> None:
    for path, lines in v2fly_lists():
        contents = read_list(path, "v2fly")
        assert contents.skipped == {}, path.name
        included = sum(line.startswith("include:") for line in lines)
        assert contents.read == len(lines) if not included else contents.read > len(lines) - included, path.name


def test_a_v2fly_list_that_is_taken_for_a_plain_one_blocks_the_same_but_for_top_level_domains() -> None:
    for path, _ in v2fly_lists():
        plain, marked = read_list(path), read_list(path, "v2fly")
        if plain.format == "domains" and path.name not in ALL_BARE:
            assert set(plain.skipped) <= {TOP_LEVEL}, path.name
            missing = keys(marked) - keys(plain)
            assert all(key.count(".") == 1 for key in missing), path.name


def test_a_real_list_blocks_every_name_it_holds_and_hardly_any_that_people_use(tmp_path: Path) -> None:
    artefact = compiled(tmp_path, "hostsvn/gambling.domains.txt")
    text = source("hostsvn/gambling.domains.txt").read_text()
    held = [name for name in text.lower().split() if not name.replace(".", "").isdigit()]
    assert [name for name in held if artefact.match(name, key_of(name)) is None] == []
    popular = json.loads((real_data() / "popular" / "tranco10k.json").read_text())["list"]
    assert len([name for name in popular if artefact.match(name, key_of(name)) is not None]) < len(popular) / 200
