"""``family.yaml`` and presets -> policy: what each line means, and warnings for what does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from safedns.errors import ConfigError, Problem
from safedns.policy.live import Target
from safedns.policy.load import load_policy
from safedns.policy.model import (
    Calendar,
    Cleared,
    DayWindows,
    NamedWindow,
    Period,
    Policy,
    Preset,
    ProfileSpec,
    Rules,
    Switch,
    Window,
)
from safedns.policy.vocabulary import Vocabulary
from safedns.policy.words import days
from tests.unit.policy.families import limit, timetable

VOCABULARY = Vocabulary(
    categories=frozenset({"social", "forums", "games", "adult", "malware", "kids"}),
    services=frozenset({"youtube", "tiktok", "roblox"}),
)
PRESETS = {
    "small": "title: Small\nages: 0-9\ndefault: deny\nsafety: [malware, adult]\ncategories: {kids: on}\n",
    "big": "title: Big\nages: 10-17\nsafe_search: on\n",
    "open": "title: Open\n",
}
LEAST = "groups: {guests: {preset: open}}\nunknown: guests\n"


class Folder:
    """A configuration folder and bundled presets that a test writes."""

    def __init__(self, path: Path) -> None:
        self.path = path / "config"
        self.bundled = path / "presets"
        for folder in (self.path / "presets", self.bundled):
            folder.mkdir(parents=True)
        for name, text in PRESETS.items():
            (self.bundled / f"{name}.yaml").write_text(text)

    def load_all(self, family: str, presets: Mapping[str, str] | None = None) -> tuple[Policy, tuple[Problem, ...]]:
        (self.path / "family.yaml").write_text(family)
        for name, text in (presets or {}).items():
            (self.path / "presets" / f"{name}.yaml").write_text(text)
        return load_policy(self.path, timezone="Asia/Ho_Chi_Minh", vocabulary=VOCABULARY, presets=self.bundled)

    def load(self, family: str, presets: Mapping[str, str] | None = None) -> Policy:
        return self.load_all(family, presets)[0]

    def warnings(self, family: str, presets: Mapping[str, str] | None = None) -> list[str]:
        return [self._short(problem) for problem in self.load_all(family, presets)[1]]

    def complaints(self, family: str, presets: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(family, presets)
        return [self._short(problem) for problem in caught.value.problems]

    def _short(self, problem: Problem) -> str:
        return str(problem).replace(f"{self.path}/", "")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_the_least_that_must_be_said_is_who_unknown_devices_are(folder: Folder) -> None:
    policy = folder.load(LEAST)
    assert policy.calendar == Calendar()
    assert policy.profiles == (
        ProfileSpec("guests", "guests", "group", "open", None, (), Rules(services={}, categories={})),
    )
    assert (policy.unknown, policy.timezone) == ("guests", "Asia/Ho_Chi_Minh")


def test_every_line_of_a_child_has_its_meaning(folder: Folder) -> None:
    policy = folder.load(
        """
children:
  binh:
    name: Bình
    born: 2015-09
    preset: big
    devices: ["192.168.1.32", "192.168.1.40 - 192.168.1.41"]
    bedtime: "21:00-06:30"
    homework: {school days: "19:00-20:30", other days: off}
    services: {youtube: moderate, tiktok: off, roblox: {on: {weekend: "09:00-11:00"}}}
    categories: {social: off, forums: on}
    safe_search: off
    allow: [KhanAcademy.org., khanacademy.org]
    block: [bücher.example]
    always: [sms.vneid.gov.vn]
    log: off
"""
        + LEAST
    )
    binh = policy.profiles[0]
    assert binh == ProfileSpec(
        id="binh",
        name="Bình",
        kind="child",
        preset="big",
        born=(2015, 9),
        devices=("192.168.1.32", "192.168.1.40-192.168.1.41"),
        rules=Rules(
            bedtime=(DayWindows(days("every day"), (Window(1260, 390),)),),
            homework=(DayWindows(days("school days"), (Window(1140, 1230),)),),
            services={
                "youtube": Switch("moderate"),
                "tiktok": Switch("off"),
                "roblox": Switch("off", on_during=(DayWindows(days("weekend"), (Window(540, 660),)),)),
            },
            categories={"social": Switch("off"), "forums": Switch("on")},
            safe_search=False,
            allow=("khanacademy.org",),
            block=("xn--bcher-kva.example",),
            always=("sms.vneid.gov.vn",),
            log="off",
        ),
    )


def test_a_calendar_has_school_days_and_holidays_of_one_day_or_more(folder: Folder) -> None:
    text = """
