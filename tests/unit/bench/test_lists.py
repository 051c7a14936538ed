"""The bench of list sizes: what it measures with, and one small run of all of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.compile import compile_list
from tests.bench import many_lists
from tests.bench.compare.names import is_name
from tests.bench.lists import FORMS, cost, invented, main, row, write_source
from tests.bench.one_list import Cost, peak_mib, questions


@pytest.fixture(autouse=True)
def termination_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_invented_names_are_different_and_valid() -> None:
    names = list(islice(invented(), 5000))
    assert len(set(names)) == 5000
    assert [name for name in names if not is_name(name)] == []


def test_a_source_has_as_many_names_as_asked_for_and_real_ones_first(tmp_path: Path) -> None:
    first, second = islice(invented(), 2)
    write_source(tmp_path / "names", 4, ["real.example", second])
    names = (tmp_path / "names").read_text().split()
    assert names[:2] == ["real.example", second]
    assert first in names
    assert len(set(names)) == len(names) == 4


def test_what_is_asked_is_on_the_list_or_only_looks_like_it(tmp_path: Path) -> None:
    write_source(tmp_path / "names", 100, ["real.example", "xreal.example"])
    compile_list(tmp_path / "names", name="list", category="adult", folder=tmp_path, now=0.0)
    artefact = open_artefact(tmp_path, "list")
    hits, misses = questions(tmp_path / "names", artefact)
    assert hits
    assert misses
    assert all(artefact.match(name, key) is not None for name, key in hits)
    assert all(artefact.match(name, key) is None for name, key in misses)


def test_the_peak_is_read_from_what_linux_says_of_a_process(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmPeak:\t  999999 kB\nVmHWM:\t   51200 kB\nVmRSS:\t   1024 kB\n")
    assert peak_mib(status) == 50


def test_a_line_of_the_table_names_thousands_and_rounds() -> None:
    costs = Cost("hosts", 5_000_000, 4_945_774, 14.812, 623.6, 3.97, 0.0714, 1.916, 0.334)
    assert row(costs) == ["hosts", "5 000 000", "4 945 774", "14.81", "624", "4.0", "0.07", "1.92", "0.33"]


def test_a_small_run_prints_a_line_a_size_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFEDNS_TEST_DATA", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    done = CliRunner().invoke(main, ["--names", "10,1000", "--each", "0", "--markdown"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0].startswith("| format | names | kept | compile s | peak MiB |")
    assert [line.split("|")[2].strip() for line in lines[2:4]] == ["10", "1 000"]
    assert lines[-1] == "- names: the first 0 from real lists, the rest invented"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_name_is_written_so_that_its_format_reads_it(form: str) -> None:
    costs = cost(form, 50, ["real.example"])
    assert (costs.form, costs.names, costs.kept) == (form, 50, 50)


def test_a_name_is_sought_in_many_lists(tmp_path: Path) -> None:
    assert many_lists.measure(tmp_path / "state", each=10) > 0


@pytest.mark.parametrize("text", ["", "ten", "0", "10,-1", "10,,20", "999999999999"])
def test_sizes_that_cannot_be_measured_are_refused(text: str) -> None:
    done = CliRunner().invoke(main, ["--names", text])
    assert done.exit_code == 2
    assert "Invalid value for '--names'" in done.output
