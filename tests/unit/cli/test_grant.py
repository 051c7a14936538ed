"""``safedns grant``: opened for a while, or refused where it would stay closed; extra minutes for a limit of today."""

from __future__ import annotations

import pytest

from safedns.blocklist.bundled import bundled
from safedns.blocklist.services import load_service
from safedns.record.state import BonusRow
from tests.unit.cli.home import NOW, Home
from tests.unit.policy.families import at


@pytest.mark.parametrize(
    ("what", "target", "told"),
    [
        ([], ("internet", ""), "internet granted"),
        (["internet"], ("internet", ""), "internet granted"),
        (["games"], ("category", "games"), "games granted"),
        (["TikTok"], ("service", "tiktok"), "tiktok granted"),
        (["www.Example.com."], ("name", "www.example.com"), "www.example.com granted"),
        (["bücher.example"], ("name", "xn--bcher-kva.example"), "bücher.example granted"),
        (["evil.example"], ("name", "evil.example"), "evil.example granted"),
    ],
)
def test_the_internet_a_category_a_service_or_a_name_is_opened(
    home: Home, what: list[str], target: tuple[str, str], told: str
) -> None:
    assert home.said("grant", "binh", *what, "--for", "20m") == f"Bình: {told} until 19:30\n"
    assert [(row.kind, row.target, row.until) for row in home.overrides()] == [("grant", target, NOW + 1200)]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (
            "malware",
            "malware stays closed for Bình's safety; a grant lifts that only for a single name, such as example.com",
        ),
        ("roblox", "roblox would stay closed for Bình all the same: not safe: malware"),
    ],
)
def test_a_grant_that_would_open_nothing_is_refused_and_not_written(home: Home, what: str, told: str) -> None:
    names = load_service(bundled("blocklists", "services", "roblox.yaml")).names
    (home.config / "bad.txt").write_text("\n".join(names), encoding="utf-8")
    home.compile_list()
    result = home.run("grant", "binh", what, "--for", "20m")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == told
    assert home.overrides() == []


def test_the_internet_is_not_granted_where_no_time_closes_it_unless_it_is_paused(home: Home) -> None:
    refused = home.run("grant", "guests", "--for", "20m")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "no bedtime, homework, window or limit closes anything for guests" in refused.stderr
    assert home.overrides() == []
    home.said("pause", "guests", "--for", "1h")
    assert home.said("grant", "guests", "--for", "20m") == "guests: internet granted until 19:30\n"


def test_extra_minutes_are_added_to_today_s_limit_and_say_what_is_left(home: Home) -> None:
    home.use("binh", "category", "games", "2026-11-27 15:00", "2026-11-27 15:25")
    told = home.said("grant", "binh", "games", "--bonus", "15m", "--why", "tidied up")
    assert told == "Bình: games 20 of 45 min left (estimated)\n"
    assert home.bonuses() == [BonusRow(1, "binh", ("category", "games"), "2026-11-27", 900, NOW, "mai", "tidied up")]
    assert home.overrides() == []


def test_extra_minutes_belong_to_the_child_s_day(home: Home) -> None:
    home.at(at("2026-11-28 00:01"))
    assert home.said("grant", "binh", "roblox", "--bonus", "10m") == "Bình: Roblox 30 of 30 min left (estimated)\n"
    assert [row.day for row in home.bonuses()] == ["2026-11-28"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("roblox --bonus 5m", "Bình has no limit for roblox today; limits today: games"),
        ("--bonus 5m", "Bình has no limit for internet today; limits today: games"),
        ("games --bonus 5m --for 1h", "--bonus adds minutes to today's limit; it goes with neither --for nor --until"),
        (
            "games --bonus five",
            "`five` is not a length of time; expected a number and a unit, such as 45m, 2h or 1 day",
        ),
    ],
)
def test_extra_minutes_that_make_no_sense_are_refused(home: Home, words: str, complaint: str) -> None:
    assert home.refused("grant", "binh", *words.split()) == complaint
