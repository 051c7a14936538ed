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
from urllib.parse import urljoin

from safedns.blocklist.artefact import Artefact, open_artefact
from safedns.blocklist.catalog import Catalogue
from safedns.blocklist.compile import write_artefact
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.downloads import Downloads, Meta
from safedns.blocklist.fetch import Fetched, Limits, NotModified, Validators, World, fetch
from safedns.blocklist.files import locked
from safedns.blocklist.formats.entry import INCLUDE
from safedns.blocklist.included import put_together
from safedns.blocklist.judge import Judge, everyday_names
from safedns.blocklist.library import lists_folder
from safedns.blocklist.prepare import compile_if_stale, outdated
from safedns.blocklist.unpack import unpack
from safedns.blocklist.wanted import Wanted, wanted_lists
from safedns.clock import Clock
from safedns.errors import ListError
from safedns.settings.model import ListSettings

Report = Callable[[str], None]
Progress = Callable[[str, str, int, int], None]
"""Told, now and then: the list, what happens to it, and how many bytes of how many are done; 0 = nobody knows."""

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
    judge = Judge(catalogue.well_known, everyday_names(catalogue))
    run = _Run(state, Downloads(state), clock, accept, progress, limits, world, judge)
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
    judge: Judge

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
        if self.accept and (held := self.downloads.held(item.name)).exists():
            held.replace(self.downloads.incoming(item.name))
            return self._adopt(item, self._read(item, meta.source or item.sources[0])), meta
        failures: list[ListError] = []
        for source in item.sources:
            try:
                return self._take(item, meta, source)
            except ListError as error:
                failures.append(error)
        if len(failures) == 1:
            raise failures[0]
        held_back = any(isinstance(failure, _HeldBackError) for failure in failures)
        told = "; ".join(self._message(item, failure) for failure in failures)
        raise _HeldBackError(item.name, told) if held_back else ListError(item.name, told)

    def _take(self, item: Wanted, meta: Meta, source: str) -> tuple[bool, Meta]:
        """What ``source`` has now, unless it is what we have."""
        incoming = self.downloads.incoming(item.name)
        unchanged = self.downloads.text(item.name).exists() and meta.part == item.part
        fetched = self._fetch(item, source, incoming, meta.validators if unchanged else None)
        if isinstance(fetched, NotModified):
            return compile_if_stale(self.state, item, self.clock.wall(), renew=True), meta
        archive = unpack(incoming, source, part=item.part)
        contents = self._read(item, source)
        source, etag, last_modified = fetched.validators
        if INCLUDE in contents.skipped:
            self._fetch_included(item, source)
            contents = self._read(item, source)
            etag = last_modified = ""  # they would not tell of a change in what is included
        if item.part and not (archive or contents.parts):
            raise ListError(source, f"has no parts, so there is no {item.part!r} in it; leave `part` out")
        changed = self._adopt(item, contents)
        return changed, replace(meta, source=source, etag=etag, last_modified=last_modified, part=item.part)

    def _adopt(self, item: Wanted, contents: Contents) -> bool:
        """Let the version that came serve from now on; whether that changes anything."""
        incoming, held = self.downloads.incoming(item.name), self.downloads.held(item.name)
        try:
            self._look_at(item, contents)
        except _HeldBackError:
            incoming.replace(held)
            raise
        serving = _serving(self.state, item.name, verify=True)
        header = None if serving is None else serving.header
        changed = (
            header is None
            or header.source_digest != contents.digest
            or header.part != item.part
            or outdated(item, header, renew=True)
        )
        if changed:
            folder, now = lists_folder(self.state), self.clock.wall()
            write_artefact(contents, name=item.name, category=item.category, folder=folder, now=now, part=item.part)
        incoming.replace(self.downloads.text(item.name))
        held.unlink(missing_ok=True)
        return changed

    def _look_at(self, item: Wanted, contents: Contents) -> None:
        """Raise ``_HeldBackError`` for a version that no good list would bring, or only with a parent's consent."""
        if not contents.entries:
            raise _HeldBackError(item.name, "the new version holds no names")
        if self.accept:
            return
        if objection := self.judge.objection(item.category, contents, _serving(self.state, item.name)):
            how = f"(to take it: safedns lists update --accept {item.name})"
            raise _HeldBackError(item.name, f"{objection} {how}")

    def _read(self, item: Wanted, source: str) -> Contents:
        progress = self._counter(item.name, _READING)
        try:
            incoming = self.downloads.incoming(item.name)
            return read_list(incoming, item.format, progress, part=item.part, vetoes=item.vetoes)
        except ListError as error:
            # Its reader knows the address, not what we call the file.
            raise ListError(source, str(error).removeprefix(f"{error.source}: ")) from error

    def _fetch(
        self, item: Wanted, source: str, destination: Path, known: Validators | None = None
    ) -> Fetched | NotModified:
        return fetch(
            source,
            destination,
            clock=self.clock,
            own=item.own,
            known=known,
            limits=self.limits,
            world=self.world,
            progress=self._counter(item.name, _FETCHING),
        )

    def _fetch_included(self, item: Wanted, source: str) -> None:
        """Put what the list includes, from beside it, into it."""

        def fetch_one(name: str, destination: Path) -> None:
            self._fetch(item, urljoin(source, name), destination)
            unpack(destination, urljoin(source, name))

        put_together(self.downloads.incoming(item.name), source, fetch_one)

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
