"""What a family expects of its rules, as YAML: ``safedns test`` puts each line to the very rules that decide.

    - {who: binh, at: 2026-11-23 21:30, ask: youtube.com, expect: blocked, because: bedtime}

Reads and checks the lines; must not judge them.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from safedns.errors import Problem
from safedns.wire.names import parse_name
from safedns.wire.types import QType, parse_type
from safedns.yamlfile.document import Document
from safedns.yamlfile.messages import show
from safedns.yamlfile.read import read_yaml
from safedns.yamlfile.validate import Model, Text, validate

Outcome = Literal["allowed", "blocked", "rewritten"]


class Asked(NamedTuple):
    """What is asked for."""

    name: str
    """Canonical."""
    qtype: int


def asked(text: str) -> Asked:
    """``youtube.com``, or with a record type ``youtube.com AAAA``."""
    name, _, qtype = text.partition(" ")
    return Asked(parse_name(name), parse_type(qtype.strip()) if qtype else int(QType.A))


def moment(text: str) -> datetime:
    """``2026-11-23 21:30``, on the clock of whom it is about."""
    wanted = "expected a day and a time such as 2026-11-23 21:30"
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?", text, re.ASCII):
        raise ValueError(f"{show(text)} is not a moment; {wanted}")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no moment {show(text)}; {wanted}") from None


class ExpectationLine(Model):
    """One expectation: who asks for what, when, and what must come of it."""

    who: str = Field(description="a child, group, device or address", examples=["binh"])
    ask: Annotated[Asked, Text(asked, {"type": "string", "examples": ["youtube.com"]})] = Field(
        description="the name that is asked for, perhaps with a record type", examples=["youtube.com"]
    )
    at: Annotated[datetime, Text(moment, {"type": "string", "examples": ["2026-11-23 21:30"]})] | None = Field(
        default=None, description="Day and time on the family's clock; now if not given."
    )
    expect: Outcome = Field(
        description="what must come of it; an answer in a safe mode is `rewritten`, and `allowed` too",
        examples=["blocked"],
    )
    because: str | None = Field(
        default=None, description="The rule that must decide: bedtime, homework, a service, category, list, window ..."
    )


class _File(Model):
    expectations: list[ExpectationLine] = Field(description="the lines of the file", examples=["[]"])


class Expectation(NamedTuple):
    """A line and where it stands."""

    line: ExpectationLine
    document: Document
    number: int
    """From 0, in its file."""

    @property
    def on_line(self) -> int:
        """From 1."""
        return self.document.line((_KEY, self.number))

    def problem(self, key: str, message: str) -> Problem:
        """A problem with the value of ``key``."""
        return self.document.problem((_KEY, self.number, key), message)


_KEY = "expectations"


def load_expectations(path: Path) -> tuple[Expectation, ...]:
    """The expectations of one file; raises ``ConfigError`` with every problem."""
    document = read_yaml(path).below(_KEY)
    lines = validate(document, _File).expectations
    return tuple(Expectation(line, document, number) for number, line in enumerate(lines))
