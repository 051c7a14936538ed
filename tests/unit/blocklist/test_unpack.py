"""What was sent becomes text, or is refused in one line with nothing changed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from safedns.blocklist.unpack import Bounds, unpack
from safedns.errors import ListError
from tests.unit.blocklist.hostile import gzip_bomb, tarred, zipped, zstd_bomb

LIST = b"a.example\nb.example\n"
ZSTD = zstandard.ZstdCompressor()
SUMMED = zstandard.ZstdCompressor(write_checksum=True).compress(LIST)
FAR = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=28)).compressobj()
SOURCE = "https://lists.example/list"
SMALL = Bounds(max_bytes=200_000, ratio=100, free=1000, members=3)


def unpacked(path: Path, content: bytes, bounds: Bounds = SMALL) -> bytes:
    """``content`` as ``unpack`` leaves it."""
    path.write_bytes(content)
    unpack(path, SOURCE, bounds)
    assert [left.name for left in path.parent.iterdir()] == [path.name]
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.new"


READABLE = [
    ("text", LIST),
    ("gzip", gzip.compress(LIST)),
    ("gzip in two parts", gzip.compress(LIST[:5]) + gzip.compress(LIST[5:])),
    ("a gzip file that was packed for the way too", gzip.compress(gzip.compress(LIST))),
    ("zstd", ZSTD.compress(LIST)),
    ("zstd with a checksum", SUMMED),
    ("zstd in two parts", ZSTD.compress(LIST[:5]) + ZSTD.compress(LIST[5:])),
    ("zstd in gzip", gzip.compress(ZSTD.compress(LIST))),
    ("a category of UT1 in zstd", ZSTD.compress(tarred(("adult/urls", b"x"), ("adult/domains", LIST)))),
    ("a zip of one file", zipped(("anything.dat", LIST))),
    ("a zip that is not packed", zipped(("anything.dat", LIST), method=zipfile.ZIP_STORED)),
    ("a zip of two files", zipped(("a.txt", LIST[:10]), ("folder/b.txt", LIST[10:]))),
    ("a category of UT1", gzip.compress(tarred(("adult/urls", b"x.example/y\n"), ("adult/domains", LIST)))),
    ("the same as a zip", zipped(("adult/urls", b"x.example/y\n"), ("adult/domains", LIST))),
    ("a tar of one file", tarred(("anything.dat", LIST))),
    ("a zip with an absolute path", zipped(("/etc/passwd", LIST))),
    ("a zip that would climb", zipped(("../../../etc/passwd", LIST))),
    ("a tar that would climb", tarred(("../../etc/passwd", LIST))),
    ("a tar with a link", tarred(("domains", None), ("list", LIST))),
    ("a tar with a long name", tarred(("x" * 300 + "/urls", LIST))),
]


@pytest.mark.parametrize(("what", "content"), READABLE)
def test_a_list_is_read_out_of(path: Path, what: str, content: bytes) -> None:
    names = unpacked(path, content).split()
    assert names == LIST.split(), what


def test_text_is_not_even_written_again(path: Path) -> None:
    path.write_bytes(LIST)
    before = path.stat()
    unpack(path, SOURCE)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


REFUSED = [
    ("", b"", "is empty"),
    ("a web page", b"\xef\xbb\xbf \n<!DOCTYPE html><title>Sign in</title>", "is a web page, not a list"),
    ("a packed web page", gzip.compress(b"<html>"), "is a web page, not a list"),
    ("a web page in a zip", zipped(("index.html", b"<html>")), "is a web page, not a list"),
    ("a program", b"\x7fELF\0\0\0\0", "is no text; expected text, or text packed as gzip, zstd, zip or tar"),
    ("nothing, packed", gzip.compress(b""), "is empty"),
    ("zstd that is cut off", ZSTD.compress(LIST)[:-5], "is cut off: its zstd data ends too early"),
    ("zstd of which only the mark came", ZSTD.compress(LIST)[:4], "is cut off: its zstd data ends too early"),
    (
        "zstd with another sum",
        SUMMED[:-4] + bytes(4),
        "is damaged: zstd decompressor error: Restored data doesn't match",
    ),
    ("something behind zstd", ZSTD.compress(LIST) + b"more", "is damaged: zstd decompressor error: Unknown frame"),
    (
        "zstd that wants much memory",
        FAR.compress(LIST) + FAR.flush(),
        "is damaged: zstd decompressor error: Frame requires too much",
    ),
    ("a bomb in zstd", zstd_bomb(190_000), "unpacks to more than 100 times its size, which no list does"),
    ("xz", lzma.compress(LIST), "is packed with xz, which safedns does not read"),
    ("bzip2", bz2.compress(LIST), "is packed with bzip2, which safedns does not read"),
    ("7z", b"7z\xbc\xaf\x27\x1c\0\4", "is packed with 7z"),
    ("rar", b"Rar!\x1a\x07\x01", "is packed with rar"),
    ("gzip that is cut off", gzip.compress(LIST)[:-9], "is cut off: its gzip data ends too early"),
    ("gzip with another sum", gzip.compress(LIST)[:-8] + bytes(8), "is damaged: CRC check failed"),
    ("gzip that is none", b"\x1f\x8b" + b"no" * 20, "is damaged: Unknown compression method"),
    ("something behind gzip", gzip.compress(LIST) + b"more", "is damaged: Not a gzipped file"),
    ("gzip in gzip in gzip in gzip", gzip.compress(gzip.compress(gzip.compress(gzip.compress(LIST)))), "is no text"),
    ("a bomb", gzip_bomb(190_000), "unpacks to more than 100 times its size, which no list does"),
    ("a bomb in a zip", zipped(("list", bytes(190_000))), "unpacks to more than 100 times its size"),
    ("a large list", gzip.compress(Random(1).randbytes(100_001).hex().encode()), "unpacks to more than 200000 bytes"),
    ("a zip that is cut off", zipped(("list", LIST))[:-30], "is damaged: File is not a zip file"),
    ("an empty zip", zipped(), "is an archive without files"),
    ("a zip of folders", zipped(("folder/", b"")), "is an archive without files"),
    (
        "a zip of many files",
        zipped(*((str(number), LIST) for number in range(4))),
        "is an archive of more than 3",
    ),
    (
        "a tar of many files",
        tarred(*((str(number), LIST) for number in range(4))),
        "is an archive of more than 3",
    ),
    ("a tar of links", tarred(("domains", None)), "is an archive without files"),
    ("a tar that is cut off", tarred(("list", LIST * 500))[:2000], "is cut off: its tar data ends too early"),
    (
        "several categories",
        tarred(("a/domains", LIST), ("b/domains", LIST)),
        "holds 2 lists called domains",
    ),
    (
        "a zip packed oddly",
        zipped(("list", LIST), method=zipfile.ZIP_LZMA),
        r"is a zip packed in an uncommon way",
    ),
]


@pytest.mark.parametrize(("what", "content", "message"), REFUSED)
def test_what_is_no_list_is_refused(path: Path, what: str, content: bytes, message: str) -> None:
    with pytest.raises(ListError, match=f"^{SOURCE}: ({message})") as error:
        unpacked(path, content)
    assert "\n" not in str(error.value), what
    assert [left.name for left in path.parent.iterdir()] == [path.name]


def test_a_zip_that_is_encrypted_is_refused(path: Path) -> None:
    content = bytearray(zipped(("list", LIST)))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ListError, match="is encrypted"):
        unpacked(path, bytes(content))


def test_a_zip_whose_content_is_not_what_it_says_is_refused(path: Path) -> None:
    content = zipped(("list", LIST), method=zipfile.ZIP_STORED).replace(b"a.example", b"bank.test")
    with pytest.raises(ListError, match="is damaged: Bad CRC-32"):
        unpacked(path, content)


@pytest.mark.parametrize("number", [b"77777777777\0", b"\x80\0\0\0\0\0\0\0\0\0\0\1", b"-0000000001\0"])
def test_a_tar_with_a_size_that_cannot_be_is_refused(path: Path, number: bytes) -> None:
    content = bytearray(tarred(("list", LIST)))
    content[124:136] = number
    with pytest.raises(ListError, match=r"is damaged: its tar holds|is cut off: its tar"):
        unpacked(path, bytes(content))


@pytest.mark.parametrize("extra", [b"", b"PK\x05\x06" + bytes(4)])
def test_a_zip_with_a_huge_directory_is_refused_before_it_is_read(path: Path, extra: bytes) -> None:
    content = zipped(("list", LIST))
    end = content.index(b"PK\x05\x06")
    huge = content[:end] + extra + content[end : end + 12] + (1 << 21).to_bytes(4, "little") + content[end + 16 :]
    with pytest.raises(ListError, match="is an archive of too many files to be a list"):
        unpacked(path, huge)


def test_a_bomb_does_not_touch_what_lies_beside_it(path: Path) -> None:
    good = path.with_suffix(".list")
    good.write_bytes(LIST)
    path.write_bytes(gzip_bomb())
    with pytest.raises(ListError, match="unpacks to more than 100 times its size"):
        unpack(path, SOURCE)
    assert good.read_bytes() == LIST


@settings(deadline=None, max_examples=150)
@given(st.sampled_from([content for _, content in READABLE[1:]]), st.data(), st.binary(min_size=1, max_size=4))
def test_damage_anywhere_is_a_list_error_or_does_not_matter_and_leaves_nothing_behind(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject, damage: bytes
) -> None:
    path = tmp_path_factory.mktemp("damage") / "x.new"
    place = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:place] + damage + content[place + len(damage) :])
    with suppress(ListError):
        unpack(path, SOURCE, SMALL)
    assert path.stat().st_size <= SMALL.max_bytes
    assert [left.name for left in path.parent.iterdir()] == [path.name]
