"""The scenarios' own tests: a file that says nothing or mistypes is refused, and a wrong expectation fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from safedns.errors import ConfigError
from tests.scenarios.inprocess import InProcess
from tests.scenarios.runner import play
from tests.scenarios.scenario import Script

STORY = """\
title: A story
family:
  children: {binh: {preset: open, devices: [127.0.0.3], services: {tiktok: off}, log: full}}
  groups: {adults: {preset: open}}
  unknown: adults
upstream: {www.example.com A: www.example.com 300 IN A 192.0.2.1}
steps:
  - {from: 127.0.0.3, ask: tiktok.com, expect: {rcode: NXDOMAIN, ede: 17, why: service, upstream_asked: no}}
  - ask: www.example.com
    expect: {answers: [www.example.com A 192.0.2.1], ttl: 300, upstream_asked: [www.example.com A]}
  - {ask: www.example.com, times: 3, expect: {rcode: NOERROR, decision: allowed}}
log:
  - {who: binh, name: tiktok.com, decision: blocked, words: TikTok is off}
counters: {queries binh blocked service udp: 1}
"""
DECIDED = STORY.replace("log:\n", "  - {safedns: pause binh --for 20m, says: paused}\nlog:\n")
"""The same, with a parent who decides something in the end."""

Played = Callable[[str], None]


@pytest.fixture
def played(tmp_path: Path, compiled: Path) -> Played:
    def play_text(text: str) -> None:
        file = tmp_path / "story.yaml"
        file.write_text(text, encoding="utf-8")
        script = Script(file)
        with InProcess(script.scenario, tmp_path, compiled) as stage:
            play(script, stage)

    return play_text


@pytest.mark.parametrize("story", [STORY, DECIDED])
def test_the_story_as_it_is_comes_true(played: Played, story: str) -> None:
    played(story)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            "says: paused",
            "says: granted",
            "story.yaml:12: safedns pause binh --for 20m\n  it says:\n",
        ),
        ("pause binh", "pause bing", "it ended with 2; expected 0; it says:"),
        ("says: paused", "says: paused, exit: 1", "it ended with 0; expected 1; it says:"),
    ],
)
def test_a_command_that_does_or_says_something_else_fails(played: Played, right: str, wrong: str, told: str) -> None:
    with pytest.raises(AssertionError) as failure:
        played(DECIDED.replace("binh: {preset", "binh: {name: Bình, preset").replace(right, wrong))
    assert told in str(failure.value)


def test_queries_one_after_another_take_their_time_and_minutes_of_use_are_counted(played: Played) -> None:
    limited, ask = (
        STORY.replace("log: full}", "log: full, limits: {internet: 2m}}"),
        "from: 127.0.0.3, ask: www.example.com",
    )
    steps = (
        f"{{{ask}, times: 3, expect: {{decision: allowed}}}}",
        f"{{{ask}, times: 2, every: 1m, expect: {{decision: allowed}}}}",
        f"{{{ask}, expect: {{decision: blocked, why: limit}}}}",
    )
    played("\n  - ".join([limited.partition("steps:")[0] + "steps:", *steps]))


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("rcode: NXDOMAIN", "rcode: NOERROR", "story.yaml:8: 127.0.0.3 asks tiktok.com A IN\n  rcode is NXDOMAIN"),
        ("ede: 17", "ede: 15", "ede is 17; expected 15"),
        ("ede: 17", "ede: none", "ede is 17; expected None"),
        ("ede: 17", "told: tiktok is on", "told is tiktok is off; expected tiktok is on"),
        ("ede: 17", "edns: no", "edns is True; expected False"),
        ("ede: 17", "truncated: yes", "truncated is False; expected True"),
        ("rcode: NXDOMAIN, ede: 17", "reply: none", "1 of 1 queries were answered; expected 0"),
        ("why: service", "why: bedtime", "why is service; expected bedtime"),
        ("why: service", "who: adults", "who is binh; expected adults"),
        ("why: service", "decision: allowed", "decision is blocked; expected allowed"),
        ("upstream_asked: no}", "upstream_asked: [tiktok.com A]}", "were asked nothing; expected ['tiktok.com A']"),
        (
            "[www.example.com A 192.0.2.1]",
            "[www.example.com A 192.0.2.2]",
            "answers is ['www.example.com A 192.0.2.1']",
        ),
        ("[www.example.com A 192.0.2.1]", "[]", "expected []"),
        ("ttl: 300", "ttl: 299", "TTLs are [300]; expected 299"),
        ("ttl: 300", "ttl_at_most: 299", "TTLs are [300]; expected at most 299"),
        ("upstream_asked: [www.example.com A]", "upstream_asked: no", "expected nothing"),
        ("{rcode: NOERROR, decision: allowed}", "{replies: 2}", "3 of 3 queries were answered; expected 2"),
        ("words: TikTok is off", "words: bedtime", "log line 1 (tiktok.com): words is 'TikTok is off'"),
        ("log:\n", "log:\n  - {who: binh}\n", "the log has 1 lines; expected 2"),
        ("log:\n  - {who: binh, name: tiktok.com, decision: blocked, words: TikTok is off}", "log: []", "has 1 lines"),
        ("service udp: 1", "service udp: 2", "counter queries binh blocked service udp is 1; expected 2"),
        ("binh blocked service udp", "binh blocked category udp", "queries binh blocked service udp: 1"),
    ],
)
def test_a_wrong_expectation_fails_and_says_what_came_instead(
    played: Played, right: str, wrong: str, told: str
) -> None:
    assert right in STORY
    with pytest.raises(AssertionError) as failure:
        played(STORY.replace(right, wrong))
    assert told in str(failure.value)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("rcode: NXDOMAIN", "rcod: NXDOMAIN", "`rcod` is not a key here; did you mean `rcode`?"),
        ("rcode: NXDOMAIN", "rcode: NXDOMAN", "`NXDOMAN` is not known here"),
        ("why: service", "why: services", "did you mean `service`?"),
        ("ttl: 300", "ttl: about 300", "is not a number"),
        ("{rcode: NOERROR, decision: allowed}", "{}", "nothing is expected; say at least the rcode"),
        (", expect: {rcode: NOERROR, decision: allowed}", "", "nothing is expected of this query"),
        ("times: 3,", "times: 3, wait: 1s,", "a step does one thing"),
        (
            "{ask: www.example.com, times: 3, expect: {rcode: NOERROR, decision: allowed}}",
            "{wait: 1s, tcp: yes}",
            "tcp",
        ),
        ("ask: tiktok.com", "ask: tiktok.com AAA", "is not a record type"),
        ("300 IN A 192.0.2.1", "IN A 192.0.2.1", "is not a record"),
        ("www.example.com A:", "WWW.example.com A:", "small letters"),
        ("words: TikTok", "word: TikTok", "did you mean `words`?"),
        ("queries binh blocked service udp", "query binh blocked service udp", "did you mean `queries`?"),
        ("queries binh blocked service udp", "queries binh blocked", "expected queries profile decision reason"),
        ("title: A story", "title: A story\nlive: yes\nnow: 2026-11-23 12:00", "now: real processes have real time"),
        ("title: A story", "title: A story\ntitle: Another", "is given twice"),
        ("title: A story\n", "", "`title` is missing"),
        ("ede: 17", "reply: none", "rcode: there is no reply to look at"),
        ("times: 3,", "times: 3, says: paused,", "says: only a command has that"),
        ("title: A story", "title: A story\nfiles: {family.yml: {}}", "is read by nobody"),
        ("title: A story", "title: A story\nother_upstreams: {router: {}}", "nobody asks the upstream router"),
        ("log:\n", "  - {other_upstreams: {router: {}}}\nlog:\n", "the upstream router appears in a step only"),
    ],
)
def test_a_mistyped_file_is_refused_before_anything_is_played(
    played: Played, right: str, wrong: str, told: str
) -> None:
    assert right in STORY
    with pytest.raises(ConfigError) as refusal:
        played(STORY.replace(right, wrong))
    assert told in str(refusal.value)


def test_a_story_in_which_time_passes_between_queries_is_not_for_real_processes(played: Played) -> None:
    with pytest.raises(ConfigError, match="every: real processes have real time"):
        played(STORY.replace("title: A story", "title: A story\nlive: yes").replace("times: 3", "times: 3, every: 1m"))


def test_a_story_in_which_nobody_asks_is_refused(played: Played) -> None:
    with pytest.raises(ConfigError, match="can only succeed"):
        played(STORY.partition("steps:")[0] + "steps: [wait: 1s]\n")


def test_an_upstream_that_is_not_scripted_is_an_error(played: Played) -> None:
    with pytest.raises(ValueError, match="is no upstream of this scenario"):
        played(STORY + "settings: {upstreams: {servers: [<mian>]}}\n")


def test_saved_files_that_are_refused_unexpectedly_fail_the_scenario(played: Played) -> None:
    with pytest.raises(AssertionError, match="the saved files were refused"):
        played(STORY.replace("log:\n", "  - save: {family: {unknown: nobody}}\nlog:\n"))


def test_saved_files_that_are_taken_though_they_should_not_be_fail_the_scenario(played: Played) -> None:
    with pytest.raises(AssertionError, match="the files were taken"):
        played(STORY.replace("log:\n", "  - save: {settings: {language: vi}, refused: language}\nlog:\n"))
