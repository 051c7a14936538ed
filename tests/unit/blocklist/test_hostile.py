"""A good list serves; then its server turns bad. Whatever it does, the good list stays and one clear line says why."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
import zstandard

from safedns.blocklist.downloads import Downloads
from tests.fakes import FakeClock
from tests.unit.blocklist import hostile
from tests.unit.blocklist.hostile import HostileServer, Script, answer, gzip_bomb, redirect, tarred, zipped, zstd_bomb
from tests.unit.blocklist.household import Household, web

NAMES = [f"n{number}.example" for number in range(10)]
ZSTD = zstandard.ZstdCompressor()
GOOD = "".join(f"{name}\n" for name in NAMES).encode()
INSIDE = "http://127.0.0.99/setup"


class Hurrying(FakeClock):
    """Half a minute passes whenever somebody looks at it, once it is told to."""

    hurry = False

    def monotonic(self) -> float:
        self.advance(30 if self.hurry else 0)
        return super().monotonic()


@pytest.fixture
def home(tmp_path: Path) -> Household:
    home = Household(tmp_path)
    home.clock = Hurrying()
    home.limits = home.limits._replace(max_bytes=2 << 20)
    home.world = home.world._replace(public=lambda address: str(address) != "127.0.0.99")
    return home


BAD: list[tuple[str, Script, str]] = [
    ("a body that drips", hostile.endless_body, "{url}: took longer than 600 seconds"),
    ("a greeting without end", hostile.endless_greeting, "{url}: took longer than 600 seconds"),
    (
        "a header without end",
        hostile.endless_header,
        "{url}: cannot be fetched: got more than 65536 bytes when",
    ),
    ("a piece whose size has no end", hostile.endless_chunk_size, "{url}: took longer than 600 seconds"),
    ("a body that stops", answer(GOOD, length=1000), "{url}: broke off before all of it had come"),
    ("a body that stops between pieces", hostile.cut_chunks, "{url}: broke off before all of it had come"),
    ("no word at all", hostile.hang_up, "{url}: cannot be fetched: Remote end closed connection without response"),
    ("a body that is announced too large", answer(GOOD, length=3 << 20), "{url}: is larger than 2097152 bytes"),
    ("an error, again and again", answer(b"", "500 Oops"), "{url}: the server answered 500 Internal Server Error"),
    ("no change, though nobody asked", answer(b"", "304 Not Modified"), "{url}: the server answered 304 Not Modified"),
    ("a way into the home", redirect(INSIDE), "{url}: leads to 127.0.0.99: not an address of the public Internet"),
    ("a way in a circle", redirect("/list.txt"), "{url}: redirects more than 5 times"),
    (
        "a way to a file",
        redirect("file:///etc/passwd"),
        "{url}: leads to 'file:///etc/passwd'; expected an",
    ),
    ("a web page", answer(b"\n<!DOCTYPE html><title>Sign in</title>"), "{url}: is a web page, not a list"),
    (
        "a web page by its own word",
        answer(GOOD, "200 OK", "Content-Type: text/html"),
        "{url}: is a web page, not a list",
    ),
    ("a packed web page", answer(gzip.compress(b"<html>")), "{url}: is a web page, not a list"),
    ("a friendly letter", answer(b"Dear visitor, this list has moved.\n" * 9), "{url}: is in no known list format"),
    ("nothing", answer(b""), "{url}: is empty"),
    ("a bomb", answer(gzip_bomb()), "{url}: unpacks to more than 100 times its size, which no list does"),
    (
        "a bomb that is packed for the way",
        answer(gzip_bomb(), "200 OK", "Content-Encoding: gzip"),
        "{url}: unpacks to more than 100 times its size, which no list does",
    ),
    ("a bomb in a zip", answer(zipped(("list", bytes(8 << 20)))), "{url}: unpacks to more than 100 times its size"),
    ("gzip without its end", answer(gzip.compress(GOOD)[:-9]), "{url}: is cut off: its gzip data ends too early"),
    ("a zip without its end", answer(zipped(("list", GOOD))[:-9]), "{url}: is damaged: File is not a zip file"),
    (
        "a tar of two categories",
        answer(tarred(("a/domains", GOOD), ("b/domains", GOOD))),
        "{url}: holds 2 lists",
    ),
    ("zstd without its end", answer(ZSTD.compress(GOOD)[:-9]), "{url}: is cut off: its zstd data ends too early"),
    ("zstd that is none", answer(ZSTD.compress(GOOD)[:4] + b"no" * 20), "{url}: is damaged: zstd decompressor error:"),
    ("a bomb in zstd", answer(zstd_bomb()), "{url}: unpacks to more than 100 times its size, which no list does"),
    ("gzip without end", hostile.endless_gzip, "{url}: is larger than 2097152 bytes"),
    ("zstd without end", hostile.endless_zstd, "{url}: took longer than 600 seconds"),
    ("a picture", answer(b"\x89PNG\r\n\x1a\n\0\0"), "{url}: is no text; expected text, or text packed as"),
    ("a fraction of the list", answer(GOOD[: len(GOOD) // 2]), "the new version has shrunk from 10 to 5 names"),
    ("nothing but comments", answer(b"# all clear\n1.2.3.4\n"), "the new version holds no names"),
    (
        "a bank",
        answer(GOOD + b"bank.test\n"),
        "the new version would block bank.test, which a list of",
    ),
    (
        "the top of the tree",
        answer(GOOD + b"*.com\n"),
        "the new version would block com, which a list of social should not",
    ),
]


@pytest.mark.parametrize(("what", "script", "reason"), BAD, ids=[what for what, _, _ in BAD])
def test_the_good_list_outlives(home: Household, what: str, script: Script, reason: str) -> None:
    with HostileServer() as server:
        url = server.put(answer(GOOD))
        assert home.update(web(url))[0].result == "updated"
        artefact, text = home.header("web"), Downloads(home.state).text("web").read_bytes()
        server.put(script)
        assert isinstance(home.clock, Hurrying)
        home.clock.hurry = reason.endswith("600 seconds")
        [outcome] = home.update(web(url))
    assert not outcome.ok
    assert outcome.message.startswith(reason.format(url=url))
    assert home.said[1] == f"web: {outcome.result}: {outcome.message}; the last good version stays (10 names)"
    assert home.said[1].isprintable()
    assert all(home.blocks("web", name) for name in NAMES)
    assert home.header("web") == artefact
    left = {path.name: path for path in home.downloads.iterdir()}
    assert left.pop("web.list").read_bytes() == text
    assert left.keys() - {"web.held"} == {"web.meta.json"}
    assert Downloads(home.state).meta("web").problem == outcome.message


GOOD_AFTER_ALL: list[tuple[str, list[Script]]] = [
    ("an error that passes", [answer(b"", "500 Oops"), answer(GOOD)]),
    ("a body that stops once", [answer(GOOD, length=1000), answer(GOOD)]),
    ("a zip with an absolute path", [answer(zipped(("/etc/passwd", GOOD)))]),
    ("a zip that would climb", [answer(zipped(("../../list.txt", GOOD), method=zipfile.ZIP_STORED))]),
    ("a category of UT1", [answer(gzip.compress(tarred(("adult/urls", b"bank.test/x\n"), ("adult/domains", GOOD))))]),
    ("zstd", [answer(ZSTD.compress(GOOD))]),
    ("zstd in two parts", [answer(ZSTD.compress(GOOD[:50]) + ZSTD.compress(GOOD[50:]))]),
    ("a tar in zstd", [answer(ZSTD.compress(tarred(("adult/domains", GOOD))))]),
    ("gzip by another name", [answer(gzip.compress(GOOD), "200 OK", "Content-Type: text/plain")]),
]


@pytest.mark.parametrize(("what", "scripts"), GOOD_AFTER_ALL, ids=[what for what, _ in GOOD_AFTER_ALL])
def test_a_list_is_taken_in_spite_of(home: Household, tmp_path: Path, what: str, scripts: list[Script]) -> None:
    with HostileServer() as server:
        [outcome] = home.update(web(server.put(*scripts)))
    assert (outcome.result, outcome.entries) == ("updated", 10)
    assert Downloads(home.state).text("web").read_bytes().strip() == GOOD.strip()
    assert {path.name for path in home.downloads.iterdir()} == {"web.list", "web.meta.json"}
