"""``safedns logs``: what is shown, to people and to programs, and what is said when there is nothing to show."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from safedns.cli import logs
from safedns.cli.logs import FIELDS, follow, why
from safedns.cli.main import main
from safedns.policy.decision import Action, ReasonKind
from safedns.record.counters import Counters
from safedns.record.schema import QUERY_LOG
from safedns.record.store import LogFilter, LogRow, QueryLog
from safedns.record.writer import LogWriter
from tests.fakes import FakeClock
from tests.unit.record.samples import NOON, event

EVENTS = (
    event(micros=1, name="www.youtube.com", reason="service", rule="youtube", source="upstream", upstream="quad9"),
    event(micros=2, at=NOON + 60, name="tiktok.com", action="blocked", reason="service", rule="tiktok",
          matched="tiktok.com", category="social", source="policy", rcode=3),
    event(micros=3, at=NOON + 120, name="xn--bcher-kva.example", profile="an", client="192.168.1.31", device="an-pc",
          action="blocked", reason="bedtime", rule="bedtime", qtype=65, source="policy"),
)  # fmt: skip


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    writer = LogWriter(tmp_path / QUERY_LOG.name, FakeClock(), Counters())
    writer.add(EVENTS)
    writer.commit()
    yield tmp_path
    writer.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "services").mkdir(parents=True)
    (folder / "services" / "tiktok.yaml").write_text(
        "title: TikTok\ncategory: social\nhomepage: https://www.tiktok.com/\nicon: ''\nnames: [tiktok.com]\n"
    )
    return folder


Run = Callable[..., Result]


@pytest.fixture
def run(state: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    from zoneinfo import ZoneInfo

    monkeypatch.setattr(logs, "household_zone", lambda _: ZoneInfo("Asia/Ho_Chi_Minh"))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["logs", "--state", str(state), "--config", str(config), *arguments])

    return run


def micros(result: Result) -> list[int]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["micros"] for line in result.stdout.splitlines()]


def test_people_get_an_aligned_table_in_the_households_time_without_colours_when_piped(run: Run) -> None:
    assert run().stdout == (
        "time                 who   device        name             type   decision  why            answer\n"
        "2026-11-18 18:06:40  binh  192.168.1.32  www.youtube.com  A      allowed   YouTube is on  upstream quad9\n"
        "2026-11-18 18:07:40  binh  192.168.1.32  tiktok.com       A      blocked   TikTok is off  policy\n"
        "2026-11-18 18:08:40  an    an-pc         bücher.example   HTTPS  blocked   bedtime        policy\n"
    )


def test_programs_get_one_json_object_a_line_with_the_documented_fields(run: Run) -> None:
    lines = run("--json").stdout.splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(FIELDS)] * 3
    assert json.loads(lines[1]) == {
        "time": "2026-11-18T18:07:40.000+07:00",
        "profile": "binh",
        "device": "192.168.1.32",
        "client": "192.168.1.32",
        "name": "tiktok.com",
        "type": "A",
        "decision": "blocked",
        "reason": "service",
        "rule": "tiktok",
        "matched": "tiktok.com",
        "category": "social",
        "why": "TikTok is off",
        "rcode": 3,
        "source": "policy",
        "upstream": "",
        "protocol": "udp",
        "micros": 2,
    }


def test_csv_has_a_header_and_the_same_values_as_json(run: Run) -> None:
    rows = list(csv.DictReader(run("--csv").stdout.splitlines()))
    objects = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert rows == [{field: str(value) for field, value in each.items()} for each in objects]


def test_csv_of_nothing_is_its_header(run: Run) -> None:
    assert run("--csv", "--child", "nobody").stdout == ",".join(FIELDS) + "\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [1, 2, 3]),
        (["--child", "an"], [3]),
        (["--device", "an-pc"], [3]),
        (["--device", "192.168.1.32"], [1, 2]),
        (["--blocked"], [2, 3]),
        (["--since", "2026-11-18 18:07"], [2, 3]),
        (["--until", "2026-11-18 18:08"], [1, 2]),
        (["--since", "1m", "--json"], []),
        (["--name", "TUBE"], [1]),
        (["--name", "bücher"], [3]),
        (["--limit", "1"], [3]),
        (["--limit", "0"], [1, 2, 3]),
    ],
)
def test_options_choose_rows(run: Run, arguments: list[str], expected: list[int]) -> None:
    assert micros(run("--json", *arguments)) == expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "soon"], "--since: 'soon' is no time; expected how long ago"),
        (["--until", "25:00"], "--until: '25:00' is no time"),
        (["--json", "--csv"], "--json and --csv exclude each other"),
        (["--limit", "-1"], "--limit"),
    ],
)
def test_bad_usage_exits_2_and_says_why(run: Run, arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


FAMILY = """
children:
  binh: {name: Bình, preset: open}
  new: {name: Người mới, preset: open}
