"""``Document`` -> pydantic model, with every problem of the document at once, each at its place in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from safedns.errors import ConfigError, Problem
from safedns.yamlfile.document import Document, Tree, TreePath, in_order
from safedns.yamlfile.messages import describe, expected_word, show, unknown_word

M = TypeVar("M", bound="Model")
K = TypeVar("K")
T = TypeVar("T")

AT_KEY = "[key]"
"""As the last step of a path: the key is wrong, not its value (pydantic's own convention)."""


class GrammarError(ValueError):
    """What a grammar raises when several things inside one value are wrong: (path below the value, message) each."""

    def __init__(self, found: Iterable[tuple[TreePath, str]]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(message for _, message in self.found))


class Model(BaseModel):
    """A mapping with fixed keys; one that is begun and left empty (``cache:``) says nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_says_nothing(cls, data: object) -> object:
        return {} if data == "" else data


@dataclass(frozen=True, slots=True, eq=False)  # by identity: annotations are hashed, and a schema is a dict
class Text:
    """Marks a field that is written as one text: ``parse`` makes its value or raises ``ValueError`` in plain words.

    ``schema`` is what an editor's YAML checker is told; it may meet numbers and booleans where we see text.
    """

    parse: Callable[[str], object]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook: only text, then the grammar."""
        del source, handler  # the grammar alone says what the value is
        grammar = core_schema.no_info_plain_validator_function(self.parse)
        return core_schema.chain_schema([core_schema.str_schema(strict=True), grammar])

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: object) -> dict[str, Any]:
        """Pydantic's hook: the schema given by hand, as a function cannot be described."""
        del core, handler
        return dict(self.schema)


EMPTY_LIST = BeforeValidator(lambda value: [] if value == "" else value)
"""For list fields: a key that is begun and left empty is an empty list."""
EMPTY_MAPPING = BeforeValidator(lambda value: {} if value == "" else value)
"""For mapping fields: a key that is begun and left empty is an empty mapping."""


