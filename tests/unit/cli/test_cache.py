"""``safedns cache``: what the running safedns keeps, and how it is made to forget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safedns.cli.cache import FIELDS
from safedns.cli.main import main
from tests.unit.cli.daemon import daemon

MIB = 1 << 20


def told(**changes: Any) -> dict[str, Any]:
    """What one resolver process says, as it comes through the supervisor."""
    said = {
        "event": "answer", "number": 4,
        "entries": 1200, "entries_most": 20_000, "bytes": 2 * MIB, "bytes_most": 64 * MIB, "oldest": 7205,
        "finished": 9000, "hit": 800, "miss": 1500, "expired": 300, "stale": 7, "renewed": 11, "evicted": 0,
        "forgotten": 0,
    }  # fmt: skip
    return said | changes


def cache(state: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["cache", *arguments, "--state", str(state)])


def test_stats_add_up_what_all_processes_keep(tmp_path: Path) -> None:
    with daemon(tmp_path, {"cache": {"caches": [told(), told(oldest=60)]}}) as asked:
        result = cache(tmp_path, "stats")
    assert (asked, result.exit_code) == (["cache"], 0)
    assert result.stdout.splitlines() == [
        "2,400 answers are kept, of 40,000 that may be",
        "4.0 MiB of 128.0 MiB of memory",
        "the oldest was stored 120 minutes ago",
        "19,600 queries were answered by them, 14 by outdated ones",
        "3,600 had to be asked for, 600 of them again",
        "22 were renewed before their end",
        "0 answers had to make room",
    ]


def test_an_empty_cache_has_no_oldest_answer(tmp_path: Path) -> None:
    with daemon(tmp_path, {"cache": {"caches": [told(entries=0, bytes=0, oldest=None)]}}):
        result = cache(tmp_path, "stats")
    assert result.exit_code == 0
    assert "oldest" not in result.stdout


def test_json_has_an_object_for_each_process_and_nothing_of_the_message(tmp_path: Path) -> None:
    with daemon(tmp_path, {"cache": {"caches": [told(), told(entries=3)]}}):
        result = cache(tmp_path, "stats", "--json")
    found = json.loads(result.stdout)
    assert [one["entries"] for one in found] == [1200, 3]
    assert {tuple(one) for one in found} == {FIELDS}


@pytest.mark.parametrize(
    ("arguments", "flushed", "said"),
    [
        (["Example.COM."], "example.com", "forgot 3 answers for example.com and names below it\n"),
        (["bánh.vn"], "xn--bnh-ela.vn", "forgot 3 answers for bánh.vn and names below it\n"),
        (["--all"], ".", "forgot 3 answers\n"),
    ],
)
def test_flush_forgets_a_name_with_what_is_below_it_or_everything(
    tmp_path: Path, arguments: list[str], flushed: str, said: str
) -> None:
    with daemon(tmp_path, {"cache": {"caches": [told(forgotten=1), told(forgotten=2)]}}) as asked:
        result = cache(tmp_path, "flush", *arguments)
    assert asked == [f"cache flush={flushed}"]
    assert (result.exit_code, result.stdout) == (0, said)


@pytest.mark.parametrize("arguments", [["stats"], ["flush", "--all"]])
def test_a_process_that_does_not_answer_is_exit_1(tmp_path: Path, arguments: list[str]) -> None:
    with daemon(tmp_path, {"cache": {"caches": [told(), {}]}}):
        result = cache(tmp_path, *arguments)
    assert (result.exit_code, result.stderr) == (1, "1 resolver process did not answer\n")


@pytest.mark.parametrize("arguments", [[], ["--all", "example.com"], ["a..b"]])
def test_flush_without_a_name_that_can_be_is_exit_2_and_forgets_nothing(tmp_path: Path, arguments: list[str]) -> None:
    with daemon(tmp_path, {"cache": {"caches": [told()]}}) as asked:
        result = cache(tmp_path, "flush", *arguments)
    assert (asked, result.exit_code) == ([], 2)
    assert "expected" in result.stderr


@pytest.mark.parametrize("arguments", [["stats"], ["flush", "example.com"]])
def test_without_a_running_safedns_it_is_exit_3(tmp_path: Path, arguments: list[str]) -> None:
    assert cache(tmp_path, *arguments).exit_code == 3
