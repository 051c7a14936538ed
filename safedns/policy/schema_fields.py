"""The fields of ``family.yaml`` and presets: each a grammar for reading and a JSON schema for editors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NamedTuple, get_args

from pydantic import AfterValidator, GetJsonSchemaHandler, PlainValidator, ValidationInfo, WithJsonSchema

from safedns.policy import words, words_names, words_switches
from safedns.policy.model import LogLevel, NamedWindow, Timetable
from safedns.policy.vocabulary import Vocabulary
from safedns.policy.words_switches import ByDays, SwitchLine
from safedns.policy.words_windows import named_windows
from safedns.settings.model import BlockReply
from safedns.settings.schema import DURATION_SCHEMA, ON_OFF_SCHEMA
from safedns.settings.timezone import zone_name
from safedns.settings.words import DAY, duration_within, set_name
from safedns.yamlfile.messages import expected_word, listed, show
from safedns.yamlfile.validate import EMPTY_LIST, Text

_NONE_SCHEMA: dict[str, Any] = {"enum": [words_switches.NONE]}
_NONE_OR_OFF_SCHEMA: dict[str, Any] = {"enum": [words_switches.NONE, "off", False]}
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
_SWITCH_SCHEMA: dict[str, Any] = {"anyOf": [ON_OFF_SCHEMA, _NONE_SCHEMA, _TIMED_SWITCH_SCHEMA]}
_CATEGORIES_SCHEMA: dict[str, Any] = {"type": "object", "additionalProperties": _SWITCH_SCHEMA}
_SERVICES_SCHEMA: dict[str, Any] = {
    **_CATEGORIES_SCHEMA,
    "properties": {
        name: {"anyOf": [{"enum": ["moderate", "strict"]}, *_SWITCH_SCHEMA["anyOf"]]}
        for name in sorted(words_switches.RESTRICTED_MODES)
    },
}
_LIMITS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"anyOf": [*_LIMIT_SCHEMA["anyOf"], _NONE_SCHEMA]},
}
_WHAT_SCHEMA: dict[str, Any] = {"type": "string", "examples": ["internet", "games", "roblox", "reddit.com"]}
_NAMED_WINDOW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "what": {"anyOf": [_WHAT_SCHEMA, {"type": "array", "minItems": 1, "items": _WHAT_SCHEMA}]},
        "on": _TIMETABLE_SCHEMA,
        "off": _TIMETABLE_SCHEMA,
    },
    "oneOf": [{"required": ["on"]}, {"required": ["off"]}],
}
_NAMED_WINDOWS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"anyOf": [_NAMED_WINDOW_SCHEMA, _NONE_OR_OFF_SCHEMA]},
}


class Known(NamedTuple):
    """The context of a validation: every word that the document may name."""

    vocabulary: Vocabulary
    presets: frozenset[str] = frozenset()


def _known(info: ValidationInfo) -> Known:
    assert isinstance(info.context, Known)  # noqa: S101 - validate() is always given it; tells the type checker
    return info.context


def _services(tree: object, info: ValidationInfo) -> Mapping[str, SwitchLine | None]:
    return words_switches.switches(tree, _known(info).vocabulary.services, "service")


def _categories(tree: object, info: ValidationInfo) -> Mapping[str, SwitchLine | None]:
    return words_switches.switches(tree, _known(info).vocabulary.categories, "category")


def _limits(tree: object, info: ValidationInfo) -> Mapping[str, ByDays | None]:
    vocabulary = _known(info).vocabulary
    return words_switches.limits(tree, vocabulary.categories | vocabulary.services)


def _windows(tree: object, info: ValidationInfo) -> Mapping[str, NamedWindow | None]:
    return named_windows(tree, _known(info).vocabulary.target)


def _safe_search(tree: object, info: ValidationInfo) -> bool | Mapping[str, bool]:
    return words_switches.safe_search(tree, _known(info).vocabulary.engines)


def _category(text: str, info: ValidationInfo) -> str:
    known = _known(info).vocabulary.categories
    return words_switches.one_of(known, "is not a category that safedns knows")(text)


def _preset(text: str, info: ValidationInfo) -> str:
    known = sorted(_known(info).presets)
    if text not in known:
        raise ValueError(f"{show(text)} is not a preset; expected {listed(known)}")
    return text


_REPLIES: tuple[BlockReply, ...] = get_args(BlockReply)


def _reply(text: str) -> BlockReply:
    for reply in _REPLIES:
        if text == reply:
            return reply
    raise ValueError(expected_word(text, _REPLIES))


def _zone(text: str) -> str:
    if text == "auto":
        raise ValueError("`auto` is this machine's time zone, not a child's; expected one such as Europe/Berlin")
    try:
        return zone_name(text)
    except ValueError as error:
        raise ValueError(str(error).removesuffix(", or `auto`")) from None


@dataclass(frozen=True, slots=True, eq=False)  # by identity, as ``Text``
class NoneClears:
    """Marks a field where ``none`` takes away what the preset says; ``RuleLines`` acts on it."""

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic's hook: an editor accepts the word too."""
        return {"anyOf": [handler(core), _NONE_SCHEMA]}


