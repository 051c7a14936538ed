"""Writing files so that a reader, a crash or a full disk never meets half of one; and reading what lies there."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20


@contextmanager
def replacing(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file beside ``path`` that takes its place, on disk for good, when the block ends without an exception.

    ``mode``: of the new file, less the umask.

    One writer at a time (see ``locked``): what a crash leaves behind is overwritten by the next.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "wb", opener=partial(os.open, mode=mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@contextmanager
def locked(folder: Path, *, wait: bool) -> Iterator[None]:
    """Be the only process that writes to ``folder``; without ``wait`` raises ``BlockingIOError`` when another does."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def write_bytes(path: Path, data: bytes) -> None:
    """``data`` becomes the content of ``path``, all or nothing."""
    with replacing(path) as file:
        file.write(data)


def file_digest(path: Path) -> str:
    """SHA-256 of the file's content, in hex; raises ``OSError``."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