groups: {adults: {preset: open}}
unknown: adults
"""


@pytest.mark.parametrize(
    ("child", "expected"),
    [("binh", [1, 2]), ("Bình", [1, 2]), ("BÌNH", [1, 2]), ("an", [3]), ("new", []), ("Người mới", [])],
)
def test_a_child_goes_by_its_short_or_shown_name_also_one_that_only_the_log_knows(
    run: Run, config: Path, child: str, expected: list[int]
) -> None:
    (config / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\n")
    (config / "family.yaml").write_text(FAMILY, encoding="utf-8")
    assert micros(run("--json", "--child", child)) == expected


def test_a_child_that_nobody_knows_is_a_slip_and_not_an_empty_log(run: Run, config: Path) -> None:
    (config / "safedns.yaml").write_text("upstreams: {servers: [9.9.9.9]}\n")
    (config / "family.yaml").write_text(FAMILY, encoding="utf-8")
    result = run("--child", "bihn")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`bihn` is no child or group; did you mean `binh`?" in result.stderr


@pytest.mark.parametrize(("limit", "told"), [("2", True), ("0", False), ("1000", False)])
def test_a_log_that_is_longer_than_what_is_shown_is_told(run: Run, limit: str, told: bool) -> None:
    assert ("--limit 0 shows all" in run("--limit", limit).stderr) is told


def test_without_a_log_one_line_says_so_and_the_exit_code_is_1(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["logs", "--state", str(tmp_path), "--config", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no query log yet" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_a_readable_configuration_the_machines_zone_is_used(tmp_path: Path) -> None:
    assert logs.household_zone(tmp_path) is None


def row(action: Action, kind: ReasonKind | str, rule: str = "", matched: str = "", category: str = "") -> LogRow:
    fields: dict[str, Any] = dict.fromkeys(LogRow._fields, "")
    return LogRow(**fields)._replace(action=action, reason=kind, rule=rule, matched=matched, category=category)


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        (row(Action.BLOCK, ReasonKind.SERVICE, "tiktok", "tiktok.com", "social"), "TikTok is off"),
        (row(Action.BLOCK, ReasonKind.SERVICE, "unknown"), "unknown is off"),
        (row(Action.ALLOW, ReasonKind.SERVICE, "tiktok"), "TikTok is on"),
        (row(Action.REWRITE, ReasonKind.SERVICE, "youtube"), "youtube is restricted"),
        (row(Action.BLOCK, ReasonKind.WINDOW, "tiktok", "tiktok.com", "social"), "TikTok: not at this time"),
        (row(Action.BLOCK, ReasonKind.BEDTIME, "bedtime"), "bedtime"),
        (row(Action.BLOCK, ReasonKind.HOMEWORK, "homework"), "homework time"),
        (row(Action.BLOCK, ReasonKind.SAFETY, "hostsvn-adult", "x.example", "adult"), "list hostsvn-adult (adult)"),
        (row(Action.BLOCK, ReasonKind.CATEGORY, "oisd", "x.example", "ads"), "list oisd (ads)"),
        (row(Action.BLOCK, ReasonKind.CATEGORY, "tiktok", "tiktok.com", "social"), "TikTok (social)"),
        (row(Action.ALLOW, ReasonKind.CATEGORY, "x", "x.example", "learning"), "learning is on"),
        (row(Action.BLOCK, ReasonKind.BLOCK_LIST, "block", "xn--bcher-kva.de"), "blocked by a parent (bücher.de)"),
        (row(Action.ALLOW, ReasonKind.ALLOW_LIST, "allow", "x.example"), "allowed by a parent"),
        (row(Action.ALLOW, ReasonKind.DEFAULT, "open"), ""),
        (row(Action.BLOCK, ReasonKind.DEFAULT, "under-6"), "not on the allowed list"),
        (row(Action.REWRITE, ReasonKind.SAFE_SEARCH, "google"), "safe search"),
        (row(Action.BLOCK, "a kind of tomorrow", "x"), "a kind of tomorrow"),
    ],
)  # fmt: skip
def test_the_reason_is_told_in_plain_words(logged: LogRow, words: str) -> None:
    assert why(logged, {"tiktok": "TikTok"}.get) == words


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("kind", ReasonKind)
def test_every_reason_has_words_for_every_action(action: Action, kind: ReasonKind) -> None:
    assert "{" not in why(row(action, kind, "rule", "x.example", "category"), lambda _: None)


def test_titles_come_from_the_households_own_services_and_then_from_ours(config: Path) -> None:
    title = logs.service_titles(config)
    (config / "services" / "broken.yaml").write_text("title: [")
    assert (title("tiktok"), title("youtube"), title("nothing"), title("broken")) == ("TikTok", "YouTube", None, None)


# -- following ----------------------------------------------------------------------------------------------------


class Seen:
    """An output that remembers."""

    def __init__(self) -> None:
        self.micros: list[int] = []

    def show(self, rows: Iterable[LogRow]) -> None:
        self.micros += [row.micros for row in rows]


def waits(*steps: Callable[[], object]) -> Callable[[], None]:
    """Does one of ``steps`` at each wait, then Ctrl-C."""
    remaining = iter(steps)

    def wait() -> None:
        step = next(remaining, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    return wait


def test_following_shows_the_last_rows_and_then_each_new_one_once_until_ctrl_c(state: Path) -> None:
    writer = LogWriter(state / QUERY_LOG.name, FakeClock(), Counters())

    def write(*numbers: int) -> None:
        writer.add([event(micros=number, at=NOON - number) for number in numbers])
        writer.commit()

    seen = Seen()
    with QueryLog(state / QUERY_LOG.name) as log:
        wait = waits(lambda: write(10, 11), lambda: None, lambda: write(12))
        follow(log, LogFilter(profile="binh", limit=1), seen, wait)
    assert seen.micros == [2, 10, 11, 12]
    writer.close()


def test_rows_written_while_the_log_is_being_read_are_shown_once(state: Path) -> None:
    writer = LogWriter(state / QUERY_LOG.name, FakeClock(), Counters())
    numbers = iter((10, 11, 12))

    class Busy(QueryLog):
        """A log that grows right after it was asked for its last row."""

        def last_id(self) -> int:
            found = super().last_id()
            writer.add([event(micros=number, at=NOON + number) for number in (next(numbers, None),) if number])
            writer.commit()
            return found

    seen = Seen()
    with Busy(state / QUERY_LOG.name) as log:
        follow(log, LogFilter(profile="binh"), seen, waits(*[lambda: None] * 4))
    assert sorted(seen.micros) == [1, 2, 10, 11, 12]
    writer.close()


def test_following_goes_on_when_every_row_was_purged_and_the_numbers_begin_again(state: Path) -> None:
    clock = FakeClock()
    writer = LogWriter(state / QUERY_LOG.name, clock, Counters())

    def purge() -> None:
        clock.advance(86_400)
        while writer.purge(3600):
            pass

    def write() -> None:
        writer.add([event(micros=99, at=clock.wall())])
        writer.commit()

    seen = Seen()
    with QueryLog(state / QUERY_LOG.name) as log:
        follow(log, LogFilter(), seen, waits(purge, write, lambda: None))
    assert seen.micros == [1, 2, 3, 99]
    writer.close()


def test_ctrl_c_ends_following_with_exit_code_0(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: waits()())
    result = run("--follow", "--json")
    assert micros(result) == [1, 2, 3]