Times = Annotated[Timetable | None, PlainValidator(words.timetable), WithJsonSchema(_TIMETABLE_SCHEMA), NoneClears()]
ServiceLines = Annotated[
    Mapping[str, SwitchLine | None], PlainValidator(_services), WithJsonSchema(_SERVICES_SCHEMA), NoneClears()
]
CategoryLines = Annotated[
    Mapping[str, SwitchLine | None], PlainValidator(_categories), WithJsonSchema(_CATEGORIES_SCHEMA), NoneClears()
]
WindowLines = Annotated[
    Mapping[str, NamedWindow | None], PlainValidator(_windows), WithJsonSchema(_NAMED_WINDOWS_SCHEMA), NoneClears()
]
LimitLines = Annotated[
    Mapping[str, ByDays | None], PlainValidator(_limits), WithJsonSchema(_LIMITS_SCHEMA), NoneClears()
]
SafeSearch = Annotated[
    bool | Mapping[str, bool],
    PlainValidator(_safe_search),
    WithJsonSchema({"anyOf": [ON_OFF_SCHEMA, {"type": "object", "additionalProperties": ON_OFF_SCHEMA}]}),
]
Site = Annotated[str, Text(words_names.site, {"type": "string", "examples": ["khanacademy.org"]})]
Sites = Annotated[list[Site], EMPTY_LIST, NoneClears()]
Reply = Annotated[BlockReply | None, Text(_reply, {"enum": [*_REPLIES, None]}), NoneClears()]
Remember = Annotated[int | None, Text(duration_within(10, DAY, "10 seconds to 1 day"), DURATION_SCHEMA), NoneClears()]
UpstreamSet = Annotated[str | None, Text(set_name, {"type": "string", "examples": ["family"]}), NoneClears()]
Device = Annotated[str, Text(words_names.device, {"type": "string", "examples": ["192.168.1.31"]})]
Zone = Annotated[str, Text(_zone, {"type": "string", "examples": ["Europe/Berlin"]})]
ProfileId = Annotated[str, AfterValidator(words_names.profile_id)]
ShownName = Annotated[str, AfterValidator(words_names.shown_name)]
Log = Annotated[LogLevel, WithJsonSchema({"enum": ["full", "summary", "off", False]})]
PresetName = Annotated[str, AfterValidator(_preset)]
Category = Annotated[str, AfterValidator(_category)]
BirthMonth = Annotated[tuple[int, int], Text(words.birth_month, {"type": "string", "pattern": "^\\d{4}-\\d{2}$"})]
Ages = Annotated[tuple[int, int], Text(words.ages, {"type": ["string", "integer"], "examples": ["6-9"]})]
DayDate = Annotated[date, Text(words.calendar_day, {"type": "string", "format": "date", "examples": ["2027-02-04"]})]
SchoolDays = Annotated[
    frozenset[int],
    Text(words.school_days, {"anyOf": [{"type": "string", "examples": ["mon-fri"]}, {"enum": ["off", False]}]}),
]
