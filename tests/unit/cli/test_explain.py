"""``safedns explain``: the walk in words, for people and for programs, without the daemon."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from safedns.app.live import state_file
from safedns.blocklist.compile import compile_list
from safedns.blocklist.library import lists_folder
from safedns.cli.main import main
from safedns.record.state import StateWriter
from tests.unit.policy.families import at

SETTINGS = """
timezone: Asia/Ho_Chi_Minh
upstreams: {servers: [9.9.9.9]}
records: {printer.lan: 192.168.1.9}
lists: {use: none, extra: [{name: bad, category: malware, source: bad.txt}]}
"""
FAMILY = """
children:
  binh:
    name: Bình
    preset: plain
    devices: ["192.168.1.32", "aa:bb:cc:dd:ee:01"]
    bedtime: {every day: "21:00-06:30"}
    services: {tiktok: off, youtube: moderate}
groups:
  guests: {preset: plain}
unknown: guests
"""
PLAIN = """
title: Plain
default: allow
safety: [malware]
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``safedns explain`` on a small household whose one list is compiled."""
    config, state = tmp_path / "config", tmp_path / "state"
    (config / "presets").mkdir(parents=True)
    (config / "safedns.yaml").write_text(SETTINGS)
    (config / "family.yaml").write_text(FAMILY)
    (config / "presets" / "plain.yaml").write_text(PLAIN)
    (config / "bad.txt").write_text("evil.example\n")
    compile_list(
        config / "bad.txt", name="bad", category="malware", folder=lists_folder(state), now=0, format="domains"
    )
    folders = ["--config", str(config), "--state", str(state)]
    return lambda *words: CliRunner().invoke(main, ["explain", *words, *folders])


def test_the_walk_is_told_step_by_step_with_the_deciding_one_marked(run: Run) -> None:
    result = run("binh", "www.TikTok.com", "--at", "2026-11-23 20:00")
    assert result.stdout.splitlines() == [
        "Bình (preset plain) asks for www.tiktok.com A, Mon 23 Nov 2026 20:00",
        "",
        "   safety    in none of malware (1 list)",
        "   time      neither bedtime nor homework now",
        "-> services  tiktok.com belongs to tiktok, which is off",
        "",
        "blocked; nothing within the next two weeks changes that",
    ]


@pytest.mark.parametrize(
    ("name", "at", "outcome", "code"),
    [
        ("wikipedia.org", "2026-11-23 20:00", "allowed until 21:00", 0),
        ("wikipedia.org", "2026-11-23 21:30", "blocked until 06:30", 1),
        ("cdn.evil.example", "2026-11-23 20:00", "blocked; nothing within the next two weeks changes that", 1),
        ("www.youtube.com", "2026-11-23 20:00", "answered by restrictmoderate.youtube.com until 21:00", 0),
        ("printer.lan", "2026-11-23 21:30", "answered here, for everybody alike", 0),
        ("wikipedia.org", "2020-01-01 12:00", "allowed until 21:00", 0),
    ],
)
def test_the_last_line_is_the_outcome_and_the_exit_code_says_it_too(
    run: Run, name: str, at: str, outcome: str, code: int
) -> None:
    result = run("binh", name, "--at", at)
    assert (result.stdout.splitlines()[-1], result.exit_code) == (outcome, code)


@pytest.mark.parametrize(
    ("who", "first"),
    [
        ("binh", "Bình (preset plain)"),
        ("bình", "Bình (preset plain)"),
        ("192.168.1.32", "Bình (192.168.1.32, preset plain)"),
        ("::ffff:192.168.1.32", "Bình (192.168.1.32, preset plain)"),
        ("AA:BB:CC:DD:EE:01", "Bình (aa:bb:cc:dd:ee:01, preset plain)"),
        ("guests", "guests (preset plain)"),
        ("10.9.8.7", "guests (preset plain)"),
    ],
)
def test_who_is_a_child_a_group_a_device_or_any_address(run: Run, who: str, first: str) -> None:
    result = run(who, "wikipedia.org", "--at", "2026-11-23 20:00")
    assert result.stdout.startswith(f"{first} asks for wikipedia.org A")


def test_somebody_unknown_is_a_usage_error_with_a_suggestion(run: Run) -> None:
    result = run("bihn", "wikipedia.org")
    assert result.exit_code == 2
    assert "`bihn` is no child, group, device or address; did you mean `binh`?" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("binh", "wiki pedia.org"), "has ' ' in it"),
        (("binh", "wikipedia.org", "--type", "AAAAA"), "'AAAAA' is not a record type"),
        (("binh", "wikipedia.org", "--at", "tomorrow"), "'tomorrow' is no time"),
    ],
)
def test_a_bad_name_type_or_time_is_a_usage_error(run: Run, words: tuple[str, ...], message: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_json_is_one_object_with_documented_keys(run: Run) -> None:
    result = run("192.168.1.32", "www.youtube.com", "--type", "https", "--at", "2026-11-23 20:00", "--json")
    assert json.loads(result.stdout) == {
        "at": "2026-11-23T20:00:00+07:00",
        "until": "2026-11-23T21:00:00+07:00",
        "who": {"profile": "binh", "name": "Bình", "kind": "child", "preset": "plain", "device": "192.168.1.32"},
        "query": {"name": "www.youtube.com", "type": "HTTPS"},
        "outcome": "rewritten",
        "target": "restrictmoderate.youtube.com",
        "ede": 4,
        "reason": {"kind": "service", "rule": "youtube", "matched": "www.youtube.com", "category": "video"},
        "steps": [
            {"step": "safety", "text": "in none of malware (1 list)", "decided": False},
            {"step": "time", "text": "neither bedtime nor homework now", "decided": False},
            {
                "step": "services",
                "text": "youtube is moderate: answered by restrictmoderate.youtube.com",
                "decided": True,
            },
        ],
    }


@pytest.mark.parametrize(
    ("name", "outcome", "until", "ede"),
    [
        ("wikipedia.org", "allowed", "2026-11-23T21:00:00+07:00", None),
        ("evil.example", "blocked", None, 15),
        ("tiktok.com", "blocked", None, 17),
        ("printer.lan", "local", None, None),
    ],
)
def test_json_says_every_outcome(run: Run, name: str, outcome: str, until: str | None, ede: int | None) -> None:
    found = json.loads(run("binh", name, "--at", "2026-11-23 20:00", "--json").stdout)
    assert (found["outcome"], found["until"], found["ede"]) == (outcome, until, ede)


def test_a_time_of_day_alone_is_today_even_when_it_is_still_to_come(run: Run) -> None:
    clocks = [json.loads(run("binh", "wikipedia.org", "--json", "--at", at).stdout)["at"] for at in ("00:00", "23:59")]
    assert clocks[0][:10] == clocks[1][:10]


def test_lists_that_are_not_compiled_yet_are_told_on_standard_error(run: Run) -> None:
    result = run("binh", "wikipedia.org", "--at", "2026-11-23 20:00", "--json")
    assert "warning: not every list can be asked: " in result.stderr
    assert json.loads(result.stdout)["outcome"] == "allowed"


def test_a_broken_configuration_is_told_with_every_problem(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config" / "family.yaml").write_text(FAMILY.replace("bedtime", "bedtme"))
    result = run("binh", "wikipedia.org")
    assert result.exit_code == 2
    assert "bedtme" in result.stderr


def test_an_address_that_may_not_ask_is_refused_whatever_the_rules_say(run: Run) -> None:
    result = run("203.0.113.9", "example.com")
    assert result.exit_code == 1
    assert "`clients:` in safedns.yaml does not admit this address" in result.stdout
    assert result.stdout.splitlines()[-1] == "refused: this address may not ask here"
    told = json.loads(run("203.0.113.9", "example.com", "--json").stdout)
    assert (told["outcome"], told["ede"], told["reason"]["kind"]) == ("refused", 18, "client")
    assert run("192.168.1.77", "example.com").exit_code == 0


def test_what_a_parent_decided_for_now_is_the_first_step_of_the_walk(run: Run, tmp_path: Path) -> None:
    start = at("2026-11-23 20:00")
    with StateWriter(state_file(tmp_path / "state")) as state:
        state.add_override("binh", "pause", ("internet", ""), start=start, until=start + 1200, by="me")
    lines = run("binh", "wikipedia.org", "--at", "2026-11-23 20:10").stdout.splitlines()
    assert lines[2] == "-> override  paused: only what is in always is open"
    assert lines[-1] == "blocked until 20:20"
    assert run("binh", "wikipedia.org", "--at", "2026-11-23 20:20").exit_code == 0


def test_a_state_that_cannot_be_read_is_left_out_with_a_warning(run: Run, tmp_path: Path) -> None:
    state_file(tmp_path / "state").write_bytes(b"not a database" * 1000)
    result = run("binh", "wikipedia.org", "--at", "2026-11-23 20:00")
    assert result.exit_code == 0
    assert "overrides and minutes of use are left out here" in result.stderr
