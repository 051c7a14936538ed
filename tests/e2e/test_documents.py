"""Every ``safedns`` command that the pages show exists, with the options that they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from safedns.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Shown(NamedTuple):
    """A command line as a page shows it."""

    page: str
    text: str
    words: tuple[str, ...]
    """The command and, where it is a group, its subcommand."""
    options: frozenset[str]


def shown(page: Path) -> list[Shown]:
    """The command lines in a page's code spans and code blocks."""
    text = page.read_text(encoding="utf-8")
    spans = re.findall(r"`([^`\n]+)`", text)
    blocks = [line for line in text.splitlines() if line.startswith("    ") or "bin/safedns " in line]
    found = []
    for code in [*spans, *blocks]:
        line = code.partition("  #")[0]
        for rest in re.findall(r"(?:^|[\s/])safedns (?!safedns)([a-z][^|>]*)", line):
            first, *more = rest.split()
            if first in COMMANDS:
                words = (first, more[0]) if first in ("lists", "cache") and more and more[0].isalpha() else (first,)
                found.append(Shown(page.name, line.strip(), words, frozenset(re.findall(r"--[a-z-]+", rest))))
            elif line.strip().startswith(("safedns ", "sudo -u safedns safedns ", ".venv/bin/safedns ")):
                found.append(Shown(page.name, line.strip(), (first,), frozenset()))
    return found


def _label(each: Shown) -> str:
    return f"{each.page}: {each.text}"


SHOWN: list[Shown] = sorted({each for page in PAGES for each in shown(page)}, key=_label)


def test_the_pages_show_most_commands() -> None:
    assert {each.words[0] for each in SHOWN} >= {"check", "explain", "logs", "status", "lists", "query"}
    assert {each.words[0] for each in SHOWN if each.page == "README.md"} >= {"check", "explain", "logs", "status"}


@pytest.mark.parametrize("each", SHOWN, ids=_label)
def test_a_command_that_a_page_shows_exists_with_its_options(each: Shown) -> None:
    helped = CliRunner().invoke(main, [*each.words, "--help"])
    assert helped.exit_code == 0, helped.output
    assert each.options <= set(re.findall(r"--[a-z-]+", helped.output))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    helped = CliRunner().invoke(main, [command, "--help"])
    assert helped.exit_code == 0
    assert len(helped.output.splitlines()) > 3