calendar:
  school_days: mon-sat
  holidays: [{name: Tết, from: 2027-02-04, to: 2027-02-11}, {name: Giỗ Tổ, from: 2027-04-16}]
"""
    assert folder.load(text + LEAST).calendar == Calendar(
        frozenset(range(6)),
        (
            Period("Tết", date(2027, 2, 4), date(2027, 2, 11)),
            Period("Giỗ Tổ", date(2027, 4, 16), date(2027, 4, 16)),
        ),
    )


def test_where_terms_are_given_they_are_part_of_the_calendar(folder: Folder) -> None:
    text = "calendar: {terms: [{name: Học kỳ 1, from: 2026-09-05, to: 2027-01-15}]}\n"
    assert folder.load(text + LEAST).calendar.terms == (Period("Học kỳ 1", date(2026, 9, 5), date(2027, 1, 15)),)
    assert folder.complaints("calendar: {terms: [{name: x, from: 2026-09-05}]}\n" + LEAST) == [
        "family.yaml:1:20: calendar.terms[1]: `to` is missing; expected the last day, e.g. `to: 2027-05-31`"
    ]


def test_windows_limits_reply_remember_and_a_time_zone_have_their_meaning(folder: Folder) -> None:
    an = folder.load(
        """
children:
  an:
    preset: small
    timezone: Europe/Berlin
    windows:
      dinner: {off: "18:30-19:15"}
      forum hours: {what: [reddit.com, tiktok], off: {mon-fri: "08:00-16:00"}}
    services: {roblox: {on: {weekend: "09:00-11:00"}, limit: 45m}}
    limits: {games: {school days: 30m, other days: 90m}, internet: 2h}
    reply: nodata
    remember: 5m
"""
        + LEAST
    ).profiles[0]
    assert an.timezone == "Europe/Berlin"
    assert an.rules == Rules(
        windows={
            "dinner": NamedWindow((Target("internet"),), timetable(every_day="18:30-19:15")),
            "forum hours": NamedWindow(
                (Target("name", "reddit.com"), Target("service", "tiktok")),
                timetable(mon_tue_wed_thu_fri="08:00-16:00"),
            ),
        },
        services={"roblox": Switch("off", on_during=timetable(weekend="09:00-11:00"))},
        limits=(
            limit("games", school_days=1800, other_days=5400),
            limit("internet", every_day=7200),
            limit("roblox", every_day=2700),
        ),
        reply="nodata",
        remember=300,
    )


def test_none_takes_away_what_the_preset_says(folder: Folder) -> None:
    text = """
children:
  an:
    preset: calm
    devices: ["10.0.0.1"]
    bedtime: none
    homework: none
    categories: none
    allow: none
    reply: none
    remember: none
    services: {tiktok: none}
    limits: {games: none, internet: 1h}
    windows: {dinner: off}
