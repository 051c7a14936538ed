"""From text to artefact: what is kept, what is dropped as needless, what lies on disk afterwards."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safedns import __version__
from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.compile import compile_list, remove_artefact, table_files
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.files import file_digest
from safedns.blocklist.formats import KNOWN
from safedns.blocklist.formats.entry import MODIFIER, NOT_A_NAME, PATH, REGEX, Pattern
from safedns.blocklist.header import Header, SkippedCount, read_header
from safedns.blocklist.networks import network_of_key
from safedns.errors import ListError
from safedns.wire.names import name_of_key
from tests.unit.blocklist.sample import NAMES, counts, on_disk, write_names

RULES = """\
! Title: everything at once
||bad.example^
||www.bad.example^
||bad.example^
alone.example
alone.bad.example
@@||good.bad.example^
||worse.good.bad.example^
||worst.worse.good.bad.example^
||other.bad.example^
exact.good.bad.example
||half.example^$third-party
||half.example^$popup
||page.example/ads
||*.inner.example^
||a.inner.example^
@@||*.inner-spared.example^
||important.example^$important
|x.important.example^$important
@@||important.example^
@@||important.example^$important
ads[0-9]
/ads[0-9]/
/ads[0-9]/
/(?=a)/
@@/^good[0-9]/
||192.0.2.1^
@@||192.0.2.2^
"""


def names(contents: Contents, kind: str = "below") -> list[str]:
    return sorted(name_of_key(key) for key in contents.tries.get(kind, ()))


def compile_names(tmp_path: Path, *lines: str, name: str = "list", now: float = 1000.0) -> Header:
    source = write_names(tmp_path / f"{name}.txt", *lines)
    return compile_list(source, name=name, category="adult", folder=tmp_path / "lists", now=now)


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "lists").iterdir())


def test_a_list_with_everything_at_once(tmp_path: Path) -> None:
    source = tmp_path / "rules.txt"
    source.write_text(RULES)
    contents = read_list(source)
    assert contents.format == "adblock"
    assert {kind: names(contents, kind) for kind in contents.tries if "network" not in kind} == {
        "below": ["bad.example"],
        "exact": ["alone.example"],
        "inner": ["inner.example"],
        "allow": ["good.bad.example", "important.example"],
        "allow-inner": ["inner-spared.example"],
        "important": ["important.example"],
        "important-allow": ["important.example"],
    }
    assert [str(network_of_key(key)) for key in contents.tries["network"]] == ["192.0.2.1/32"]
    assert [str(network_of_key(key)) for key in contents.tries["allow-network"]] == ["192.0.2.2/32"]
    assert contents.patterns == [
        Pattern(23, "/ads[0-9]/", "(?i)ads[0-9]"),
        Pattern(26, "@@/^good[0-9]/", "(?i)^good[0-9]", allow=True),
    ]
    assert (contents.read, contents.needless, contents.entries) == (22, 10, 6)
    assert contents.subsumed == [
        "alone.bad.example (by bad.example)",
        "exact.good.bad.example (by bad.example)",
        "worse.good.bad.example (by bad.example)",
        "worst.worse.good.bad.example (by bad.example)",
        "other.bad.example (by bad.example)",
    ]
    assert contents.skipped == {
        MODIFIER: SkippedCount(2, 12, "||half.example^$third-party"),
        PATH: SkippedCount(1, 14, "||page.example/ads"),
        NOT_A_NAME: SkippedCount(1, 22, "ads[0-9]"),
        REGEX: SkippedCount(1, 25, "/(?=a)/"),
    }


def test_where_the_longest_entry_decides_names_between_which_an_exception_lies_are_kept(tmp_path: Path) -> None:
    source = write_names(
        tmp_path / "dnsmasq.conf",
        "local=/bad.example/",
        "server=/good.bad.example/#",
        "local=/worse.good.bad.example/",
        "local=/worst.worse.good.bad.example/",
    )
    contents = read_list(source)
    assert names(contents) == ["bad.example", "worse.good.bad.example"]
    assert contents.subsumed == ["worst.worse.good.bad.example (by worse.good.bad.example)"]


def test_a_name_and_its_star_in_a_policy_zone_come_to_one_entry(tmp_path: Path) -> None:
    source = write_names(tmp_path / "zone", "a.example CNAME .", "*.a.example CNAME .", "b.example CNAME .")
    contents = read_list(source)
    assert (names(contents), names(contents, "exact")) == (["a.example"], ["b.example"])


def test_a_name_that_is_said_alone_and_with_all_below_counts_once_even_where_another_covers_it(tmp_path: Path) -> None:
    source = tmp_path / "rules.txt"
    source.write_text("||bad.example^\n||www.bad.example^\nwww.bad.example\n||b.example^\nb.example\n||*.b.example^\n")
    contents = read_list(source, "adblock")
    assert (names(contents), [*contents.tries]) == (["b.example", "bad.example"], ["below"])
    assert contents.needless == 4
    assert contents.subsumed == ["www.bad.example (by bad.example)"]


def test_what_is_below_a_name_covers_names_further_down_but_not_the_name(tmp_path: Path) -> None:
    source = tmp_path / "rules.txt"
    source.write_text("||*.b.example^\n|b.example^\n||a.b.example^\n|x.b.example^\n||*.x.b.example^\n")
    contents = read_list(source, "adblock")
    assert (names(contents, "exact"), names(contents, "inner"), names(contents)) == (["b.example"], ["b.example"], [])
    assert contents.needless == 3


def test_a_name_that_only_looks_like_a_parent_keeps_its_neighbour(tmp_path: Path) -> None:
    header = compile_names(tmp_path, "ample.com", "example.com", "example.co")
    assert counts(header) == {"below": 3}


def test_the_header_says_what_the_artefact_is(tmp_path: Path) -> None:
    header = compile_names(tmp_path, "a.example", "www.a.example", "b.example", "1.2.3.4", now=1234.5)
    assert (header.name, header.category, header.source_format, header.built) == ("list", "adult", "domains", 1234.5)
    assert header.compiled_with == __version__
    assert header.source_digest == file_digest(tmp_path / "list.txt")
    assert (header.read, header.entries, header.subsumed) == (3, 2, 1)
    table = header.tables["below"]
    path = tmp_path / "lists" / table.file
    assert (path.stat().st_size, file_digest(path)) == (table.size, table.sha256)
    assert header.size == table.size
    assert read_header(tmp_path / "lists", "list") == header


def test_only_tables_that_hold_something_are_written_beside_the_first(tmp_path: Path) -> None:
    header = compile_names(tmp_path, "a.example")
    assert files(tmp_path) == [header.tables["below"].file, "list.json"]


def test_a_list_without_names_compiles_to_an_artefact_that_holds_none(tmp_path: Path) -> None:
    source = tmp_path / "empty.txt"
    source.write_text("# nothing\n")
    header = compile_list(source, name="empty", category="adult", folder=tmp_path / "lists", now=1.0, format="domains")
    assert counts(header) == {"below": 0}
    assert header.entries == 0


@on_disk
@given(lines=st.lists(NAMES, min_size=1), order=st.randoms(use_true_random=False))
def test_the_order_of_the_source_does_not_change_a_byte_of_the_tables(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], order: random.Random
) -> None:
    tmp_path = tmp_path_factory.mktemp("order")
    first = compile_names(tmp_path, *lines)
    order.shuffle(lines)
    assert compile_names(tmp_path, *lines, *lines[:1]).tables == first.tables


def test_the_tables_of_the_header_before_stay_for_one_more_round(tmp_path: Path) -> None:
    first = compile_names(tmp_path, "a.example").tables["below"].file
    second = compile_names(tmp_path, "b.example").tables["below"].file
    assert files(tmp_path) == sorted([first, second, "list.json", "list.previous"])
    third = compile_names(tmp_path, "c.example").tables["below"].file
    assert files(tmp_path) == sorted([second, third, "list.json", "list.previous"])


def test_the_same_names_compiled_again_do_not_cost_the_generation_before(tmp_path: Path) -> None:
    first = compile_names(tmp_path, "a.example", now=1.0)
    again = compile_names(tmp_path, "a.example", "a.example", now=2.0)
    assert again.tables == first.tables
    assert files(tmp_path) == [first.tables["below"].file, "list.json"]


def test_who_read_the_header_before_an_update_can_still_map_its_tables_after_it(tmp_path: Path) -> None:
    before = compile_names(tmp_path, "a.example")
    compile_names(tmp_path, "b.example")
    table = before.tables["below"]
    assert file_digest(tmp_path / "lists" / table.file) == table.sha256


def test_a_failure_before_the_commit_leaves_the_list_as_it_was(tmp_path: Path) -> None:
    before = compile_names(tmp_path, "a.example")
    (tmp_path / "lists" / ".list.json.tmp").mkdir()
    with pytest.raises(ListError, match="cannot be written"):
        compile_names(tmp_path, "b.example")
    assert open_artefact(tmp_path / "lists", "list", verify=True).header == before


def test_lists_whose_names_begin_alike_do_not_touch_each_other(tmp_path: Path) -> None:
    for text in ("a.example", "b.example", "c.example"):
        compile_names(tmp_path, text, name="ads")
        compile_names(tmp_path, text, name="ads-vn")
    assert len(table_files(tmp_path / "lists", "ads")) == 2
    remove_artefact(tmp_path / "lists", "ads")
    assert table_files(tmp_path / "lists", "ads") == []
    assert counts(read_header(tmp_path / "lists", "ads-vn")) == {"below": 1}


def test_progress_tells_the_bytes_read_so_far_and_ends_with_all(tmp_path: Path) -> None:
    source = write_names(tmp_path / "long.txt", *(f"n{number}.example" for number in range(45_000)))
    seen: list[tuple[int, int]] = []
    read_list(source, progress=lambda done, total: seen.append((done, total)))
    size = source.stat().st_size
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (size, size)
    assert {total for _, total in seen} == {size}


def test_carriage_returns_a_byte_order_mark_and_broken_utf8_are_survived(tmp_path: Path) -> None:
    source = tmp_path / "windows.txt"
    source.write_bytes(b"\xef\xbb\xbfa.example\r\nb\xff.example\r\nc.example")
    contents = read_list(source)
    assert names(contents) == ["a.example", "c.example"]
    assert [count.line for count in contents.skipped.values()] == [2]


@pytest.mark.parametrize(
    ("text", "list_format", "message"),
    [
        ("<html>Sign in</html>", None, "is a web page, not a list"),
        ("", None, "is empty"),
        ("\0", None, "is no text; expected text, or text packed as gzip, zstd, zip or tar"),
        ("This is a letter.", None, f"is in no known list format; expected one of {KNOWN}"),
        ("a.example", "bind", f"format 'bind' is unknown; expected one of {KNOWN}"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_file(
    tmp_path: Path, text: str, list_format: str | None, message: str
) -> None:
    source = tmp_path / "x.txt"
    source.write_text(text)
    with pytest.raises(ListError) as error:
        read_list(source, list_format)
    assert str(error.value) == f"{source}: {message}"


def test_a_missing_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"nothing\.txt: cannot be read: No such file or directory"):
        read_list(tmp_path / "nothing.txt")


@pytest.mark.parametrize("name", ["", "..", "a/b", "Ads", "a.b", "-a", "x" * 65])
def test_a_name_that_could_lead_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ListError, match="is no list name"):
        compile_list(write_names(tmp_path / "l.txt", "a.example"), name=name, category="x", folder=tmp_path, now=1.0)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "lists").write_text("in the way")
    with pytest.raises(ListError, match=r"^list: cannot be written to .*lists: File exists$"):
        compile_names(tmp_path, "a.example")


COMPILE = """
import sys
from pathlib import Path
from safedns.blocklist.compile import compile_list
source, folder = map(Path, sys.argv[1:])
compile_list(source, name="list", category="adult", folder=folder, now=1000.0)
"""


def test_the_hash_seed_of_the_interpreter_does_not_change_a_byte(tmp_path: Path) -> None:
    source = write_names(
        tmp_path / "rules.txt",
        *RULES.splitlines(),
        "||typed.example^$dnstype=HTTPS|A|AAAA,denyallow=z.typed.example|a.typed.example|m.typed.example,important",
        "*$denyallow=vn|com|net|org",
        "||disabled.example^$important",
        "||disabled.example^$badfilter,important",
        *(f"||n{number}.example^$client=x,third-party" for number in range(3)),
    )
    made = []
    for seed in ("0", "1", "4711"):
        folder = tmp_path / f"lists-{seed}"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", COMPILE, source, folder], env=environment, check=True)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 1 + len(read_header(tmp_path / "lists-0", "list").tables)
