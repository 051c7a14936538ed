"""Finds the demands among the tests of this package and writes the page that lists them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "standards.md"
END = HERE / "not_done.md"
"""The end of the page, written by hand."""

_TOP = """\
# Standards

What each RFC demands of a resolver that forwards and filters, and the test that shows it. The tables are made from the
tests in `tests/standards` by `make standards`; a demand without a test is not claimed. What does not apply to safedns,
or is not done, is [at the end](#not-done-and-why). Sections are those of the RFC; the words are ours.
"""


class Demand(NamedTuple):
    """One demand and the test that restates it."""

    rfc: int
    section: str
    words: str
    file: str
    test: str

    @property
    def order(self) -> list[tuple[int, str]]:
        """Sorts sections as a table of contents does: ``4.2`` before ``4.10``."""
        return [(int(part), "") if part.isdecimal() else (0, part) for part in self.section.split(".")]


class Standard(NamedTuple):
    """One RFC."""

    title: str
    """``RFC 1035: Domain names, implementation``."""
    demands: list[Demand]


def standards() -> list[Standard]:
    """Every RFC that has a file here, by number."""
    modules = [importlib.import_module(f"{__package__}.{file.stem}") for file in HERE.glob("test_rfc*.py")]
    found = [Standard(inspect.cleandoc(module.__doc__ or ""), list(_demands(module))) for module in modules]
    return sorted(found, key=lambda standard: standard.demands[0].rfc)


def page() -> str:
    """The whole page."""
    tables = "\n".join("\n".join(_table(standard)) for standard in standards())
    return f"{_TOP}\n{tables}\n{END.read_text(encoding='utf-8')}"


def _demands(module: ModuleType) -> Iterator[Demand]:
    tests = [test for name, test in vars(module).items() if name.startswith("test_")]
    found = [
        Demand(rfc, section, inspect.cleandoc(test.__doc__ or ""), module.__name__.rpartition(".")[2], test.__name__)
        for test in tests
        for rfc, section in (mark.args for mark in test.pytestmark if mark.name == "rfc")
    ]
    yield from sorted(found, key=lambda demand: demand.order)


def _table(standard: Standard) -> Iterable[str]:
    yield f"## {standard.title}"
    yield ""
    yield "| Section | Demand | Test |"
    yield "|---|---|---|"
    for demand in standard.demands:
        yield f"| {demand.section} | {' '.join(demand.words.split())} | `{demand.test}` |"
    yield ""
