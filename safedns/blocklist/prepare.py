"""Making what can be made of lists without the network: at the start, and whenever the configuration changes.

    on this machine, or fetched before --compile, where there is no good artefact--> artefact
    an artefact that is damaged, and nothing to compile it from ------------------> the version before, or none

What is damaged, or of another version, is never used: the checksums of everything are compared here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from safedns import __version__
from safedns.blocklist.artefact import open_artefact
from safedns.blocklist.catalog import Catalogue, load_catalogue
from safedns.blocklist.compile import remove_artefact, take_back, write_artefact
from safedns.blocklist.contents import Contents, read_list
from safedns.blocklist.downloads import Downloads
from safedns.blocklist.files import file_digest
from safedns.blocklist.header import Header, header_path
from safedns.blocklist.library import lists_folder
from safedns.blocklist.lines import Progress
from safedns.blocklist.wanted import Wanted, wanted_lists
from safedns.errors import ListError
from safedns.settings.model import Settings


def prepare(
    state: Path, settings: Settings, config_folder: Path, *, now: float, catalogue: Catalogue | None = None
) -> tuple[str, ...]:
    """Starter and own lists compiled, broken artefacts mended, lists that nobody asks for removed.

    Returns what could not be done, one line each; ``ConfigError`` for wrong ``lists``.
    """
    wanted = wanted_lists(settings.lists, load_catalogue() if catalogue is None else catalogue, config_folder)
    problems = []
    try:
        _prune(state, {item.name for item in wanted})
    except OSError as error:
        problems.append(f"lists that are no longer used cannot be removed: {error}")
    for item in wanted:
        problem = ""
        try:
            compile_if_stale(state, item, now)
        except ListError as error:
            problem = str(error)
            problems.append(problem)
        try:
            _remember(state, item, problem)
        except OSError as error:
            problems.append(f"{item.name}: what is wrong with it cannot be kept: {error}")
    return tuple(problems)


def compile_if_stale(
    state: Path, item: Wanted, now: float, progress: Progress | None = None, *, renew: bool = False
) -> bool:
    """Compile what lies on this machine unless its artefact is good; whether it did.

    A fetched list that an older safedns compiled still serves, unless ``renew``: the start must be quick. Raises
    ``ListError`` when it cannot be compiled; an artefact that is damaged then gives way to the version before.
    """
    source = item.file or Downloads(state).text(item.name)
    there = item.file is not None or source.exists()
    fault: ListError | None = None
    try:
        header = open_artefact(lists_folder(state), item.name, verify=True).header
    except ListError as error:
        fault = error
    else:
        if not there or not outdated(item, header, renew=renew or item.file is not None):
            return False
    if not there:
        if fault is not None and header_path(lists_folder(state), item.name).exists():
            raise _given_way(state, item, fault)
        return False
    try:
        _compile(state, item, source, now, progress)
    except ListError as error:
        if fault is None:
            raise
        raise _given_way(state, item, error) from error
    return True


def outdated(item: Wanted, header: Header, *, renew: bool) -> bool:
    """Whether a good artefact is not what is wanted, or (``renew``) of another version of safedns, or of its file."""
    if header.category != item.category or item.format not in (None, header.source_format):
        return True
    if item.file is not None and header.part != item.part:
        return True
    if renew and header.compiled_with != __version__:
        return True
    try:
        return item.file is not None and header.source_digest != file_digest(item.file)
    except OSError as error:
        raise ListError(item.name, f"{item.file} cannot be read: {error.strerror}") from error


def _compile(state: Path, item: Wanted, source: Path, now: float, progress: Progress | None) -> None:
    contents = read_list(source, item.format, progress, part=item.part, vetoes=item.vetoes)
    if item.file is not None:
        if item.part and not contents.parts:
            raise ListError(str(source), f"has no parts, so there is no {item.part!r} in it; leave `part` out")
        if not contents.entries:
            raise ListError(str(source), f"holds nothing that blocks{_first_reason(contents)}")
    folder = lists_folder(state)
    write_artefact(contents, name=item.name, category=item.category, folder=folder, now=now, part=item.part)


def _first_reason(contents: Contents) -> str:
    for reason, (_, line, example) in contents.skipped.items():
        return f"; line {line} is skipped: {reason}: {example}"
    return ""


def _remember(state: Path, item: Wanted, problem: str) -> None:
    """Keep what is wrong with a list of this machine, for its status; of a fetched one its updates tell."""
    downloads = Downloads(state)
    if item.file is not None and (meta := downloads.meta(item.name)).problem != problem:
        downloads.write_meta(item.name, replace(meta, problem=problem))


def _given_way(state: Path, item: Wanted, fault: ListError) -> ListError:
    """What to tell of ``fault`` once the artefact has given way."""
    downloads = Downloads(state)
    try:
        serves = take_back(lists_folder(state), item.name)
        if item.file is None:
            downloads.write_meta(item.name, replace(downloads.meta(item.name), checked=0.0, etag="", last_modified=""))
    except OSError as error:
        return ListError(item.name, f"is damaged and cannot be mended: {error}")
    return ListError(fault.source, f"{str(fault).removeprefix(f'{fault.source}: ')}{_CONSEQUENCE[serves]}")


_CONSEQUENCE = {True: "; the version before serves", False: ""}


def _prune(state: Path, wanted: Collection[str]) -> None:
    downloads = Downloads(state)
    compiled = {path.name.partition(".")[0] for path in lists_folder(state).glob("[!.]*")}
    for name in (compiled | downloads.names()).difference(wanted):
        remove_artefact(lists_folder(state), name)
        downloads.remove(name)