"""
    calm = "title: Calm\nallow: [a.example]\nwindows: {dinner: {off: '18:30-19:15'}}\n"
    policy, warnings = folder.load_all(text + LEAST, {"calm": calm})
    assert warnings == ()
    assert policy.profiles[0].rules == Rules(
        limits=(limit("internet", every_day=3600),),
        cleared=frozenset(
            {
                *map(Cleared, ("bedtime", "homework", "categories", "allow", "reply", "remember")),
                Cleared("services", "tiktok"),
                Cleared("limits", "games"),
                Cleared("windows", "dinner"),
            }
        ),
    )


def test_bedtime_may_be_off_as_well(folder: Folder) -> None:
    assert folder.load("children: {an: {preset: small, bedtime: off}}\n" + LEAST).profiles[0].rules.bedtime == ()


def test_minutes_of_one_thing_stand_in_one_place(folder: Folder) -> None:
    text = "children: {an: {preset: small, services: {roblox: {limit: 45m}}, limits: {roblox: 30m}}}\n"
    assert folder.complaints(text + LEAST) == [
        (
            "family.yaml:1:59: children.an.services.roblox.limit: `roblox` is limited under `limits` too; "
            "expected its minutes in one place"
        )
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("timezone: auto", "`auto` is this machine's time zone, not a child's; expected one such as Europe/Berlin"),
        ("timezone: Asia/Hanoi", "`Asia/Hanoi` is not a time zone; did you mean `Asia/Ho_Chi_Minh`?"),
        ("timezone: '?'", "`?` is not a time zone; expected a name such as `Asia/Ho_Chi_Minh`"),
        ("remember: 5s", "`5s` is out of range; expected 10 seconds to 1 day"),
        ("remember: off", "`off` is not a length of time; expected a number and a unit, such as 45m, 2h or 1 day"),
        ("reply: nxdomian", "did you mean `nxdomain`?"),
        ("safe_search: none", "`none`"),
    ],
)
def test_a_rule_that_is_no_rule_is_refused(folder: Folder, line: str, complaint: str) -> None:
    assert complaint in folder.complaints(f"children: {{an: {{preset: small, {line}}}}}\n{LEAST}")[0]


def test_taking_a_window_away_that_no_preset_has_is_a_warning(folder: Folder) -> None:
    text = 'children: {an: {preset: small, devices: ["10.0.0.1"], windows: {diner: none}}}\n'
    where = "family.yaml:1:65: children.an.windows.diner: `diner` is no window of a preset, so nothing is taken away"
    assert folder.warnings(text + LEAST) == [where]
    calm = "title: Calm\nwindows: {dinner: {off: '18:30-19:15'}}\n"
    assert folder.warnings(text + LEAST, {"calm": calm}) == [f"{where}; did you mean `dinner`?"]


def test_presets_speak_the_same_language(folder: Folder) -> None:
    presets = folder.load(LEAST).presets
    assert presets["small"] == Preset(
        "small",
        "Small",
        (0, 9),
        Rules(default="deny", safety=("malware", "adult"), services={}, categories={"kids": Switch("on")}),
    )
    assert presets["open"].ages is None
    assert presets["open"].rules.default == "allow"


def test_a_family_s_own_preset_replaces_the_bundled_one(folder: Folder) -> None:
    presets = folder.load(LEAST, {"big": "title: Ours\nages: 10-17\n", "holiday": "title: Holiday\n"}).presets
    assert presets["big"].title == "Ours"
    assert set(presets) == {"small", "big", "open", "holiday"}


@pytest.mark.parametrize(
    ("family", "complaint"),
    [
        ("unknown: guests\n", "family.yaml:1:10: unknown: `guests` is neither a child nor a group; expected "),
        (
            "groups: {guests: {preset: open}}\n",
            (
                "family.yaml:1:1: `unknown` is missing; expected the child or group whose rules count for devices "
                "that nobody has claimed, e.g. `unknown: guests`"
            ),
        ),
        (
            "groups: {guests: {preset: open}}\nunknown:\n",
            "family.yaml:2:9: unknown: nothing is written here; expected one of your children or groups: `guests`",
        ),
        (
            "groups: {guests: {preset: opne}}\nunknown: guests\n",
            "family.yaml:1:27: groups.guests.preset: `opne` is not a preset; expected `big`, `open` or `small`",
        ),
        (
            "groups: {guests: {born: 2015-09, preset: open}}\nunknown: guests\n",
            "family.yaml:1:19: groups.guests.born: `born` is not a key here; expected ",
        ),
        (
            "children: {an: {name: An}}\n" + LEAST,
            (
                "family.yaml:1:12: children.an: neither `born` nor `preset` is given; expected the month of birth, "
                "e.g. `born: 2015-09`, or a preset, e.g. `preset: 10-12`"
            ),
        ),
        (
            "children: {guests: {preset: big}}\n" + LEAST,
            (
                "family.yaml:2:10: groups.guests: `guests` is the short name of a child too; "
                "expected another one for the group"
            ),
        ),
        (
            'children: {an: {preset: big, devices: ["AA:BB:CC:DD:EE:01"]}, '
            "binh: {preset: big, devices: [aa-bb-cc-dd-ee-01]}}\n" + LEAST,
            (
                "family.yaml:1:93: children.binh.devices[1]: `aa:bb:cc:dd:ee:01` belongs to `an` already "
                "(family.yaml:1); expected each device once"
            ),
        ),
        ("- a\n", "family.yaml:1:1: a list stands here; expected `key: value` lines below it"),
    ],
)
def test_what_does_not_fit_together_is_refused(folder: Folder, family: str, complaint: str) -> None:
    assert [found for found in folder.complaints(family) if found.startswith(complaint)]


def test_the_same_device_twice_in_one_profile_is_refused_too(folder: Folder) -> None:
    text = "groups: {guests: {preset: open, devices: [10.0.0.1, 10.0.0.1/32]}}\nunknown: guests\n"
    assert len(folder.complaints(text)) == 1


def test_networks_of_two_profiles_may_overlap(folder: Folder) -> None:
    policy = folder.load("""