class OneOrList:
    """Marks a list field that is mostly one item long: a single text is a list of one."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's hook: wrap a single text before the list is checked."""
        return core_schema.no_info_before_validator_function(
            lambda value: [value] if isinstance(value, str) and value else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic's hook: an editor accepts both."""
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def text_only(tree: object) -> str:
    """``tree`` if it is text; ``ValueError`` in the words that every text field uses."""
    if isinstance(tree, str):
        return tree
    raise ValueError(f"{describe(tree)} stands here; expected {_EXPECTED['string_type']}")


def each(items: Iterable[object], parse: Callable[[str], T]) -> tuple[T, ...]:
    """Every item through one grammar; raises ``GrammarError`` with each that is wrong."""
    values, found = [], list[tuple[TreePath, str]]()
    for index, item in enumerate(items):
        try:
            values.append(parse(text_only(item)))
        except ValueError as error:
            found.append(((index,), str(error)))
    if found:
        raise GrammarError(found)
    return tuple(values)


def each_entry(tree: object, parse_key: Callable[[str], K], parse_value: Callable[[K, object], T]) -> list[tuple[K, T]]:
    """Every entry of a mapping through two grammars; raises ``GrammarError`` with everything that is wrong in it."""
    entries: list[tuple[K, T]] = []
    found: list[tuple[TreePath, str]] = []
    for key, value in _mapping(tree).items():
        try:
            meaning = parse_key(key)
        except ValueError as error:
            found.append(((key, AT_KEY), str(error)))
            continue
        try:
            entries.append((meaning, parse_value(meaning, value)))
        except GrammarError as error:
            found.extend(((key, *below), message) for below, message in error.found)
        except ValueError as error:
            found.append(((key,), or_nothing(value, str(error))))
    if found:
        raise GrammarError(found)
    return entries


def _mapping(tree: object) -> dict[str, Tree]:
    if isinstance(tree, dict):
        return tree
    if tree == "":
        return {}
    raise ValueError(f"{describe(tree)} stands here; expected {_EXPECTED['dict_type']}")


def distinct(parse: Callable[[str], object]) -> BeforeValidator:
    """For mapping fields whose keys have several spellings: two keys of one meaning are a mistake, not a surprise."""

    def check(tree: object) -> object:
        seen: dict[object, str] = {}
        found: list[tuple[TreePath, str]] = []
        for key in tree if isinstance(tree, dict) else ():
            try:
                meaning = parse(key)
            except ValueError:
                continue  # the field's own grammar says what is wrong with it
            if meaning in seen:
                found.append(((key, AT_KEY), f"means the same as {show(seen[meaning])} above; expected it once"))
            seen.setdefault(meaning, key)
        if found:
            raise GrammarError(found)
        return tree

    return BeforeValidator(check)


def validate(document: Document, model: type[M], *, context: object = None, also: Iterable[Problem] = ()) -> M:
    """The document as ``model``; raises ``ConfigError`` with every problem, those in ``also`` included, in order."""
    problems = [*document.problems, *also]
    try:
        result = model.model_validate(document.tree, context=context)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            problems.extend(_problems(document, model, details))
        raise ConfigError(in_order(problems)) from None
    if problems:
        raise ConfigError(in_order(problems))
    return result


def _problems(document: Document, model: type[Model], details: ErrorDetails) -> Iterator[Problem]:
    """One pydantic error as problems in plain words."""
    path, given = details["loc"], details["input"]
    match details["type"]:
        case "missing":
            yield _problem(document, (*path[:-1], AT_KEY), _missing(model, path))
        case "extra_forbidden":
            yield _problem(document, (*path, AT_KEY), _unknown_key(model, path))
        case "value_error":
            error = details["ctx"]["error"]
            for below, message in error.found if isinstance(error, GrammarError) else (((), str(error)),):
                yield _problem(document, (*path, *below), message if below else or_nothing(given, message))
        case "literal_error":
            words = re.findall(r"'([^']*)'", details["ctx"]["expected"])
            yield _problem(document, path, or_nothing(given, expected_word(given, words)))
        case kind:
            yield _problem(document, path, f"{describe(given)} stands here; expected {_EXPECTED[kind]}")


def _problem(document: Document, path: TreePath, message: str) -> Problem:
    if path[-1:] == (AT_KEY,):
        return document.problem(path[:-1], message, at_key=True)
    return document.problem(path, message)


_EXPECTED = {
    "model_type": "`key: value` lines below it",
    "dict_type": "`key: value` lines below it",
    "list_type": "a list, such as `[one, two]`",
    "string_type": "a single word or text",
}


def or_nothing(given: object, message: str) -> str:
    """``message``, or where nothing at all was written only what it says was expected."""
    _, semicolon, expected = message.partition("; ")
    return f"nothing is written here; {expected}" if given == "" and semicolon else message


def _missing(model: type[Model], path: TreePath) -> str:
    key = str(path[-1])
    field = _keys(_model_at(model, path[:-1]))[key]
    example = f", e.g. `{key}: {field.examples[0]}`" if field.examples else ""
    return f"{show(key)} is missing; expected {field.description}{example}"


def _unknown_key(model: type[Model], path: TreePath) -> str:
    return unknown_word(str(path[-1]), sorted(_keys(_model_at(model, path[:-1]))), "is not a key here")


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_at(model: type[BaseModel], path: TreePath) -> type[BaseModel]:
    """The model that describes the mapping at ``path``; pydantic's error names the path, not the model."""
    kind: Any = model
    for step in path:
        kind = _plain(_keys(kind)[str(step)].annotation if isinstance(kind, type) else get_args(kind)[-1])
    return cast("type[BaseModel]", kind)


def _plain(kind: Any) -> Any:
    """A type without its annotations and without ``| None``."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = get_args(kind)[0]
    return kind
