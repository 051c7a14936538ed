"""``family.yaml`` and presets as they may be written: pydantic models over the grammars in ``words``.

``python -m safedns.policy.schema FOLDER`` writes the JSON schemas that editors read; descriptions come from here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, ValidationInfo, WithJsonSchema, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from safedns.policy import words, words_names, words_switches
from safedns.policy.expectations import ExpectationLine
from safedns.policy.model import Calendar, LogLevel, Timetable
from safedns.policy.vocabulary import Vocabulary
from safedns.policy.words_switches import ByDays, SwitchLine
from safedns.settings.schema import DURATION_SCHEMA, ON_OFF_SCHEMA, OnOff, SettingsFile
from safedns.yamlfile.messages import listed, show
from safedns.yamlfile.validate import EMPTY_LIST, EMPTY_MAPPING, GrammarError, Model, Text

_WINDOWS_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "examples": ["21:00-06:30", "09:00-11:00, 15:00-17:00"]}, {"enum": ["off", False]}]
}
_TIMETABLE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        *_WINDOWS_SCHEMA["anyOf"],
        {"type": "object", "minProperties": 1, "additionalProperties": _WINDOWS_SCHEMA},
    ]
}
_LIMIT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        DURATION_SCHEMA,
        {"type": "object", "minProperties": 1, "additionalProperties": DURATION_SCHEMA},
    ]
}
_TIMED_SWITCH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {"on": _TIMETABLE_SCHEMA, "off": _TIMETABLE_SCHEMA, "limit": _LIMIT_SCHEMA},
}
_SWITCH_SCHEMA: dict[str, Any] = {"anyOf": [ON_OFF_SCHEMA, _TIMED_SWITCH_SCHEMA]}
_CATEGORIES_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": _SWITCH_SCHEMA}
_SERVICES_SCHEMA: dict[str, Any] = {
    **_CATEGORIES_SCHEMA,
    "properties": {
        name: {"anyOf": [{"enum": ["moderate", "strict"]}, *_SWITCH_SCHEMA["anyOf"]]}
        for name in sorted(words_switches.RESTRICTED_MODES)
    },
}
_LIMITS_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": _LIMIT_SCHEMA}


class Known(NamedTuple):
    """The context of a validation: every word that the document may name."""

    vocabulary: Vocabulary
    presets: frozenset[str] = frozenset()


def _known(info: ValidationInfo) -> Known:
    assert isinstance(info.context, Known)  # noqa: S101 - validate() is always given it; tells the type checker
    return info.context


def _services(tree: object, info: ValidationInfo) -> Mapping[str, SwitchLine]:
    return words_switches.switches(tree, _known(info).vocabulary.services, "service")


def _categories(tree: object, info: ValidationInfo) -> Mapping[str, SwitchLine]:
    return words_switches.switches(tree, _known(info).vocabulary.categories, "category")


def _limits(tree: object, info: ValidationInfo) -> Mapping[str, ByDays]:
    vocabulary = _known(info).vocabulary
    return words_switches.limits(tree, vocabulary.categories | vocabulary.services)


def _category(text: str, info: ValidationInfo) -> str:
    known = _known(info).vocabulary.categories
    return words_switches.one_of(known, "is not a category that safedns knows")(text)


def _preset(text: str, info: ValidationInfo) -> str:
    known = sorted(_known(info).presets)
    if text not in known:
        raise ValueError(f"{show(text)} is not a preset; expected {listed(known)}")
    return text


def _shown_name(text: str) -> str:
    if not (text.isprintable() and 0 < len(text.strip()) <= 60):
        raise ValueError("this is not a name to show; expected up to 60 characters such as An")
    return text


Times = Annotated[Timetable | None, PlainValidator(words.timetable), WithJsonSchema(_TIMETABLE_SCHEMA)]
Site = Annotated[str, Text(words_names.site, {"type": "string", "examples": ["khanacademy.org"]})]
Device = Annotated[str, Text(words_names.device, {"type": "string", "examples": ["192.168.1.31"]})]
ProfileId = Annotated[str, AfterValidator(words_names.profile_id)]
Log = Annotated[LogLevel, WithJsonSchema({"enum": ["full", "summary", "off", False]})]
PresetName = Annotated[str, AfterValidator(_preset)]
DayDate = Annotated[date, Text(words.calendar_day, {"type": "string", "format": "date", "examples": ["2027-02-04"]})]


class RuleLines(Model):
    """What may be said in a preset as well as for a child or group."""

    bedtime: Times = Field(
        default=None, description="When the internet is closed for the night; windows may pass midnight."
    )
    homework: Times = Field(default=None, description="When only learning and what is in `always` is open.")
    services: Annotated[Mapping[str, SwitchLine], PlainValidator(_services), WithJsonSchema(_SERVICES_SCHEMA)] = Field(
        default={}, description="Single services: on, off or at times; youtube also moderate or strict."
    )
    limits: Annotated[Mapping[str, ByDays], PlainValidator(_limits), WithJsonSchema(_LIMITS_SCHEMA)] = Field(
        default={}, description="Minutes a day for a category, a service or internet."
    )
    categories: Annotated[Mapping[str, SwitchLine], PlainValidator(_categories), WithJsonSchema(_CATEGORIES_SCHEMA)] = (
        Field(default={}, description="Kinds of sites: on, off or at times.")
    )
    safe_search: OnOff | None = Field(default=None, description="Search engines give only safe results.")
    allow: Annotated[list[Site], EMPTY_LIST] = Field(
        default=[], description="Sites that are open; a name covers what is below it."
    )
    block: Annotated[list[Site], EMPTY_LIST] = Field(
        default=[], description="Sites that are closed; a name covers what is below it."
    )
    always: Annotated[list[Site], EMPTY_LIST] = Field(
        default=[], description="Sites that stay reachable at bedtime and homework."
    )
    log: Log | None = Field(default=None, description="What is recorded: full, summary or off.")


class Profile(RuleLines):
    """A child or group: whose devices, and the rules on top of the preset."""

    name: Annotated[str, AfterValidator(_shown_name)] | None = Field(
        default=None, description="The name that is shown; the short name if not given."
    )
    devices: Annotated[list[Device], EMPTY_LIST] = Field(
        default=[], description="Addresses, networks or ranges; MAC addresses and names are kept for a later version."
    )


class Child(Profile):
    """A child: its devices and its rules on top of the preset for its age."""

    born: (
        Annotated[tuple[int, int], Text(words.birth_month, {"type": "string", "pattern": "^\\d{4}-\\d{2}$"})] | None
    ) = Field(default=None, description="Year and month; picks the preset and moves on with birthdays.")
    preset: PresetName | None = Field(default=None, description="A preset that counts instead of the age's.")


class Group(Profile):
    """A group of devices and its rules on top of a preset."""

    preset: PresetName = Field(description="the preset that the group's rules build on", examples=["13-15"])


class HolidayLine(Model):
    """Days without school, both ends included."""

    name: Annotated[str, AfterValidator(_shown_name)] = Field(
        description="what the holiday is called", examples=["Tết"]
    )
    first: DayDate = Field(alias="from", description="the first day", examples=["2027-02-04"])
    last: DayDate | None = Field(alias="to", default=None, description="The last day; the first if not given.")

    @model_validator(mode="after")
    def _in_order(self) -> HolidayLine:
        if self.last is not None and self.last < self.first:
            raise GrammarError([(("to",), f"the holiday ends before it begins; expected {self.first} or later")])
        return self


class CalendarLines(Model):
    """Which days are school days."""

    school_days: Annotated[
        frozenset[int],
        Text(words.school_days, {"anyOf": [{"type": "string", "examples": ["mon-fri"]}, {"enum": ["off", False]}]}),
    ] = Field(default=Calendar().school_weekdays, description="Weekdays with school, such as mon-fri or mon-sat.")
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

    title: Annotated[str, AfterValidator(_shown_name)] = Field(
        description="what the preset is called", examples=["6-9"]
    )
    ages: Annotated[tuple[int, int], Text(words.ages, {"type": ["string", "integer"], "examples": ["6-9"]})] | None = (
        Field(default=None, description="First and last age in completed years; none = only by name.")
    )
    default: Literal["allow", "deny"] = Field(
        default="allow", description="What happens to a site that no rule mentions; deny = allow-only."
    )
    safety: Annotated[list[Annotated[str, AfterValidator(_category)]], EMPTY_LIST] = Field(
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
