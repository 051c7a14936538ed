"""YAML text -> ``Document``; whatever makes a file unreadable is a ``ConfigError`` in plain words.

Every scalar stays text, so that ``21:30``, ``no``, ``on``, ``1e3`` and ``010`` mean what they look like. The tree is
built from parser events on a stack of our own: depth, size and repeats are bounded before they cost anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast

import yaml

from safedns.errors import ConfigError, Problem
from safedns.yamlfile.document import Document, Place, Tree, TreePath, in_order, path_text
from safedns.yamlfile.messages import show

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml: slower, same events
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
WHOLE_FILE = Place(0, 0)


def may_exist(path: Path) -> bool:
    """Whether it is worth reading. What stands in a folder that is closed to us is found out by trying."""
    try:
        return path.exists()
    except OSError:
        return True


def read_yaml(path: Path) -> Document:
    """Read one YAML file; raises ``ConfigError`` for everything that makes it unreadable."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _unreadable(str(path), "there is no such file") from None
    except OSError as error:
        raise _unreadable(str(path), f"cannot be read: {error.strerror}") from None
    return parse_yaml(data, str(path))


def parse_yaml(data: bytes, file: str, *, loader: type[Any] = Loader) -> Document:
    """Like ``read_yaml`` for bytes in hand; ``file`` is the name that problems carry."""
    if len(data) > MAX_BYTES:
        raise _unreadable(file, f"the file is larger than {MAX_BYTES >> 10} KiB; expected a short configuration")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        raise _unreadable(file, "this is not UTF-8 text; save the file as UTF-8", _place_of(good, len(good))) from None
    if bad := yaml.reader.Reader.NON_PRINTABLE.search(text):
        what = f"a control character (U+{ord(bad[0]):04X}) stands here; take it out"
        raise _unreadable(file, what, _place_of(text, bad.start()))
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(in_order((*builder.problems, _syntax_problem(file, text, error)))) from None
    if builder.tree is None or builder.tree == "":
        raise _unreadable(file, "the file is empty; expected `key: value` lines")
    return Document(file, builder.tree, builder.keys, builder.values, tuple(builder.problems))


class _Frame(NamedTuple):
    """A list or mapping that is being filled, and its path."""

    node: list[Tree] | dict[str, Tree]
    path: TreePath


class _Builder:
    """Turns parser events into a tree and its places, without recursion; what cannot be taken raises at once."""

    __slots__ = ("_documents", "_file", "_key", "_stack", "keys", "problems", "tree", "values")

    def __init__(self, file: str) -> None:
        self.tree: Tree | None = None
        self.keys: dict[TreePath, Place] = {}
        self.values: dict[TreePath, Place] = {}
        self.problems: list[Problem] = []
        self._file = file
        self._stack: list[_Frame] = []
        self._key: str | None = None
        self._documents = 0

    def feed(self, event: yaml.Event) -> None:
        """Take the next event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse(event, "a second document begins here (`---`); expected one document in the file")
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(event, "`*` repeats another part of the file, which is not supported; write the part out")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()

    def _node(self, event: yaml.NodeEvent) -> None:
        if getattr(event, "tag", None) is not None:
            self._refuse(event, "a value that begins with `!` must be in quotes; YAML tags are not supported")
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.node, dict) and self._key is None:
            self._take_key(frame, event)
        else:
            self._take_value(frame, event)

    def _take_key(self, frame: _Frame, event: yaml.NodeEvent) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a list or mapping stands where a key was expected; put text that has `{` in quotes")
        self._key = event.value
        path, place = (*frame.path, event.value), _place(event.start_mark)
        if path in self.keys:
            first = self.keys[path]
            message = f"{show(event.value)} is given twice (first on line {first.line}); expected it once"
            self.problems.append(Problem(self._file, *place, path_text(path), message))
        self.keys.setdefault(path, place)

    def _take_value(self, frame: _Frame | None, event: yaml.NodeEvent) -> None:
        node: Tree
        if isinstance(event, yaml.ScalarEvent):
            node = event.value
        else:
            node = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        path = self._attach(frame, node)
        self.values.setdefault(path, _place(event.start_mark))
        if not isinstance(node, str):
            if len(self._stack) >= MAX_DEPTH:
                self._refuse(event, f"lists and mappings are nested more than {MAX_DEPTH} deep here")
            self._stack.append(_Frame(node, path))

    def _attach(self, frame: _Frame | None, node: Tree) -> TreePath:
        if frame is None:
            self.tree = node
            return ()
        if isinstance(frame.node, list):
            frame.node.append(node)
            return (*frame.path, len(frame.node) - 1)
        key, self._key = cast("str", self._key), None
        frame.node.setdefault(key, node)
        return (*frame.path, key)

    def _refuse(self, event: yaml.Event, message: str) -> NoReturn:
        self.problems.append(Problem(self._file, *_place(event.start_mark), "", message))
        raise ConfigError(in_order(self.problems))


_SYNTAX = (
    ("',' or ']'", "the list begun with `[` on line {begun} lacks a comma or its closing `]`"),
    ("',' or '}'", "the mapping begun with `{{` on line {begun} lacks a comma or its closing `}}`"),
    ("unexpected end of stream", "the quoted text begun on line {begun} is never closed"),
    ("mapping values are not allowed", "a `:` is not expected here; is the line indented like those above it?"),
    ("expected ':'", "`key: value` was expected here; is a `:` followed by a space missing?"),
    ("expected alphabetic or numeric", "a value that begins with `*` or `&` must be in quotes; write just `x.com`"),
    ("parsing a block collection", "a list item beginning with `- ` was expected here; is the line indented right?"),
    ("expected key", "a key was expected here; is the line indented like those above it?"),
    ("expected <block end>", "a key was expected here; is the line indented like those above it?"),
    ("node content", "a value was expected here; is a bracket or a quote left open?"),
    ("<document start>", "nothing more was expected here; is a `}}` or `]` one too many?"),
    ("unknown escape character", "a backslash in double quotes has a meaning of its own; use single quotes"),
)


def _syntax_problem(file: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    """The YAML parser's complaint in plain words, at the place where the reader has to look."""
    mark = error.problem_mark or error.context_mark
    place = _place(mark) if mark else Place(1, 1)
    begun = error.context_mark.line + 1 if error.context_mark else place.line
    line = text.splitlines()[place.line - 1] if place.line <= len(text.splitlines()) else ""
    at = line[place.column - 1 : place.column]
    complaint = f"{error.context or ''}: {error.problem or ''}"
    if at == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        message = "a tab stands here; YAML is indented with spaces only"
    elif "cannot start any token" in complaint:
        message = f"a value that begins with {show(at)} must be in quotes"
    else:
        plain = (words.format(begun=begun) for part, words in _SYNTAX if part in complaint)
        message = next(plain, f"this is not readable as YAML ({error.problem})")
    return Problem(file, *place, "", message)


def _place(mark: Any) -> Place:  # two unrelated mark types, one for each loader
    return Place(mark.line + 1, mark.column + 1)


def _place_of(text: str, index: int) -> Place:
    before = text[:index]
    return Place(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


def _unreadable(file: str, message: str, place: Place = WHOLE_FILE) -> ConfigError:
    return ConfigError((Problem(file, *place, "", message),))
