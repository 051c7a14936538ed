"""The error tree: what can go wrong, with what the edge that shows or answers it needs.

Foreign exceptions are translated into these at the border where they occur, never deeper. No traceback reaches a
user: the command line prints ``str(error)`` and exits with ``error.exit_code``; the server turns a ``WireError``
into its RCODE and an ``UpstreamError`` into SERVFAIL with its extended error.
"""

from __future__ import annotations

from typing import NamedTuple


class SafednsError(Exception):
    """Root of every error that safedns raises on purpose; ``str()`` is one clear line for a person."""

    exit_code = 1


class Problem(NamedTuple):
    """One thing that is wrong in a configuration file."""

    file: str
    line: int
    """1-based; 0 where the whole file is meant."""
    column: int
    """1-based; 0 where the whole file is meant."""
    path: str
    """Dotted path of the key inside the document, e.g. ``children.an.bedtime``; empty for the document itself."""
    message: str
    """What is wrong; what was expected."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ConfigError(SafednsError):
    """The configuration cannot be used; carries every problem at once."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class WireError(SafednsError):
    """A packet or a name that cannot be taken; ``rcode`` is what its sender is told."""

    def __init__(self, message: str, rcode: int = 1) -> None:
        super().__init__(message)
        self.rcode = rcode


class UpstreamError(SafednsError):
    """No upstream gave a usable answer; ``ede`` is the extended error code (RFC 8914) for the client."""

    def __init__(self, message: str, ede: int = 22) -> None:
        super().__init__(message)
        self.ede = ede


class BogusError(UpstreamError):
    """What an upstream answers is not what its owner has signed (DNSSEC); nothing older is given in its place."""


class UncheckedError(UpstreamError):
    """There is an answer, and what it takes to check it (DNSSEC) cannot be had."""


class ListError(SafednsError):
    """A blocklist could not be fetched, read or compiled; ``source`` is its name, file or address."""

    def __init__(self, source: str, message: str, line: int = 0) -> None:
        where = f"{source}:{line}" if line else source
        super().__init__(f"{where}: {message}")
        self.source = source
        self.line = line


class StorageError(SafednsError):
    """A database or state file cannot be opened, read or written."""


class NotRunningError(SafednsError):
    """A command needs the running daemon and there is none."""

    exit_code = 3
