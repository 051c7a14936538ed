"""The grammar of named windows."""

from __future__ import annotations

import pytest

from safedns.policy.live import Target
from safedns.policy.model import DayWindows, NamedWindow, Window
from safedns.policy.vocabulary import Vocabulary
from safedns.policy.words import EVERY_DAY, days
from safedns.policy.words_windows import named_window, named_windows
from safedns.yamlfile.validate import GrammarError

VOCABULARY = Vocabulary(frozenset({"games", "social"}), frozenset({"discord", "roblox"}))
EVENING = (DayWindows(EVERY_DAY, (Window(1110, 1155),)),)
INTERNET = (Target("internet"),)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"off": {"every day": "18:30-19:15"}}, NamedWindow(INTERNET, EVENING)),
        ({"off": "18:30-19:15", "what": "internet"}, NamedWindow(INTERNET, EVENING)),
        ({"on": "18:30-19:15", "what": "games"}, NamedWindow((Target("category", "games"),), EVENING, opens=True)),
        (
            {"what": ["Reddit.com.", "discord", "social", "discord"], "off": {"mon-fri": "18:30-19:15", "sat": "off"}},
            NamedWindow(
                (Target("name", "reddit.com"), Target("service", "discord"), Target("category", "social")),
                (DayWindows(days("mon-fri"), (Window(1110, 1155),)),),
            ),
        ),
        ({"on": "off"}, NamedWindow(INTERNET, (), opens=True)),
        ("none", None),
        ("off", None),
    ],
)
def test_a_window_says_what_it_closes_and_when(tree: object, expected: NamedWindow | None) -> None:
    assert named_window(tree, VOCABULARY.target) == expected


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ("on", '`on` stands here; expected times such as {off: "18:30-19:15"}, or `none`'),
        ({}, 'an empty mapping stands here; expected times such as {off: "18:30-19:15"}, or `none`'),
        (["18:30-19:15"], 'a list stands here; expected times such as {off: "18:30-19:15"}, or `none`'),
        (
            {"what": "games"},
            "no times are given; expected one of them: `off` closes then, `on` closes at all other times",
        ),
        (
            {"on": "08:00-09:00", "off": "10:00-11:00"},
            (
                "`on` and `off` times are both given; expected one of them: "
                "`off` closes then, `on` closes at all other times"
            ),
        ),
    ],
)
def test_what_is_no_window_is_refused(tree: object, complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        named_window(tree, VOCABULARY.target)
    assert str(caught.value) == complaint


def test_every_mistake_is_reported_at_its_place() -> None:
    with pytest.raises(GrammarError) as caught:
        named_windows(
            {
                "forum hours": {"what": ["gamess", "reddit com", "https://reddit.com/"], "off": "8-9"},
                "void": {"what": [], "off": "08:00-09:00"},
                "": {"off": "08:00-09:00"},
                "late": {"of": "08:00-09:00"},
            },
            VOCABULARY.target,
        )
    assert [(path, message.partition(";")[0]) for path, message in caught.value.found] == [
        (("forum hours", "what", 0), "`gamess` is not a category, a service or a site"),
        (("forum hours", "what", 1), "`reddit com` is not a category, a service or a site"),
        (("forum hours", "what", 2), "`https://reddit.com/` is more than a name"),
        (("forum hours", "off"), "`8-9` is not a window of time"),
        (("void", "what"), "an empty list stands here"),
        (("", "[key]"), "this is not a name to show"),
        (("late", "of", "[key]"), "`of` is not a key here"),
    ]
    assert "did you mean `games`?" in str(caught.value)
