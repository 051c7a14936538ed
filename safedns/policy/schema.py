"""``family.yaml`` and presets as they may be written: pydantic models over the fields of ``schema_fields``.

``python -m safedns.policy.schema FOLDER`` writes the JSON schemas that editors read; descriptions come from here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, TypeAdapter, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from safedns.policy.expectations import ExpectationLine
from safedns.policy.model import Calendar
from safedns.policy.schema_fields import (
    Ages,
    BirthMonth,
    Category,
    CategoryLines,
    DayDate,
    Device,
    LimitLines,
    Log,
    NoneClears,
    PresetName,
    ProfileId,
    Remember,
    Reply,
    SafeSearch,
    SchoolDays,
    ServiceLines,
    ShownName,
    Sites,
    Times,
    UpstreamSet,
    WindowLines,
    Zone,
)
from safedns.policy.words_switches import NONE
from safedns.settings.schema import SettingsFile
from safedns.yamlfile.validate import EMPTY_LIST, EMPTY_MAPPING, GrammarError, Model


class RuleLines(Model):
    """What may be said in a preset as well as for a child or group."""

    _cleared: frozenset[str] = PrivateAttr(default=frozenset())

    bedtime: Times = Field(
        default=None, description="When the internet is closed for the night; windows may pass midnight."
    )
    homework: Times = Field(default=None, description="When only learning and what is in `always` is open.")
    windows: WindowLines = Field(
        default={}, description="Times under a name of your own, at which all internet or some things are closed."
    )
    services: ServiceLines = Field(
        default={}, description="Single services: on, off or at times; youtube also moderate or strict."
    )
    limits: LimitLines = Field(default={}, description="Minutes a day for a category, a service or internet.")
    categories: CategoryLines = Field(default={}, description="Kinds of sites: on, off or at times.")
    safe_search: SafeSearch | None = Field(
        default=None, description="Search engines give only safe results: on, off, or by engine."
    )
    allow: Sites = Field(default=[], description="Sites that are open; a name covers what is below it.")
    block: Sites = Field(default=[], description="Sites that are closed; a name covers what is below it.")
    always: Sites = Field(default=[], description="Sites that no time and no limit closes.")
    reply: Reply = Field(default=None, description="What a blocked device is told; the household's reply if not given.")
    remember: Remember = Field(
        default=None, description="How long a device may remember an answer at most, so that a pause acts soon."
    )
    log: Log | None = Field(default=None, description="What is recorded: full, summary or off.")
    upstreams: UpstreamSet = Field(
        default=None, description="A set of resolvers of safedns.yaml that is asked instead of the usual ones."
    )

    @property
    def cleared(self) -> frozenset[str]:
        """The keys that say ``none``."""
        return self._cleared

    @model_validator(mode="wrap")
    @classmethod
    def _none_clears(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """``none`` is no value of a field: the field says nothing, and its name is kept."""
        if not isinstance(data, dict):
            return handler(data)
        clearable = {
            name
            for name, field in cls.model_fields.items()
            if any(isinstance(each, NoneClears) for each in field.metadata)
        }
        cleared = frozenset(key for key in clearable if data.get(key) == NONE)
        lines = handler({key: value for key, value in data.items() if key not in cleared})
        lines._cleared = cleared
        return lines

    @model_validator(mode="after")
    def _limited_once(self) -> Self:
        found = [
            ((section, name, "limit"), f"`{name}` is limited under `limits` too; expected its minutes in one place")
            for section, lines in (("services", self.services), ("categories", self.categories))
            for name, line in lines.items()
            if line is not None and line.limit is not None and self.limits.get(name) is not None
        ]
        if found:
            raise GrammarError(found)
        return self


class Profile(RuleLines):
    """A child or group: whose devices, and the rules on top of the preset."""

    name: ShownName | None = Field(default=None, description="The name that is shown; the short name if not given.")
    devices: Annotated[list[Device], EMPTY_LIST] = Field(
        default=[],
        description="Addresses, networks, ranges, MAC addresses, IPv6 interface ids (::a:b:c:d) or host names.",
    )
    timezone: Zone | None = Field(
        default=None, description="Whose clocks the rules of this one go by; the household's if not given."
    )


class Child(Profile):
    """A child: its devices and its rules on top of the preset for its age."""

    born: BirthMonth | None = Field(
        default=None, description="Year and month; picks the preset and moves on with birthdays."
    )
    preset: PresetName | None = Field(default=None, description="A preset that counts instead of the age's.")


class Group(Profile):
    """A group of devices and its rules on top of a preset."""

    preset: PresetName = Field(description="the preset that the group's rules build on", examples=["13-15"])


class HolidayLine(Model):
    """Days without school, both ends included."""

    name: ShownName = Field(description="what the holiday is called", examples=["Tết"])
    first: DayDate = Field(alias="from", description="the first day", examples=["2027-02-04"])
    last: DayDate | None = Field(alias="to", default=None, description="The last day; the first if not given.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise GrammarError([(("to",), f"the last day is before the first; expected {self.first} or later")])
        return self


class TermLine(HolidayLine):
    """Days in which there is school, both ends included."""

    name: ShownName = Field(description="what the term is called", examples=["Học kỳ 1"])
    last: DayDate = Field(alias="to", description="the last day", examples=["2027-05-31"])


class CalendarLines(Model):
    """Which days are school days."""

    school_days: SchoolDays = Field(
        default=Calendar().school_weekdays, description="Weekdays with school, such as mon-fri or mon-sat."
    )
    terms: Annotated[list[TermLine], EMPTY_LIST] = Field(
        default=[], description="When there is school at all; the whole year if not given."
    )
    holidays: Annotated[list[HolidayLine], EMPTY_LIST] = Field(default=[], description="Days without school.")


class FamilyFile(Model):
    """family.yaml: the people and their rules."""

    calendar: CalendarLines = CalendarLines()
    children: Annotated[dict[ProfileId, Child], EMPTY_MAPPING] = Field(
        default={}, description="Each child under a short name."
    )
    groups: Annotated[dict[ProfileId, Group], EMPTY_MAPPING] = Field(
        default={}, description="Other devices, under a short name of the group."
    )
    unknown: str = Field(
        description="the child or group whose rules count for devices that nobody has claimed", examples=["guests"]
    )


class PresetFile(RuleLines):
    """A preset: what an age band (or a kind of group) may do unless a child's own lines say otherwise."""

    title: ShownName = Field(description="what the preset is called", examples=["6-9"])
    ages: Ages | None = Field(default=None, description="First and last age in completed years; none = only by name.")
    default: Literal["allow", "deny"] = Field(
        default="allow", description="What happens to a site that no rule mentions; deny = allow-only."
    )
    safety: Annotated[list[Category], EMPTY_LIST] = Field(
        default=[], description="Categories that block before anything a child's own rules say."
    )


# --- JSON schemas ------------------------------------------------------------------------------------------------


class _Editors(GenerateJsonSchema):
    """Without defaults (ours are values, not YAML) and without titles that only repeat the key."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's hook
        return False


def json_schemas() -> dict[str, dict[str, Any]]:
    """What an editor checks our four kinds of YAML files with, by name."""
    shapes: dict[str, Any] = {
        "safedns": SettingsFile,
        "family": FamilyFile,
        "preset": PresetFile,
        "expectations": list[ExpectationLine],
    }
    return {
        name: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **TypeAdapter(shape).json_schema(schema_generator=_Editors),
        }
        for name, shape in shapes.items()
    }


def schema_text(schema: Mapping[str, Any]) -> str:
    """A schema as it is kept in a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def write_schemas(folder: Path) -> None:
    """Write ``NAME.schema.json`` for each kind of file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        (folder / f"{name}.schema.json").write_text(schema_text(schema), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
