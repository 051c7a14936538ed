"""Our own YAML data (catalogue, services, safe search) as checked values; every fault is a ``ListError`` with its file.

Not for what parents write: that is read with positions, by other code. A user's own service file does pass here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from safedns.errors import ListError
from safedns.wire.names import parse_name

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Fields:
    """A mapping of the file, whose values are asked for by key and type."""

    __slots__ = ("_file", "_path", "_values")

    def __init__(self, file: Path, path: str, values: object) -> None:
        self._file, self._path = file, path
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise self.error("", f"expected a mapping with words as keys, not {_kind(values)}")
        self._values: dict[str, object] = values

    def error(self, key: str, message: str) -> ListError:
        """The fault ``message`` of ``key``, to be raised."""
        where = ".".join(part for part in (self._path, key) if part)
        return ListError(str(self._file), f"{where}: {message}" if where else message)

    def only(self, *keys: str) -> None:
        """Refuse every key but these: a misspelt one would be lost in silence."""
        for key in self._values:
            if key not in keys:
                raise self.error(key, f"unknown key; expected one of {', '.join(keys)}")

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required without ``default``."""
        value = self._values.get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"expected text, not {_kind(value)}")
        return value

    def number(self, key: str, default: int) -> int:
        """A whole number."""
        value = self._values.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, f"expected a whole number, not {_kind(value)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """``true`` or ``false``."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"expected true or false, not {_kind(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty where the key is absent."""
        value = self._values.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "expected a list of texts")
        return tuple(value)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of domain names, canonical, in the order of the file; empty where the key is absent."""
        try:
            return tuple(dict.fromkeys(parse_name(text) for text in self.texts(key)))
        except ValueError as error:
            raise self.error(key, str(error)) from error

    def name(self, key: str) -> str | None:
        """One domain name, canonical; ``None`` where the key is absent."""
        if key not in self._values:
            return None
        try:
            return parse_name(self.text(key))
        except ValueError as error:
            raise self.error(key, str(error)) from error

    def inner(self, key: str) -> Fields:
        """The mapping under ``key``; an empty one where the key is absent."""
        return Fields(self._file, ".".join(part for part in (self._path, key) if part), self._values.get(key) or {})

    def each(self) -> Iterator[tuple[str, Fields]]:
        """The mappings under every key."""
        for key in self._values:
            yield key, self.inner(key)


def read_mapping(path: Path) -> Fields:
    """The file, which holds one mapping; raises ``ListError``."""
    return Fields(path, "", _read(path))


def read_sequence(path: Path) -> list[Fields]:
    """The file, which holds a list of mappings; raises ``ListError``."""
    values = _read(path)
    if not isinstance(values, list):
        raise ListError(str(path), f"expected a list of mappings, not {_kind(values)}")
    return [Fields(path, f"[{index}]", value) for index, value in enumerate(values)]


def _read(path: Path) -> object:
    try:
        with path.open("rb") as file:
            return yaml.load(file, _Loader)  # noqa: S506 - one of the two safe loaders
    except OSError as error:
        raise ListError(str(path), f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ListError(str(path), f"is no YAML: {' '.join(str(error).split())}") from error


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
