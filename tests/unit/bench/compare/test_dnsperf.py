"""Reading what dnsperf prints, and calling it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.compare.dnsperf import Report, command, merged, parse, write_queries
from tests.bench.compare.process import BenchError

PRINTED = """DNS Performance Testing Tool
Version 2.10.0

[Status] Sending queries (to 127.0.0.1:15353)
[Timeout] Query timed out: msg id 1
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         2000
  Queries completed:    1990 (99.50%)
  Queries lost:         10 (0.50%)

  Response codes:       NOERROR 1500 (75.38%), NXDOMAIN 490 (24.62%)
  Average packet size:  request 34, response 50
  Run time (s):         2.000000
  Queries per second:   995.000000

  Average Latency (s):  0.000036 (min 0.000016, max 0.002007)
"""


def test_the_statistics_are_read() -> None:
    report = parse(PRINTED)
    assert report == Report(2000, 1990, {"NOERROR": 1500, "NXDOMAIN": 490}, 2.0)
    assert report.per_second == 995.0


def test_a_run_without_any_answer_is_read_too() -> None:
    report = parse(
        "Queries sent: 2\nQueries completed: 0 (0.00%)\n  Response codes:       \n"
        "  Average packet size:  request 32, response 0\nRun time (s): 0.0\n"
    )
    assert report == Report(2, 0, {}, 0.0)
    assert report.per_second == 0.0


@pytest.mark.parametrize(("text", "last"), [("", "nothing"), ("Usage: ...\nError: bad option\n", "Error: bad option")])
def test_missing_statistics_are_an_error_with_the_last_line(text: str, last: str) -> None:
    with pytest.raises(BenchError, match=f"last line was: {last}"):
        parse(text)


def test_loads_at_the_same_time_add_up() -> None:
    first = Report(10, 9, {"NOERROR": 9}, 1.0)
    second = Report(10, 10, {"NOERROR": 4, "SERVFAIL": 6}, 2.0)
    assert merged([first, second]) == Report(20, 19, {"NOERROR": 13, "SERVFAIL": 6}, 2.0)


def test_full_speed_sets_no_limit_of_queries_a_second() -> None:
    file = Path("queries.txt")
    limited = command(53, file, address="127.0.0.2", rate=100, seconds=4, passes=1, sockets=4)
    assert limited[-2:] == ["-Q", "100"]
    assert "-Q" not in command(53, file, address="127.0.0.2", rate=0, seconds=4, passes=5, sockets=4)


def test_queries_are_shared_out_among_the_clients(tmp_path: Path) -> None:
    first, second = write_queries(["a.com", "b.com", "c.com"], tmp_path, 2)
    assert first.read_text() == "a.com A\nc.com A\n"
    assert second.read_text() == "b.com A\n"