groups:
  adults: {preset: open, devices: [192.168.1.0/24]}
  guests: {preset: open, devices: [192.168.0.0/16, "192.168.1.5"]}
unknown: guests
""")
    assert [profile.devices for profile in policy.profiles] == [
        ("192.168.1.0/24",),
        ("192.168.0.0/16", "192.168.1.5"),
    ]


@pytest.mark.parametrize(
    ("preset", "complaint"),
    [
        ("ages: 0-5\n", "`title` is missing; expected what the preset is called, e.g. `title: 6-9`"),
        ("title: X\nsafety: [addult]\n", "`addult` is not a category that safedns knows; did you mean `adult`?"),
        ("title: X\ndevices: []\n", "`devices` is not a key here; did you mean `services`?"),
        ("title: X\ndefault: block\n", "`block` is not known here; expected `allow` or `deny`"),
        ("title: X\nservices: {tiktak: off}\n", "`tiktak` is not a service that safedns knows; did you mean `tiktok`?"),
        (
            "title: X\nages: 9-12\n",
            "presets/mine.yaml: ages: age 9 belongs to the preset `small` too; expected bands that do not overlap",
        ),
        ("title: [a\nages: 1-2", "the list begun with `[` on line 1 lacks a comma or its closing `]`"),
    ],
)
def test_a_preset_is_checked_like_everything_else(folder: Folder, preset: str, complaint: str) -> None:
    assert [found for found in folder.complaints(LEAST, {"mine": preset}) if complaint in found]


def test_problems_of_family_and_presets_come_together(folder: Folder) -> None:
    found = folder.complaints("unknown: [x]\n", {"mine": "title: []\n", "big": ""})
    assert [problem.partition(":")[0] for problem in found] == ["family.yaml", "presets/big.yaml", "presets/mine.yaml"]


def test_a_folder_without_a_family_says_how_to_get_one(folder: Folder) -> None:
    with pytest.raises(ConfigError) as caught:
        load_policy(folder.path, timezone="UTC", vocabulary=VOCABULARY, presets=folder.bundled)
    assert str(caught.value) == (
        f"{folder.path / 'family.yaml'}: there is no such file; expected the family's rules: "
        "copy family.yaml of the example folder `config`"
    )


def test_what_does_nothing_yet_is_a_warning(folder: Folder) -> None:
    text = """
children:
  an:
    preset: small
    devices: ["10.0.0.1", "aa:bb:cc:dd:ee:01", an-tablet, "::a8bb:ccff:fedd:ee01"]
    allow: [x.com]
    block: [y.com, x.com]
  binh: {preset: big}
"""
    assert folder.warnings(text + LEAST) == [
        "family.yaml:7:20: children.an.block[2]: `x.com` is under `allow` too, and `allow` wins; take one of them out",
        "family.yaml:8:3: children.binh: no device is listed, so these rules reach nobody; add `devices: [ADDRESS]`",
    ]
