"""The committed JSON schemas say what the models say, and take every example; no tree breaks the models."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safedns.errors import ConfigError
from safedns.policy.load_checks import cross_problems
from safedns.policy.schema import Child, FamilyFile, PresetFile, json_schemas, schema_text, write_schemas
from safedns.policy.schema_fields import Known
from safedns.policy.vocabulary import Vocabulary
from safedns.settings.schema import SettingsFile
from safedns.yamlfile.document import Tree
from safedns.yamlfile.read import parse_yaml, read_yaml
from safedns.yamlfile.validate import Model, validate

CONFIG = Path(__file__).parents[3] / "config"
CONTRACT = Path(__file__).parent / "data" / "contract"
MISTAKES = Path(__file__).parent / "data" / "mistakes"
EXAMPLES = [
    *((name, folder / f"{name}.yaml") for folder in (CONFIG, CONTRACT) for name in ("safedns", "family")),
    *(("preset", path) for path in sorted((CONFIG / "presets").glob("*.yaml"))),
    ("expectations", CONFIG / "expectations.yaml"),
]
KNOWN = Known(Vocabulary(frozenset({"social", "games"}), frozenset({"youtube", "roblox"})), frozenset({"open"}))


def test_the_committed_schemas_are_up_to_date() -> None:
    for name, schema in json_schemas().items():
        committed = (CONFIG / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")
        assert committed == schema_text(schema), "run: python -m safedns.policy.schema config/schema"


def test_schemas_are_written_to_a_folder(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schema")
    assert sorted(path.name for path in (tmp_path / "schema").iterdir()) == [
        "expectations.schema.json",
        "family.schema.json",
        "preset.schema.json",
        "safedns.schema.json",
    ]


def test_every_example_names_the_schema_that_its_editor_shall_use() -> None:
    for name, path in EXAMPLES:
        if path.is_relative_to(CONFIG):
            modeline = path.read_text(encoding="utf-8").splitlines()[0]
            relative = modeline.removeprefix("# yaml-language-server: $schema=")
            assert (path.parent / relative).resolve() == (CONFIG / "schema" / f"{name}.schema.json").resolve()


def test_every_key_is_described() -> None:
    for schema in json_schemas().values():
        for model in (schema, *schema.get("$defs", {}).values()):
            for key, field in model.get("properties", {}).items():
                assert "description" in field or "$ref" in field, key


def as_text(tree: Tree) -> Any:
    return tree


def as_yaml_1_2(tree: Tree) -> Any:
    """As an editor's YAML 1.2 parser types plain scalars."""
    return _typed(tree, lambda text: int(text) if re.fullmatch(r"\d+", text) else {"null": None}.get(text, text))


def as_yaml_1_1(tree: Tree) -> Any:
    """As an old parser does: ``on`` and ``off`` are booleans."""
    return _typed(tree, lambda text: {"on": True, "off": False}.get(text, text))


def _typed(tree: Tree, scalar: Callable[[str], Any]) -> Any:
    if isinstance(tree, dict):
        return {key: _typed(value, scalar) for key, value in tree.items()}
    return [_typed(item, scalar) for item in tree] if isinstance(tree, list) else scalar(tree)


@pytest.mark.parametrize("typed", [as_text, as_yaml_1_2, as_yaml_1_1])
@pytest.mark.parametrize(("name", "path"), EXAMPLES, ids=lambda value: str(value).rpartition("/")[2])
def test_an_editor_accepts_every_example(name: str, path: Path, typed: Callable[[Tree], Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads((CONFIG / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = jsonschema.Draft202012Validator(schema).iter_errors(typed(read_yaml(path).tree))
    assert [f"{error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("name", ["safedns", "family"])
def test_an_editor_marks_mistakes(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    assert not jsonschema.Draft202012Validator(json_schemas()[name]).is_valid(read_yaml(MISTAKES / f"{name}.yaml").tree)


WORDS = st.sampled_from(
    [
        "on",
        "off",
        "yes",
        "moderate",
        "45m",
        "2h",
        "45",
        "social",
        "games",
        "youtube",
        "roblox",
        "internet",
        "limit",
        "weekend",
        "mon-fri",
        "monday",
        "school",
        "nights",
        "21:00-06:30",
        "22:30",
        "2015-09",
        "2027-02-04",
        "9.9.9.9",
        "192.168.1.9-192.168.1.1",
        "10.0.0.0/8",
        "aa:bb:cc:dd:ee:01",
        "an-tablet",
        "x.com",
        "https://x.com/a",
        "*",
        "open",
        "guests",
        "an",
        "private",
        "any",
        "auto",
        "full",
        "null",
        "page",
        "deny",
        "0-5",
        "name",
        "from",
        "to",
    ]
)
LEAVES = WORDS | st.just("") | st.text(max_size=10)
TREES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LEAVES, inner, max_size=3), max_leaves=8
)


def filled(model: type[Model], **shapes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mappings with some of the model's keys, each with its shape or anything."""
    keys = [field.alias or name for name, field in model.model_fields.items()]
    return st.lists(st.sampled_from(keys), unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({key: shapes.get(key, TREES) | TREES for key in chosen})
    )


PROFILES = st.dictionaries(LEAVES, filled(PresetFile) | filled(Child), max_size=2)
FAMILIES = filled(FamilyFile, children=PROFILES, groups=PROFILES, unknown=LEAVES)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([FamilyFile, SettingsFile, PresetFile]),
    FAMILIES | filled(SettingsFile) | filled(PresetFile) | TREES,
)
def test_any_tree_is_taken_or_refused_in_plain_words(model: type[Model], tree: Any) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, default_style='"')
    try:
        document = parse_yaml(text.encode(), "f.yaml")
        validate(document, model, context=KNOWN, also=cross_problems(document))
    except ConfigError as error:
        complaints = [str(problem) for problem in error.problems]
    else:
        complaints = []
    for complaint in complaints:
        assert complaint.startswith("f.yaml")
        assert "\n" not in complaint
        assert not re.search(r"Input should|pydantic|Traceback|\bdict\b|\bstr\b", complaint)
