"""For whom, about what and until when: what parents may type, and what they are told if it makes no sense."""

from __future__ import annotations

import pytest

from tests.unit.cli.daemon import daemon
from tests.unit.cli.home import NOW, Home
from tests.unit.policy.families import at


@pytest.mark.parametrize("who", ["binh", "BINH", "Bình", "bình", " binh "])
def test_a_child_is_found_by_its_id_and_by_its_name(home: Home, who: str) -> None:
    assert home.said("pause", who, "--for", "20m") == "Bình: paused until 19:30\n"


@pytest.mark.parametrize(
    ("options", "end", "told"),
    [
        (["--for", "20m"], NOW + 1200, "19:30"),
        (["--for", "1h 30m"], NOW + 5400, "20:40"),
        (["--until", "20:30"], at("2026-11-27 20:30"), "20:30"),
        (["--until", "7:00"], at("2026-11-28 07:00"), "07:00"),
        (["--until", "2026-11-29 08:00"], at("2026-11-29 08:00"), "Sun 08:00"),
        (["--until", "bedtime"], at("2026-11-27 21:00"), "21:00"),
        (["--for", "20 days"], NOW + 20 * 86_400, "Thu 17 Dec 19:10"),
    ],
)
def test_it_lasts_for_a_while_until_a_time_or_until_bedtime(
    home: Home, options: list[str], end: float, told: str
) -> None:
    assert home.said("pause", "binh", *options) == f"Bình: paused until {told}\n"
    assert [(row.start, row.until) for row in home.overrides()] == [(NOW, end)]


def test_bedtime_is_the_next_one_also_when_today_s_is_over(home: Home) -> None:
    home.at(at("2026-11-28 06:30"))
    assert home.said("pause", "binh", "--until", "bedtime") == "Bình: paused until 21:00\n"


HOW_LONG = "say either how long (--for 20m) or until when (--until 20:30, --until bedtime), as in: "
FOR_GOOD = "what is to last longer belongs into family.yaml"
BOUNDS = f"is out of range; expected 1 minute to 31 days; {FOR_GOOD}"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("pause bin --for 1h", "`bin` is no child or group; did you mean `binh`?"),
        ("pause binh", f"{HOW_LONG}safedns pause binh --for 20m"),
        ("grant binh", f"{HOW_LONG}safedns grant binh games --for 20m"),
        ("block binh games", f"{HOW_LONG}safedns block binh tiktok --for 1h"),
        ("pause binh --for 1h --until 20:30", f"{HOW_LONG}safedns pause binh --for 20m"),
        ("pause binh --for 20", "`20` has no unit; expected a number and a unit, such as 45m, 2h or 1 day"),
        ("pause binh --for 32d", f"`32d` {BOUNDS}"),
        ("pause binh --for 5s", f"`5s` {BOUNDS}"),
        ("pause binh --until 2027-03-01", f"2027-03-01 is more than 31 days ahead; {FOR_GOOD}"),
        ("pause binh --until soon", "'soon' is no time; expected 20:30, bedtime, or '2026-11-23 20:30'"),
        ("pause an --until bedtime", "An has no bedtime; say --until 20:30 or --for 20m"),
        ("block binh tiktik --for 1h", "`tiktik` is not a category, a service or a site; did you mean `tiktok`?"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_expected(home: Home, words: str, complaint: str) -> None:
    assert home.refused(*words.split()) == complaint


def test_until_bedtime_means_nothing_while_it_is_bedtime(home: Home) -> None:
    home.at(at("2026-11-27 22:00"))
    expected = "it is bedtime for Bình now; say --until 22:00 or --for 20m"
    assert home.refused("grant", "binh", "--until", "bedtime") == expected


def test_a_bedtime_that_does_not_come_soon_is_not_waited_for(home: Home) -> None:
    family = home.config / "family.yaml"
    family.write_text(family.read_text(encoding="utf-8").replace('{every day: "21:00-06:30"}', "off"), encoding="utf-8")
    assert home.refused("pause", "binh", "--until", "bedtime") == "Bình has no bedtime; say --until 20:30 or --for 20m"


def test_who_decided_is_the_one_behind_sudo_or_else_the_user(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.said("pause", "binh", "--for", "20m", "--why", "dinner is ready")
    monkeypatch.delenv("SUDO_USER")
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    home.said("pause", "binh", "--for", "20m")
    assert [(row.made_by, row.why) for row in home.overrides()] == [("4000000", ""), ("mai", "dinner is ready")]


def test_a_daemon_that_runs_is_told_and_one_that_does_not_is_no_obstacle(home: Home) -> None:
    with daemon(home.state, {"live": {"ok": True}}) as asked:
        result = home.run("pause", "binh", "--for", "20m")
    assert (result.exit_code, result.stderr, asked) == (0, "", ["live"])
    with daemon(home.state, {"live": {"ok": False}}):
        assert home.run("pause", "binh", "--for", "20m").stderr == "safedns is busy; this counts in a moment\n"
    with daemon(home.state, {}):
        told = home.run("pause", "binh", "--for", "20m")
    assert told.exit_code == 0
    assert told.stderr.startswith("written down, but the safedns that runs cannot answer")
    late = home.run("pause", "binh", "--for", "20m")
    assert (late.exit_code, late.stderr) == (0, "safedns does not run; this counts as soon as it does\n")
    assert len(home.overrides()) == 4


def test_without_a_state_folder_or_rights_it_says_what_to_do(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.state = home.state.parent / "absent"
    result = home.run("pause", "binh", "--for", "20m")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"there is no state folder {home.state}; start safedns once, or name it with --state\n"

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("safedns.record.schema.open_writer", refuse)
    result = home.run("resume", "binh")
    assert result.exit_code == 1
    assert result.stderr.endswith("run this as root or as the user that runs safedns\n")
