"""How each wanted list stands: what serves, how old it is, when it is fetched again, what went wrong last."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.downloads import Downloads
from safedns.blocklist.header import Header
from safedns.blocklist.library import lists_folder
from safedns.blocklist.schedule import due_in
from safedns.blocklist.wanted import Wanted
from safedns.errors import ListError


class ListStatus(NamedTuple):
    """One list; what is not known because nothing serves is ``None``."""

    name: str
    category: str
    entries: int | None
    age: float | None
    """Seconds since its maker last confirmed it; for a list of this machine since it was compiled."""
    size: int | None
    """Bytes of its tables."""
    format: str | None
    due: float | None
    """Seconds until it is fetched again; ``None`` for a list of this machine."""
    problem: str
    """Empty when all is well."""


def list_status(state: Path, wanted: Iterable[Wanted], *, now: float) -> tuple[ListStatus, ...]:
    """The state of every wanted list, in their order."""
    return tuple(_status(state, item, now) for item in wanted)


def _status(state: Path, item: Wanted, now: float) -> ListStatus:
    meta = Downloads(state).meta(item.name)
    due = due_in(state, item, now=now)
    header, fault = _serving(state, item.name)
    problem = meta.problem or fault
    if header is None:
        return ListStatus(item.name, item.category, None, None, None, None, due, problem)
    since = header.built if item.file is not None else meta.checked
    return ListStatus(
        item.name,
        item.category,
        header.entries,
        max(0.0, now - since),
        header.size,
        header.source_format,
        due,
        problem,
    )


def _serving(state: Path, name: str) -> tuple[Header | None, str]:
    """The header of what serves, if anything does, and why it is not the newest."""
    folder = lists_folder(state)
    try:
        return open_artefact(folder, name).header, ""
    except ListError as error:
        fault = str(error).removeprefix(f"{name}: ")
    try:
        return open_artefact(folder, name, previous=True).header, f"{fault}; the version before serves"
    except ListError:
        return None, fault
