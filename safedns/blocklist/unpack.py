"""From what was sent to the text of a list: gzip, zstd, zip, tar, told by their first bytes, and bounded in every way.

    gzip or zstd -> zip or tar -> text    each layer takes the place of the file it was in

Nothing is ever extracted: members are read one after another into one file of ours, and their names are only compared
with ``domains`` (the shape of UT1's archives: ``CATEGORY/domains`` beside ``CATEGORY/urls``). tar is read here, not by
``tarfile``, which keeps headers of any size in memory; we need three fields of each.
"""

from __future__ import annotations

import codecs
import gzip
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import BinaryIO, Literal, NamedTuple

from safedns.blocklist.files import replacing
from safedns.errors import ListError

_CHUNK = 64 * 1024
_BLOCK = 512
_SHOWN = 8
_LAYERS = 3
_LIST = "domains"
_READABLE = "expected text, or text packed as gzip, zstd, zip or tar"
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TAR, _TAR_AT = b"ustar", slice(257, 262)
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 27
"""Bytes behind its reading place that a zstd file may refer to, which are kept for it: what ``zstd --long`` makes."""
_ZSTD_PIECE = 256
"""Bytes that are unpacked at once: four of them may become 128 KiB."""
_FOREIGN: Mapping[bytes, str] = MappingProxyType(
    {
        b"\xfd7zXZ\0": "xz",
        b"7z\xbc\xaf\x27\x1c": "7z",
        b"Rar!\x1a": "rar",
        **{b"BZh%d1AY" % level: "bzip2" for level in range(1, 10)},
    }
)
_ZIP_END = re.compile(rb"(?=PK\x05\x06.{8}(.{4}))", re.DOTALL)
"""The end of a zip's directory, with the directory's size in bytes (APPNOTE 4.3.16); ahead, as two may overlap."""
_ZIP64 = b"PK\x06\x07"
_ZIP_TAIL = 22 + 0xFFFF
_ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OSError, ValueError)
"""What ``zipfile`` raises for it; ``OSError`` where a place in the file lies before its beginning."""
_ZIP_DIRECTORY = 1 << 20
"""``zipfile`` makes an object of every 46 bytes of it."""


class Bounds(NamedTuple):
    """How large what is unpacked may become."""

    max_bytes: int = 256 * 1024 * 1024
    ratio: int = 100
    """To the size before; real lists come to 5 or so."""
    free: int = 1024 * 1024
    """Bytes up to which the ratio does not matter."""
    members: int = 1000


class _Member(NamedTuple):
    """One file in an archive."""

    folder: str
    """The last one of its path; empty for none."""
    name: str
    pieces: Callable[[], Iterator[bytes]]


class _RefusedError(ValueError):
    """Why a file is not unpacked."""


def unpack(path: Path, source: str, bounds: Bounds = Bounds(), *, part: str = "") -> bool:  # noqa: B008 - immutable
    """Make the file ``path`` the text that is packed in it; ``ListError`` about ``source`` when it holds no such thing.

    ``part`` chooses the list of an archive that holds several; returns whether there was such an archive. Text stays as
    it is. ``path`` is never half written; raises ``OSError`` when it cannot be written at all.
    """
    archive = False
    try:
        for _ in range(_LAYERS):
            kind = _unpack_one(path, bounds, part)
            if kind is None:
                return archive
            archive = archive or kind == "archive"
        with path.open("rb") as packed:
            _check_text(packed.read(_BLOCK))
    except _RefusedError as error:
        raise ListError(source, str(error)) from error
    return archive


