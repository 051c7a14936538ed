"""Fetching over HTTP from a server on loopback: conditions, bounds, and that nothing half-done is left behind."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from safedns.blocklist.fetch import Fetched, Limits, NotModified, Validators, fetch, is_remote
from safedns.errors import ListError
from tests.fakes import FakeClock
from tests.unit.blocklist.listserver import Answer, ListServer

LIST = b"a.example\nb.example\n"


def get(source: str, destination: Path, known: Validators | None = None) -> Fetched | NotModified:
    limits = Limits(connect=5, read=5, max_bytes=2000)
    return fetch(source, destination, clock=FakeClock(), known=known, limits=limits)


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_list_is_stored_with_what_the_server_says_about_its_version(server: ListServer, tmp_path: Path) -> None:
    server.answers["/list.txt"] = Answer(LIST, etag='"v1"', headers={"Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"})
    fetched = get(server.url(), tmp_path / "x.new")
    assert fetched == Fetched(Validators(server.url(), '"v1"', "Mon, 23 Nov 2026 10:00:00 GMT"), len(LIST))
    assert (tmp_path / "x.new").read_bytes() == LIST
    assert left_behind(tmp_path) == ["x.new"]


def test_an_unchanged_list_is_not_fetched_again(server: ListServer, tmp_path: Path) -> None:
    server.answers["/list.txt"] = Answer(LIST, etag='"v1"')
    known = Validators(server.url(), '"v1"', "Mon, 23 Nov 2026 10:00:00 GMT")
    assert get(server.url(), tmp_path / "x.new", known) == NotModified()
    assert left_behind(tmp_path) == []
    [(_, headers)] = server.requests
    assert headers["If-None-Match"] == '"v1"'
    assert headers["If-Modified-Since"] == "Mon, 23 Nov 2026 10:00:00 GMT"
    assert headers["User-Agent"].startswith("safedns/")


def test_what_one_address_said_is_not_told_to_another(server: ListServer, tmp_path: Path) -> None:
    server.answers["/list.txt"] = Answer(LIST, etag='"v1"')
    known = Validators("https://elsewhere.example/list.txt", '"v1"', "")
    assert isinstance(get(server.url(), tmp_path / "x.new", known), Fetched)
    [(_, headers)] = server.requests
    assert "If-None-Match" not in headers


def test_an_answer_of_unchanged_that_nobody_asked_for_is_an_error(server: ListServer, tmp_path: Path) -> None:
    server.answers["/list.txt"] = Answer(status=304)
    with pytest.raises(ListError, match="the server answered 304 Not Modified"):
        get(server.url(), tmp_path / "x.new")


def test_a_compressed_transfer_is_unpacked(server: ListServer, tmp_path: Path) -> None:
    server.answers["/list.txt"] = Answer(gzip.compress(LIST), headers={"Content-Encoding": "gzip"})
    assert get(server.url(), tmp_path / "x.new") == Fetched(Validators(server.url(), "", ""), len(LIST))
    assert (tmp_path / "x.new").read_bytes() == LIST


def test_a_chunked_transfer_is_put_together(server: ListServer, tmp_path: Path) -> None:
    body = b"a\r\na.example\n\r\na\r\nb.example\n\r\n0\r\n\r\n"
    server.answers["/list.txt"] = Answer(body, headers={"Transfer-Encoding": "chunked"})
    get(server.url(), tmp_path / "x.new")
    assert (tmp_path / "x.new").read_bytes() == LIST


def test_up_to_five_redirects_are_followed(server: ListServer, tmp_path: Path) -> None:
    for hop in range(5):
        server.answers[f"/{hop}"] = Answer(status=302, headers={"Location": f"/{hop + 1}"})
    server.answers["/5"] = Answer(LIST)
    get(server.url("/0"), tmp_path / "x.new")
    assert (tmp_path / "x.new").read_bytes() == LIST


def test_progress_tells_the_bytes_received(server: ListServer, tmp_path: Path) -> None:
    server.answers["/list.txt"] = Answer(LIST * 20_000)
    seen: list[int] = []
    fetch(server.url(), tmp_path / "x.new", clock=FakeClock(), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(LIST) * 20_000


REFUSED: list[tuple[Answer, str]] = [
    (Answer(status=500), "the server answered 500"),
    (Answer(status=404), "the server answered 404"),
    (Answer(b""), "is empty"),
    (Answer(b"a.example", headers={"Content-Type": "text/html; charset=utf-8"}), "is a web page, not a list"),
    (Answer(b"a.example", headers={"Content-Type": "application/xhtml+xml"}), "is a web page, not a list"),
    (Answer(b"\n <!DOCTYPE html><title>Sign in</title>"), "is a web page, not a list"),
    (Answer(b"\xef\xbb\xbf<html>"), "is a web page, not a list"),
    (Answer(b"\x1f\x8b\x08\0\0\0packed"), "is no text"),
    (Answer(status=302, headers={"Location": "/list.txt"}), "redirects more than 5 times"),
    (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "cannot be fetched"),
    (Answer(LIST, announced=len(LIST) + 5), "cannot be fetched"),
    (Answer(b"not packed", headers={"Content-Encoding": "gzip"}), "cannot be fetched"),
    (Answer(b"x" * 2001), "is larger than 2000 bytes"),
    (Answer(gzip.compress(b"x" * 2001), headers={"Content-Encoding": "gzip"}), "is larger than 2000 bytes"),
]


@pytest.mark.parametrize(("answer", "message"), REFUSED)
def test_a_bad_answer_is_refused_and_the_file_of_before_stays(
    server: ListServer, tmp_path: Path, answer: Answer, message: str
) -> None:
    destination = tmp_path / "x.list"
    destination.write_bytes(b"the last good one")
    server.answers["/list.txt"] = answer
    with pytest.raises(ListError, match=message) as error:
        get(server.url(), destination)
    assert error.value.source == server.url()
    assert destination.read_bytes() == b"the last good one"
    assert left_behind(tmp_path) == ["x.list"]


def test_a_server_that_takes_too_long_is_left(server: ListServer, tmp_path: Path) -> None:
    class Hurrying(FakeClock):
        def monotonic(self) -> float:
            self.advance(400)
            return super().monotonic()

    server.answers["/list.txt"] = Answer(LIST * 20_000)
    with pytest.raises(ListError, match="took longer than 600 seconds"):
        fetch(server.url(), tmp_path / "x.new", clock=Hurrying())
    assert left_behind(tmp_path) == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with ListServer() as gone:
        url = gone.url()
    with pytest.raises(ListError, match=r"cannot be fetched: .*Connection refused"):
        get(url, tmp_path / "x.new")


def test_a_server_that_does_not_speak_tls_is_told(server: ListServer, tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"its certificate is not trusted|cannot be fetched"):
        get(server.url().replace("http://", "https://"), tmp_path / "x.new")


@pytest.mark.parametrize("source", ["file:///etc/passwd", "ftp://example.org/list", "lists/mine.txt", ""])
def test_only_web_addresses_are_fetched(tmp_path: Path, source: str) -> None:
    assert not is_remote(source)
    with pytest.raises(ListError, match="expected an https:// or http:// address"):
        get(source, tmp_path / "x.new")


def test_a_disk_that_cannot_be_written_is_told(server: ListServer, tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("in the way")
    with pytest.raises(ListError, match="cannot be stored: File exists"):
        get(server.put("a.example"), tmp_path / "downloads" / "x.new")


def downgraded(hops: list[str]) -> Callable[[], object]:
    """A session whose answer came by way of ``hops``."""

    class Response:
        def __init__(self, url: str, history: list[Response]) -> None:
            self.url, self.history, self.status_code, self.headers = url, history, 200, dict[str, str]()

        def __enter__(self) -> Response:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    class Session(Response):
        def get(self, *_: object, **__: object) -> Response:
            return Response(hops[-1], [Response(hop, []) for hop in hops[:-1]])

    return lambda: Session("", [])


def test_a_way_from_https_to_http_is_refused_even_if_it_leads_back(tmp_path: Path) -> None:
    hops = ["https://a.example/list", "http://b.example/list", "https://c.example/list"]
    with pytest.raises(ListError, match="leads from https:// to http://"):
        fetch(
            "https://a.example/list",
            tmp_path / "x.new",
            clock=FakeClock(),
            session_factory=downgraded(hops),  # type: ignore[arg-type]  # as much of a session as is used
        )
