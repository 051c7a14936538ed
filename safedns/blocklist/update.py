"""Bringing lists up to date over the network.

    wanted --fetch--> NAME.new --unpack, read--> contents --judge--> artefact, NAME.list
      ^           `-----------------`---------------------`--> the next mirror; none left:
      `--------------- an hour later --------------------------- failed or held back, the last good artefact stays

Why the last try brought nothing stands in ``downloads/NAME.meta.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.catalog import Catalogue
from safedns.blocklist.compile import write_artefact
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.downloads import Downloads, Meta
from safedns.blocklist.fetch import Limits, NotModified, World, fetch
from safedns.blocklist.files import locked
from safedns.blocklist.library import lists_folder
from safedns.blocklist.prepare import compile_if_stale, outdated
from safedns.blocklist.unpack import unpack
from safedns.blocklist.wanted import Wanted, wanted_lists
from safedns.blocklist.wellknown import WellKnown, newly_blocked
from safedns.clock import Clock
from safedns.errors import ListError
from safedns.settings.model import ListSettings

Report = Callable[[str], None]
Progress = Callable[[str, str, int, int], None]
"""Told, now and then: the list, what happens to it, and how many bytes of how many are done; 0 = nobody knows."""

_SHOWN = 5
_FETCHING, _READING = "fetching", "reading"


class Outcome(NamedTuple):
    """What became of one list."""

    name: str
    result: Literal["updated", "unchanged", "held back", "failed"]
    entries: int
    """Names of the version that serves now; 0 when there is none."""
    message: str
    """Why, where it failed or was held back."""

    @property
    def ok(self) -> bool:
        return self.result in ("updated", "unchanged")

    def __str__(self) -> str:
        names = f"{self.entries} name{'' if self.entries == 1 else 's'}"
        if self.ok:
            return f"{self.name}: {self.result}, {names}"
        serving = f"the last good version stays ({names})" if self.entries else "there is none to use yet"
        return f"{self.name}: {self.result}: {self.message}; {serving}"


class _HeldBackError(ListError):
    """The download is a list, but not one to trust without a look."""


def update(
    state: Path,
    lists: ListSettings,
    catalogue: Catalogue,
    config_folder: Path,
    *,
    clock: Clock,
    names: Collection[str] = (),
    accept: bool = False,
    report: Report | None = None,
    progress: Progress | None = None,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    world: World = World(),  # noqa: B008 - immutable
) -> tuple[Outcome, ...]:
    """Bring the lists ``names`` (all that are wanted, where empty) up to date; one ``report`` line each.

    ``accept`` takes a version that would be held back for having shrunk or for blocking well-known names. A list's
    failure is an ``Outcome``; raises ``ListError`` for a name that is not wanted or when another update runs,
    ``ConfigError`` for wrong ``lists``.
    """
    chosen = _chosen(wanted_lists(lists, catalogue, config_folder), names)
    run = _Run(state, Downloads(state), clock, accept, progress, limits, world, catalogue.well_known)
    outcomes = []
    try:
        with locked(run.downloads.folder, wait=False):
            for item in chosen:
                outcome = run.bring(item)
                outcomes.append(outcome)
                if report is not None:
                    report(str(outcome))
    except BlockingIOError:
        raise ListError(str(run.downloads.folder), "another update is running; try again when it has ended") from None
    except OSError as error:
        raise ListError(str(run.downloads.folder), f"cannot be written: {error.strerror}") from error
    return tuple(outcomes)


def _chosen(wanted: Sequence[Wanted], names: Collection[str]) -> list[Wanted]:
    known = [item.name for item in wanted]
    for name in names:
        if name not in known:
            raise ListError(name, f"is not among the lists in use; those are {', '.join(known)}")
    return [item for item in wanted if not names or item.name in names]


@dataclass(frozen=True, slots=True)
class _Run:
    """One update: what every list of it needs."""

    state: Path
    downloads: Downloads
    clock: Clock
    accept: bool
    progress: Progress | None
    limits: Limits
    world: World
    well_known: WellKnown

    def bring(self, item: Wanted) -> Outcome:
        """Bring one list up to date; only a disk that cannot be written raises (``OSError``)."""
        meta = self.downloads.meta(item.name)
        try:
            if item.file is not None:
                changed = compile_if_stale(self.state, item, self.clock.wall(), self._counter(item.name, _READING))
            else:
                changed, meta = self._download(item, meta)
        except ListError as error:
            message = self._message(item, error)
            self.downloads.write_meta(item.name, replace(meta, tried=self.clock.wall(), problem=message))
            result: Literal["held back", "failed"] = "held back" if isinstance(error, _HeldBackError) else "failed"
            return Outcome(item.name, result, _entries(self.state, item.name), message)
        finally:
            self.downloads.incoming(item.name).unlink(missing_ok=True)
        now = self.clock.wall()
        self.downloads.write_meta(item.name, replace(meta, checked=now, tried=now, problem=""))
        return Outcome(item.name, "updated" if changed else "unchanged", _entries(self.state, item.name), "")

    def _download(self, item: Wanted, meta: Meta) -> tuple[bool, Meta]:
        """The first address whose version is good; what was wrong with each, where none is."""
        failures: list[ListError] = []
        for source in item.sources:
            try:
                return self._take(item, meta, source)
            except ListError as error:
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        held = any(isinstance(failure, _HeldBackError) for failure in failures)
        told = "; ".join(self._message(item, failure) for failure in failures)
        raise _HeldBackError(item.name, told) if held else ListError(item.name, told)

    def _take(self, item: Wanted, meta: Meta, source: str) -> tuple[bool, Meta]:
        incoming = self.downloads.incoming(item.name)
        fetched = fetch(
            source,
            incoming,
            clock=self.clock,
            own=item.own,
            known=meta.validators if self.downloads.text(item.name).exists() else None,
            limits=self.limits,
            world=self.world,
            progress=self._counter(item.name, _FETCHING),
        )
        if isinstance(fetched, NotModified):
            return compile_if_stale(self.state, item, self.clock.wall(), renew=True), meta
        unpack(incoming, source)
        contents = self._read(item, incoming, source)
        try:
            self._judge(item, contents)
        except _HeldBackError:
            incoming.replace(self.downloads.held(item.name))
            raise
        serving = _serving(self.state, item.name, verify=True)
        header = None if serving is None else serving.header
        changed = header is None or header.source_digest != contents.digest or outdated(item, header, renew=True)
        if changed:
            folder, now = lists_folder(self.state), self.clock.wall()
            write_artefact(contents, name=item.name, category=item.category, folder=folder, now=now)
        incoming.replace(self.downloads.text(item.name))
        self.downloads.held(item.name).unlink(missing_ok=True)
        source, etag, last_modified = fetched.validators
        return changed, replace(meta, source=source, etag=etag, last_modified=last_modified)

    def _read(self, item: Wanted, incoming: Path, source: str) -> Contents:
        try:
            return read_list(incoming, item.format, self._counter(item.name, _READING))
        except ListError as error:
            # Its reader knows the address, not what we call the file.
            raise ListError(source, str(error).removeprefix(f"{error.source}: ")) from error

    def _judge(self, item: Wanted, contents: Contents) -> None:
        """Raise ``_HeldBackError`` for a version that no good list would bring, or only with a parent's consent."""
        if not contents.entries:
            raise _HeldBackError(item.name, "the new version holds no names")
        if self.accept:
            return
        serving = _serving(self.state, item.name)
        how = f"(to take it: safedns lists update --accept {item.name})"
        if serving is not None and contents.entries * 2 <= serving.header.entries:
            was, now = serving.header.entries, contents.entries
            raise _HeldBackError(item.name, f"the new version has shrunk from {was} to {now} names {how}")
        if names := newly_blocked(self.well_known, item.category, contents, serving):
            told = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
            raise _HeldBackError(
                item.name, f"the new version would block {told}, which a list of {item.category} should not {how}"
            )

    def _message(self, item: Wanted, error: ListError) -> str:
        """The error without the list's name, which its reader knows already."""
        return str(error).removeprefix(f"{error.source}: ") if error.source == item.name else str(error)

    def _counter(self, name: str, what: str) -> Callable[[int, int], None] | None:
        progress = self.progress
        return None if progress is None else lambda done, total: progress(name, what, done, total)


def _serving(state: Path, name: str, *, verify: bool = False) -> Artefact | None:
    """What serves now; ``None`` where nothing is whole."""
    try:
        return open_artefact(lists_folder(state), name, verify=verify)
    except ListError:
        return None


def _entries(state: Path, name: str) -> int:
    serving = _serving(state, name)
    return serving.header.entries if serving else 0