@contextmanager
def unpacked(path: Path, source: str, *, part: str = "") -> Iterator[tuple[Path, bool]]:
    """The file ``path`` itself if it is text, else a file with what is packed in it, for as long as the block lasts.

    With whether it is an archive of which ``part`` was taken; raises like ``unpack``.
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    if not _is_packed(start):
        try:
            _check_text(start)
        except _RefusedError as error:
            raise ListError(source, str(error)) from error
        yield path, False
        return
    with TemporaryDirectory(prefix="safedns-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        archive = unpack(copy, source, part=part)
        yield copy, archive


_Layer = Literal["packing", "archive"]


def _unpack_one(path: Path, bounds: Bounds, part: str) -> _Layer | None:
    """Take one layer off, and say which; ``None`` where there was none."""
    with path.open("rb") as packed:
        kind, pieces = _opened(packed, bounds, part)
        if kind is None:
            return None
        with replacing(path) as content:
            for piece in _bounded(pieces, path.stat().st_size, bounds):
                content.write(piece)
    return kind


def _opened(packed: BinaryIO, bounds: Bounds, part: str) -> tuple[_Layer | None, Iterator[bytes]]:
    """What is packed in the file, piece by piece; ``None`` and nothing where the file is text already."""
    start = packed.read(_BLOCK)
    packed.seek(0)
    if start.startswith(_GZIP):
        return "packing", _gunzipped(packed)
    if start.startswith(_ZSTD):
        return "packing", _unzstd(packed)
    if start.startswith(_ZIP):
        return "archive", _joined(_zip_members(packed, bounds), part)
    if start[_TAR_AT].startswith(_TAR):
        return "archive", _joined(_tar_members(packed, bounds), part)
    for magic, name in _FOREIGN.items():
        if start.startswith(magic):
            raise _RefusedError(f"is packed with {name}, which safedns does not read; {_READABLE}")
    _check_text(start)
    return None, iter(())


def _is_packed(start: bytes) -> bool:
    return start.startswith((_GZIP, _ZSTD, *_ZIP, *_FOREIGN)) or start[_TAR_AT].startswith(_TAR)


def _check_text(start: bytes) -> None:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        start = start.decode("utf-16", "replace").encode()
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        raise _RefusedError("is a web page, not a list")
    if b"\0" in text:
        raise _RefusedError(f"is no text; {_READABLE}")
    if not start:
        raise _RefusedError("is empty")


def _bounded(pieces: Iterator[bytes], before: int, bounds: Bounds) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > bounds.max_bytes:
            raise _RefusedError(f"unpacks to more than {bounds.max_bytes} bytes")
        if size > max(bounds.free, before * bounds.ratio):
            raise _RefusedError(f"unpacks to more than {bounds.ratio} times its size, which no list does")
        yield piece


def _gunzipped(packed: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=packed) as content:
            while piece := content.read(_CHUNK):
                yield piece
    except EOFError as error:
        raise _RefusedError("is cut off: its gzip data ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _RefusedError(f"is damaged: {error}") from error


def _unzstd(packed: BinaryIO) -> Iterator[bytes]:
    import zstandard  # a quarter of a megabyte, only for a list that is packed so

    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = None
    try:
        while piece := packed.read(_ZSTD_PIECE):
            while piece:
                frame = frame or decompressor.decompressobj()
                yield frame.decompress(piece)
                piece = frame.unused_data if frame.eof else b""
                if frame.eof:
                    frame = None
    except zstandard.ZstdError as error:
        raise _RefusedError(f"is damaged: {error}") from error
    if frame is not None:
        raise _RefusedError("is cut off: its zstd data ends too early")


def _joined(members: Sequence[_Member], part: str) -> Iterator[bytes]:
    """The list called ``domains`` where there is one, otherwise every file of the archive, one below the other."""
    for member in _chosen(members, part):
        yield from member.pieces()
        yield b"\n"


def _chosen(members: Sequence[_Member], part: str) -> Sequence[_Member]:
    if not members:
        raise _RefusedError("is an archive without files")
    lists = {member.folder: member for member in members if member.name == _LIST}
    categories = ", ".join(folder or "." for folder in sorted(lists)[:_SHOWN])
    if part:
        if part not in lists:
            raise _RefusedError(f"holds no {part}/{_LIST}; it has {categories or 'no such lists'}")
        return [lists[part]]
    if len(lists) > 1:
        raise _RefusedError(f"holds {len(lists)} lists called {_LIST} ({categories} ...); say which with `part`")
    return list(lists.values()) or members


def _zip_members(packed: BinaryIO, bounds: Bounds) -> list[_Member]:
    _check_zip_directory(packed)
    try:
        archive = zipfile.ZipFile(packed)
    except _ZIP_DAMAGE as error:
        raise _RefusedError(f"is damaged: {error}") from error
    members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > bounds.members:
        raise _too_many(bounds)
    for info in members:
        if info.flag_bits & 1:
            raise _RefusedError("is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _RefusedError(f"is a zip packed in an uncommon way ({info.compress_type}); expected deflate")
    return [_Member(*_last_parts(info.filename), partial(_unzipped, archive, info)) for info in members]


def _check_zip_directory(packed: BinaryIO) -> None:
    """Refuse a directory that is too large to look into, wherever it may begin."""
    packed.seek(max(0, packed.seek(0, 2) - _ZIP_TAIL))
    tail = packed.read()
    packed.seek(0)
    sizes = [struct.unpack("<L", match[1])[0] for match in _ZIP_END.finditer(tail)]
    if max(sizes, default=0) > _ZIP_DIRECTORY or _ZIP64 in tail:
        raise _RefusedError("is an archive of too many files to be a list")


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as content:
            while piece := content.read(_CHUNK):
                yield piece
    except _ZIP_DAMAGE as error:
        raise _RefusedError(f"is damaged: {str(error) or 'it ends too early'}") from error


def _tar_members(packed: BinaryIO, bounds: Bounds) -> list[_Member]:
    """Its regular files (POSIX pax, ustar interchange format): name, size and type of each header are all we need."""
    end = packed.seek(0, 2)
    packed.seek(0)
    members: list[_Member] = []
    while len(header := packed.read(_BLOCK)) == _BLOCK and header.strip(b"\0"):
        digits = header[124:136].strip(b" \0")
        if not re.fullmatch(rb"[0-7]*", digits):
            raise _RefusedError("is damaged: its tar holds a file without a size")
        size, begin = int(digits or b"0", 8), packed.tell()
        if begin + size > end:
            raise _RefusedError("is cut off: its tar data ends too early")
        if header[156:157] in (b"0", b"\0"):
            path = header[:100].partition(b"\0")[0].decode("utf-8", "replace")
            members.append(_Member(*_last_parts(path), partial(_part, packed, begin, size)))
            if len(members) > bounds.members:
                raise _too_many(bounds)
        packed.seek(begin + -(-size // _BLOCK) * _BLOCK)
    return members


def _part(file: BinaryIO, begin: int, size: int) -> Iterator[bytes]:
    file.seek(begin)
    while size and (piece := file.read(min(size, _CHUNK))):
        size -= len(piece)
        yield piece


def _last_parts(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2], name


def _too_many(bounds: Bounds) -> _RefusedError:
    return _RefusedError(f"is an archive of more than {bounds.members} files")
