"""A v2fly list that includes files beside it, made one file: what is beside an address has to be fetched first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from safedns.blocklist.files import replacing
from safedns.blocklist.formats.v2fly import included, whole
from safedns.blocklist.lines import Lines, is_sibling
from safedns.errors import ListError

MOST = 200
"""Files that one list may include, directly or through others."""


def put_together(path: Path, source: str, fetch: Callable[[str, Path], None]) -> None:
    """Put into the list ``path`` what it includes; ``fetch`` brings a file by its name to a place.

    Raises what ``fetch`` does, ``ListError`` about ``source`` when it includes too much, and ``OSError``.
    """
    with TemporaryDirectory(prefix="safedns-") as scratch:
        folder = Path(scratch)
        main = folder / ".list"  # no name that can be included
        shutil.copyfile(path, main)
        there: set[str] = set()
        waiting = included(Lines(main))
        while names := sorted(filter(is_sibling, waiting - there)):
            if len(there) + len(names) > MOST:
                raise ListError(source, f"includes more than {MOST} files")
            for name in names:
                fetch(name, folder / name)
                waiting |= included(Lines(folder / name))
            there.update(names)
        with replacing(path) as file:
            for _, text in whole(Lines(main)):
                file.write(f"{text}\n".encode())
