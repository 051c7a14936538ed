"""What the pages promise is so: links lead somewhere, examples load and do what is said of them, no key is forgotten.

A YAML block says in its first line which file it is (``# family.yaml``); what it leaves out is filled in. A table
behind it whose rows begin with a moment (``| 2026-11-24 15:00 | who | asks for | outcome | step |``) is put to the real
rules, with the lists that come with safedns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from math import inf
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.library import Library, open_library
from safedns.blocklist.update import update
from safedns.cli.explain import Case, as_text, find_device
from safedns.lan.directory import Directory
from safedns.policy import schema as family_schema
from safedns.policy.compile import compile_snapshot
from safedns.policy.expectations import ExpectationLine
from safedns.policy.explain import Explanation
from safedns.policy.household import Household, load_household
from safedns.policy.live import NOTHING_LIVE, Live, Override, Target
from safedns.policy.model import DayWord
from safedns.policy.words import days
from safedns.settings import schema as settings_schema
from safedns.settings.family_resolvers import FAMILY_RESOLVERS
from safedns.settings.model import ListSettings
from safedns.wire.names import key_of
from safedns.yamlfile.validate import Model
from tests.fakes import FakeClock

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "docs" / "policies.md"
TRYING = ROOT / "docs" / "trying-rules.md"
FOR_PARENTS = (ROOT / "docs" / "parents.en.md", ROOT / "docs" / "parents.vi.md")
GUIDES = (
    ROOT / "README.md",
    *(ROOT / "docs" / f"{page}.md" for page in ("policies", "limits", "devices", "huong-dan.vi")),
    *FOR_PARENTS,
)
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

REST = {
    "safedns.yaml": {"timezone": "timezone: Asia/Ho_Chi_Minh", "upstreams": "upstreams: {servers: [9.9.9.9]}"},
    "family.yaml": {"groups": "groups: {guests: {preset: 13-15}}", "unknown": "unknown: guests"},
}
"""What a block may leave out, by its top-level key."""

OUTCOMES = {
    "open": "allowed", "closed": "blocked", "safe mode": "rewritten",
    "mở": "allowed", "đóng": "blocked", "chế độ an toàn": "rewritten",
}  # fmt: skip


class Row(NamedTuple):
    """A promise: who asks for what, and what becomes of it."""

    at: str
    who: str
    name: str
    outcome: str
    step: str


class Block(NamedTuple):
    """A YAML example with the promises behind it."""

    place: str
    first_line: str
    text: str
    rows: list[Row]

    @property
    def file(self) -> str:
        """The file it shows; empty where it does not say."""
        found = re.match(r"# ((?:presets/[\w-]+|family|safedns)\.yaml)(?![\w/])", self.first_line)
        return found[1] if found else ""


def lines_of(page: Path) -> Iterator[tuple[int, str, str]]:
    """Number, line, and the language of the fence that it stands in (``-`` in a fence without one, empty outside)."""
    fence, indent = "", ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.match(r"( *)```(.*)", line)
        if mark is not None:
            indent, fence = ("", "") if fence else (mark[1], mark[2].strip() or "-")
        else:
            yield number, line.removeprefix(indent), fence


def cells(line: str) -> list[str]:
    """The cells of a table's row without code marks; empty for any other line."""
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    before = ""
    for number, line, fence in lines_of(page):
        if fence == "yaml" and before != "yaml":
            found.append(Block(f"{page.name}:{number}", line, "", []))
        if fence == "yaml":
            found[-1] = found[-1]._replace(text=f"{found[-1].text}{line}\n")
        elif re.match(r"\| \d{4}-\d\d-\d\d ", line):
            found[-1].rows.append(Row(*cells(line)))
        before = fence
    return found


