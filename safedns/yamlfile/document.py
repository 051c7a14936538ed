"""A YAML document as read: plain dict, list and str, and the place of every key and value. No parsing, no models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from safedns.errors import Problem
from safedns.yamlfile.messages import printable

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"
TreePath: TypeAlias = "tuple[str | int, ...]"
"""Keys and list indexes (from 0) from the top of a document to one of its nodes."""


class Place(NamedTuple):
    """Where something stands in a file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as read: plain values and where each of them stands."""

    file: str
    tree: Tree
    keys: Mapping[TreePath, Place]
    values: Mapping[TreePath, Place]
    problems: tuple[Problem, ...] = ()
    """Keys that are given twice, the first of them in the tree: ``validate`` tells them with all the others."""

    def problem(self, path: TreePath, message: str, *, at_key: bool = False) -> Problem:
        """A problem at ``path``, or at the nearest node above it that the file really has."""
        while path and path not in self.values:
            path, at_key = path[:-1], False
        place = self.keys[path] if at_key and path in self.keys else self.values[path]
        return Problem(self.file, place.line, place.column, path_text(path), message)

    def below(self, key: str) -> Document:
        """The same document as the value of ``key``, for files that are a list: models are mappings."""
        keys = {(key, *path): place for path, place in self.keys.items()}
        values = {(key, *path): place for path, place in self.values.items()} | {(): self.values[()]}
        return Document(self.file, {key: self.tree}, keys, values, self.problems)

    def line(self, path: TreePath) -> int:
        """The line on which the value at ``path`` begins."""
        return self.values[path].line


def path_text(path: TreePath) -> str:
    """``children.an.devices[2]``: keys with dots between, list items counted from 1 as people do."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{printable(step)}"
    return text.removeprefix(".")


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and position."""
    return tuple(sorted(dict.fromkeys(problems)))