def sections(page: Path) -> dict[str, list[str]]:
    """The lines below each heading, up to the next one."""
    found: dict[str, list[str]] = {"": []}
    for _, line, fence in lines_of(page):
        if not fence and (heading := re.match(r"#+ (.+)", line)):
            found[heading[1]] = []
        else:
            list(found.values())[-1].append(line)
    return found


def table(section: str, heading: str) -> list[list[str]]:
    """The rows of the table in a section of policies.md whose first column is called ``heading``."""
    lines = (sections(POLICIES) | sections(TRYING))[section]
    start = next(number for number, line in enumerate(lines) if cells(line)[:1] == [heading])
    rows: list[list[str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(cells(line))
    return rows


EXAMPLES = [block for page in GUIDES for block in blocks(page)]
PROMISES = [block for block in EXAMPLES if block.rows]


def write(folder: Path, block: Block) -> Household:
    """The household of a block: its file, the rest filled in, and the own list that one of them names."""
    (folder / "games.txt").write_text("game.example\n", encoding="utf-8")
    for file, rest in REST.items():
        text = block.text if block.file == file else ""
        missing = [line for key, line in rest.items() if not re.search(rf"^{key}:", text, re.MULTILINE)]
        (folder / file).write_text("\n".join([text, *missing]) + "\n", encoding="utf-8")
    if block.file not in REST:
        (folder / block.file).parent.mkdir()
        (folder / block.file).write_text(block.text, encoding="utf-8")
    return load_household(folder)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The lists and services that come with safedns."""
    state = tmp_path_factory.mktemp("state")
    update(state, ListSettings(use=()), load_catalogue(), state, clock=FakeClock())
    return open_library(state)


def explain(household: Household, library: Library, row: Row, live: Live = NOTHING_LIVE) -> tuple[Case, Explanation]:
    at = datetime.fromisoformat(row.at).replace(tzinfo=ZONE).timestamp()
    policy = household.policy
    snapshot = compile_snapshot(policy, library, now=at, release=0.0, live=live)
    device = find_device(policy, snapshot, row.who, Directory())
    assert device is not None, f"nobody is called {row.who}"
    case = Case(device, row.name, 1, at, snapshot.zone)
    return case, snapshot.explain(device.profile, row.name, key_of(row.name), 1, at)


# --- examples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.place)
def test_every_example_says_which_file_it_is_and_loads_without_warnings_unless_it_says_so(
    block: Block, tmp_path: Path
) -> None:
    assert block.file, f"{block.place}: the first line must be `# family.yaml`, `# safedns.yaml` or `# presets/X.yaml`"
    household = write(tmp_path, block)
    assert bool(household.warnings) == ("warning" in block.first_line or "cảnh báo" in block.first_line)


def test_each_guide_has_examples_and_policies_has_six_that_are_put_to_the_rules() -> None:
    assert {block.place.partition(":")[0] for block in EXAMPLES} == {page.name for page in GUIDES}
    assert len([block for block in PROMISES if block.place.startswith("policies.md")]) == 6


@pytest.mark.parametrize("block", PROMISES, ids=lambda block: block.place)
def test_the_rules_do_what_the_table_behind_an_example_says(block: Block, tmp_path: Path, library: Library) -> None:
    household = write(tmp_path, block)
    found = []
    for row in block.rows:
        _, explanation = explain(household, library, row)
        found.append((row, explanation.decision.action.value, explanation.steps[-1].kind))
    assert found == [(row, OUTCOMES[row.outcome], row.step) for row in block.rows]


def test_the_printed_walk_is_what_explain_prints_for_the_example_household(library: Library) -> None:
    printed = "\n".join(sections(POLICIES)["Which rule wins"])
    called = re.search(r"\$ safedns explain (\w+) (\S+) --at '([^']+)'", printed)
    assert called is not None
    case, explanation = explain(load_household(ROOT / "config"), library, Row(called[3], called[1], called[2], "", ""))
    expected = [f"    {line}".rstrip() for line in as_text(case, explanation)]
    assert "\n".join(expected) in printed


def shape(page: Path) -> list[tuple[int, int]]:
    """How many points and table rows each section has."""
    return [
        (sum(bool(re.match(r"(-|\d+\.) ", line)) for line in lines), sum(line.startswith("|") for line in lines))
        for lines in sections(page).values()
    ]


def test_the_pages_for_parents_say_the_same_in_both_languages() -> None:
    english, vietnamese = FOR_PARENTS
    assert len(shape(english)) > 10
    assert shape(english) == shape(vietnamese)
    examples = [[(block.file, block.text.count("\n")) for block in blocks(page)] for page in FOR_PARENTS]
    assert examples[0] == examples[1]


@pytest.mark.parametrize("page", ["README.md", "docs/huong-dan.vi.md", "docs/policies.md"])
def test_parents_are_led_to_their_pages(page: str) -> None:
    linked = {Path(target.partition("#")[0]).name for _, target in links(ROOT / page)}
    wanted = {"parents.vi.md"} if page.endswith(".vi.md") else {goal.name for goal in FOR_PARENTS}
    assert wanted <= linked


# --- nothing is forgotten ----------------------------------------------------------------------------------------

RULE_LINES = family_schema.RuleLines
TABLES: dict[str, tuple[type[Model], ...]] = {
    "family.yaml": (family_schema.FamilyFile,),
    "The calendar": (family_schema.CalendarLines, family_schema.HolidayLine, family_schema.TermLine),
    "Children and groups": (family_schema.Profile, family_schema.Child, family_schema.Group),
    "The rules": (RULE_LINES,),
    "Presets: what an age means": (family_schema.PresetFile,),
    "safedns.yaml": (settings_schema.SettingsFile,),
    "`listen`": (settings_schema.Listen,),
    "`certificate`": (settings_schema.Certificate,),
    "`upstreams`": (settings_schema.UpstreamSection,),
    "`dnssec`": (settings_schema.DnssecSection,),
    "`cache`": (settings_schema.Cache,),
    "`block`": (settings_schema.Block,),
    "`lists`": (settings_schema.Lists, settings_schema.ExtraListEntry),
    "`log`": (settings_schema.Log,),
    "Write down what you expect": (ExpectationLine,),
}
"""Section of a page -> the models whose keys its table explains; the rules that many share have their own."""


def keys(model: type[Model]) -> set[str]:
    """The keys of a model as they are written, but for the shared rules."""
    shared = RULE_LINES.model_fields if issubclass(model, RULE_LINES) and model is not RULE_LINES else {}
    return {field.alias or name for name, field in model.model_fields.items() if name not in shared}


@pytest.mark.parametrize("section", TABLES)
def test_policies_explains_exactly_the_keys_that_are_accepted(section: str) -> None:
    accepted = {key for model in TABLES[section] for key in keys(model)}
    explained = [row[0] for row in table(section, "key")]
    assert sorted(explained) == sorted(accepted)


def test_no_part_of_the_files_is_without_a_table() -> None:
    models = {
        model
        for module in (family_schema, settings_schema)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Model) and model is not Model
    }
    assert models == {model for models in TABLES.values() for model in models}


def test_the_table_of_presets_names_each_with_its_ages_and_log_level() -> None:
    presets = load_household(ROOT / "config").policy.presets.values()
    expected = {
        preset.name: ("{}-{}".format(*preset.ages) if preset.ages else "by name only", preset.rules.log)
        for preset in presets
    }
    assert {row[0]: (row[1], row[3]) for row in table("Presets: what an age means", "preset")} == expected


def test_the_table_of_days_holds_words_that_are_understood_and_every_word_of_the_calendar() -> None:
    spans = [span for row in table("Days and times", "days") for span in re.split(r"`[, ]*`", row[0])]
    assert all(days(span) for span in spans)
    assert set(get_args(DayWord)) <= set(spans)


_UP_TO_TIME = ("override", "safety", "own names")


def test_the_table_of_the_walk_names_the_steps_in_the_order_in_which_they_are_asked(
    tmp_path: Path, library: Library
) -> None:
    rules = (
        "block: [x.example], bedtime: '21:00-06:00', homework: '19:00-20:00', services: {tiktok: off}, "
        "windows: {noon: {what: games, off: '12:00-13:00'}}, limits: {tiktok: 0m}"
    )
    live = Live((Override(1, "binh", "block", Target("service", "zalo"), 0.0, inf),))
    family = f"# family.yaml\nchildren:\n  binh: {{preset: 10-12, {rules}}}\n"
    household = write(tmp_path, Block("", "# family.yaml", family, []))
    documented = [row[0] for row in table("Which rule wins", "step")]
    asked = []
    for hour in (12, 19, 21):
        _, explanation = explain(household, library, Row(f"2026-11-24 {hour}:00", "binh", "some.example", "", ""), live)
        asked.append([step.kind for step in explanation.steps])
    assert asked == [
        [*_UP_TO_TIME, "time", "window", "limit", "safe search", "services", "categories", "default"],
        [*_UP_TO_TIME, "homework"],
        [*_UP_TO_TIME, "bedtime"],
    ]
    assert documented == ["local", *asked[2], "homework", "clock", *asked[0][3:]]


# --- every page --------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual viewers make them."""
    found: set[str] = set()
    for heading in [line for _, line, fence in lines_of(page) if not fence and re.match(r"#+ ", line)]:
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading.lstrip("#").strip())
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(next(name for number in range(99) if (name := f"{slug}-{number}" if number else slug) not in found))
    return found


def links(page: Path) -> Iterator[tuple[int, str]]:
    for number, line, fence in lines_of(page):
        if not fence:
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                yield number, unquote(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_that_exists_and_to_a_heading_in_it(page: Path) -> None:
    broken = []
    for number, target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        goal = page.parent / path if path else page
        if not goal.exists() or (anchor and anchor not in anchors(goal)):
            broken.append(f"{page.name}:{number}: {target}")
    assert broken == []


PLACES = {"etc", "opt", "run", "usr", "var"}
"""Where an installed safedns has its files; any other absolute path is somebody's own machine."""
NO_PLACES = {"metrics", "all", "ip", "ipv6", "x.example"}
"""What begins with a stroke too: a served page, an option of Windows, commands of a router, a name in a list's line."""


def test_every_closed_way_names_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "bypass.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:scenarios|unit|e2e)/[\w./-]+)`", page))
    assert [test for test in sorted(named) if not (ROOT / "tests" / test).exists()] == []
    shown = {f"scenarios/ways/{file.name}" for file in (ROOT / "tests" / "scenarios" / "ways").glob("*.yaml")}
    assert sorted(shown - named) == [
        "scenarios/ways/a-device-may-ask-why.yaml",
        "scenarios/ways/each-child-its-own-no.yaml",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_path_of_somebodys_machine_or_the_host_of_a_package_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    first_parts = set(re.findall(r"(?:^|[\s`'\"(=])/([A-Za-z][\w.-]*)", text, re.MULTILINE))
    assert first_parts <= PLACES | NO_PLACES
    assert not re.search(r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems|docker)\.\w", text)


def test_the_table_of_resolvers_that_filter_is_what_the_program_knows() -> None:
    lines = sections(ROOT / "docs" / "upstreams.md")["Resolvers that filter"]
    rows = [cells(line) for line in lines if line.startswith("| ")][1:]
    told = {
        (row[0], row[3], frozenset(re.findall(r"[0-9a-z.:-]+[.:][0-9a-z.:-]*[0-9a-z:]", f"{row[1]} {row[2]}")))
        for row in rows
    }
    assert told == {(known.name, known.filters, known.hosts) for known in FAMILY_RESOLVERS}
