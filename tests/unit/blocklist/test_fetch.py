"""Fetching over HTTP from a server on loopback: conditions, bounds, and that nothing half-done is left behind."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from safedns.blocklist.fetch import Fetched, Limits, NotModified, Validators, World, fetch, is_remote
from safedns.errors import ListError
from tests.fakes import FakeClock
from tests.unit.blocklist import hostile
from tests.unit.blocklist.hostile import CERTIFICATE, HostileServer, Script, answer, redirect
from tests.unit.blocklist.listserver import Answer, ListServer

LIST = b"a.example\nb.example\n"
LIMITS = Limits(connect=5, read=5, max_bytes=2000)


class Outside:
    """A world in which names lead where the test says, all addresses but those that it names are public."""

    def __init__(self, *not_public: str, **names: str) -> None:
        self.looked_up: list[str] = []
        self.slept: list[float] = []

        def look_up(host: str, _port: int) -> list[str]:
            self.looked_up.append(host)
            if host.partition(".")[0] not in names:
                raise OSError(-2, "Name or service not known")
            return names[host.partition(".")[0]].split()

        self.world = World(
            public=lambda address: str(address) not in not_public,
            look_up=look_up,
            sleep=self.slept.append,
            chance=lambda: 0.5,
            trust=str(CERTIFICATE),
        )


def get(
    source: str,
    destination: Path,
    known: Validators | None = None,
    *,
    outside: Outside | None = None,
    own: bool = False,
) -> Fetched | NotModified:
    world = (outside or Outside()).world
    return fetch(source, destination, clock=FakeClock(), known=known, limits=LIMITS, world=world, own=own)


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


def test_a_compressed_transfer_is_stored_as_it_came(server: ListServer, tmp_path: Path) -> None:
    packed = gzip.compress(LIST)
    server.answers["/list.txt"] = Answer(packed, headers={"Content-Encoding": "gzip"})
    assert get(server.url(), tmp_path / "x.new") == Fetched(Validators(server.url(), "", ""), len(packed))
    assert (tmp_path / "x.new").read_bytes() == packed


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
    seen: list[tuple[int, int]] = []
    fetch(
        server.url(),
        tmp_path / "x.new",
        clock=FakeClock(),
        world=Outside().world,
        progress=lambda done, total: seen.append((done, total)),
    )
    size = len(LIST) * 20_000
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_progress_of_a_body_whose_size_is_not_announced_has_no_end(server: ListServer, tmp_path: Path) -> None:
    body = b"a\r\na.example\n\r\n0\r\n\r\n"
    server.answers["/list.txt"] = Answer(body, headers={"Transfer-Encoding": "chunked"})
    seen: list[tuple[int, int]] = []
    fetch(
        server.url(),
        tmp_path / "x.new",
        clock=FakeClock(),
        world=Outside().world,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(10, 0)]


def test_names_are_looked_up_only_by_whoever_was_handed_in(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"there is no address for localhost: there is nobody to ask$"):
        fetch("http://localhost/list.txt", tmp_path / "x.new", clock=FakeClock(), limits=Limits(tries=1))


REFUSED: list[tuple[Answer, str]] = [
    (Answer(status=500), "the server answered 500 Internal Server Error"),
    (Answer(status=404), "the server answered 404 Not Found"),
    (Answer(b""), "is empty"),
    (Answer(b"a.example", headers={"Content-Type": "text/html; charset=utf-8"}), "is a web page, not a list"),
    (Answer(b"a.example", headers={"Content-Type": "application/xhtml+xml"}), "is a web page, not a list"),
    (Answer(status=302, headers={"Location": "/list.txt"}), "redirects more than 5 times"),
    (Answer(status=302), "leads to ''; expected an https:// address"),
    (
        Answer(status=302, headers={"Location": "file:///etc/passwd"}),
        "leads to 'file:///etc/passwd'; expected an https",
    ),
    (Answer(status=302, headers={"Location": "http://[::1/"}), "expected an https:// address"),
    (Answer(LIST, announced=len(LIST) + 5), "broke off before all of it had come"),
    (Answer(LIST, headers={"Content-Encoding": "br"}), "is sent packed as 'br', which was not asked for"),
    (Answer(b"x" * 2001), "is larger than 2000 bytes"),
    (Answer(LIST, announced=2001), "is larger than 2000 bytes"),
]


@pytest.mark.parametrize(("bad", "message"), REFUSED)
def test_a_bad_answer_is_refused_and_the_file_of_before_stays(
    server: ListServer, tmp_path: Path, bad: Answer, message: str
) -> None:
    destination = tmp_path / "x.list"
    destination.write_bytes(b"the last good one")
    server.answers["/list.txt"] = bad
    with pytest.raises(ListError, match=message) as error:
        get(server.url(), destination)
    assert error.value.source == server.url()
    assert "\n" not in str(error.value)
    assert destination.read_bytes() == b"the last good one"
    assert left_behind(tmp_path) == ["x.list"]


@pytest.mark.parametrize(
    "script", [hostile.endless_body, hostile.endless_gzip, hostile.endless_greeting, hostile.endless_chunk_size]
)
def test_a_server_that_never_comes_to_an_end_is_left_when_the_time_is_up(tmp_path: Path, script: Script) -> None:
    class Running(FakeClock):
        """Each look at it takes a minute and a half."""

        def monotonic(self) -> float:
            self.advance(90)
            return super().monotonic()

    limits = LIMITS._replace(max_bytes=1 << 30)
    with HostileServer() as server:
        url = server.put(script)
        with pytest.raises(ListError, match=r": took longer than 600 seconds$"):
            fetch(url, tmp_path / "x.new", clock=Running(), limits=limits, world=Outside().world)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (hostile.endless_body, "is larger than 2000 bytes"),
        (hostile.endless_gzip, "is larger than 2000 bytes"),
        (hostile.endless_header, "cannot be fetched: got more than 65536 bytes when reading header line"),
        (hostile.endless_chunk_size, "broke off before all of it had come"),
        (hostile.cut_chunks, "broke off before all of it had come"),
        (hostile.hang_up, "cannot be fetched: Remote end closed connection without response"),
    ],
)
def test_nor_does_it_fill_the_disk_or_the_memory(tmp_path: Path, script: Script, message: str) -> None:
    with HostileServer() as server, pytest.raises(ListError, match=message):
        get(server.put(script), tmp_path / "x.new")
    assert left_behind(tmp_path) == []


class TestTries:
    """What may have been an accident is tried again."""

    @pytest.mark.parametrize(
        "accident",
        [
            answer(b"", "500 Internal Server Error"),
            answer(b"", "503 Service Unavailable"),
            answer(b"", "429 Too Many Requests"),
            answer(LIST, length=len(LIST) + 1),
            hostile.cut_chunks,
            hostile.hang_up,
        ],
    )
    def test_an_accident_is_tried_again_and_the_list_comes(self, tmp_path: Path, accident: Script) -> None:
        outside = Outside()
        with HostileServer() as server:
            get(server.put(accident, answer(LIST)), tmp_path / "x.new", outside=outside)
        assert (tmp_path / "x.new").read_bytes() == LIST
        assert outside.slept == [1.0]

    def test_each_pause_is_twice_as_long_and_the_third_failure_is_told(self, tmp_path: Path) -> None:
        outside = Outside()
        with HostileServer() as server, pytest.raises(ListError, match="503 Service Unavailable"):
            get(server.put(answer(b"", "503 Busy")), tmp_path / "x.new", outside=outside)
        assert len(server.requests) == 3
        assert outside.slept == [1.0, 2.0]

    @pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.5), (1.0, 1.5)])
    def test_machines_do_not_all_come_back_at_once(self, tmp_path: Path, chance: float, pause: float) -> None:
        outside = Outside()
        world = outside.world._replace(chance=lambda: chance)
        with HostileServer() as server:
            url = server.put(hostile.hang_up, answer(LIST))
            fetch(url, tmp_path / "x.new", clock=FakeClock(), limits=LIMITS, world=world)
        assert outside.slept == [pause]

    @pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone"])
    def test_what_is_meant_is_not_asked_twice(self, tmp_path: Path, status: str) -> None:
        with HostileServer() as server, pytest.raises(ListError, match=status):
            get(server.put(answer(b"", status)), tmp_path / "x.new")
        assert len(server.requests) == 1

    def test_no_pause_outlasts_the_time_for_the_list(self, tmp_path: Path) -> None:
        outside = Outside()
        limits = LIMITS._replace(total=1.0)
        with HostileServer() as server:
            url = server.put(answer(b"", "503 Busy"))
            with pytest.raises(ListError, match="503"):
                fetch(url, tmp_path / "x.new", clock=FakeClock(), limits=limits, world=outside.world)
        assert outside.slept == []

    def test_a_name_that_is_not_known_may_be_known_in_a_moment(self, tmp_path: Path) -> None:
        outside = Outside()
        with pytest.raises(ListError, match=r"there is no address for gone\.example: .*Name or service not known"):
            get("http://gone.example/list.txt", tmp_path / "x.new", outside=outside)
        assert outside.looked_up == ["gone.example"] * 3


class TestAddresses:
    """Where a list may come from."""

    def test_a_name_that_leads_into_the_home_is_refused_before_anything_is_sent(self, tmp_path: Path) -> None:
        with HostileServer() as server:
            url = server.put(answer(LIST)).replace("127.0.0.1", "lists.example")
            with pytest.raises(ListError, match=r"leads to lists\.example, which is 127\.0\.0\.1: not an"):
                get(url, tmp_path / "x.new", outside=Outside("127.0.0.1", lists="127.0.0.1"))
        assert server.requests == []

    def test_one_bad_address_among_good_ones_is_enough(self, tmp_path: Path) -> None:
        with HostileServer() as server:
            url = server.put(answer(LIST)).replace("127.0.0.1", "lists.example")
            with pytest.raises(ListError, match=r"which is 192\.168\.1\.1"):
                get(url, tmp_path / "x.new", outside=Outside("192.168.1.1", lists="127.0.0.1 192.168.1.1"))
        assert server.requests == []

    def test_a_name_is_looked_up_once_and_what_was_looked_at_is_connected_to(self, tmp_path: Path) -> None:
        outside = Outside(lists="127.0.0.1")
        with HostileServer() as server:
            url = server.put(answer(LIST)).replace("127.0.0.1", "lists.example")
            get(url, tmp_path / "x.new", outside=outside)
        assert outside.looked_up == ["lists.example"]
        assert f"Host: lists.example:{server.port}\r\n" in server.requests[0]

    def test_the_next_address_is_tried_when_one_cannot_be_reached(self, tmp_path: Path) -> None:
        outside = Outside(lists="127.0.0.77 127.0.0.1")
        with HostileServer() as server:
            url = server.put(answer(LIST)).replace("127.0.0.1", "lists.example")
            get(url, tmp_path / "x.new", outside=outside)
        assert outside.slept == []

    @pytest.mark.parametrize("target", ["http://127.0.0.99/setup", "http://router.example/setup"])
    def test_a_redirect_into_the_home_is_refused(self, tmp_path: Path, target: str) -> None:
        outside = Outside("127.0.0.99", router="127.0.0.99")
        with HostileServer() as server, pytest.raises(ListError, match=r"127\.0\.0\.99: not an address of the public"):
            get(server.put(redirect(target)), tmp_path / "x.new", outside=outside)

    def test_a_list_of_the_users_own_may_come_from_the_address_that_he_typed(self, tmp_path: Path) -> None:
        outside = Outside("127.0.0.1")
        with HostileServer() as server:
            server.put(redirect("/list.txt"), path="/")
            server.put(answer(LIST))
            get(server.url("/"), tmp_path / "x.new", outside=outside, own=True)
            with pytest.raises(ListError, match="not an address of the public Internet"):
                get(server.url("/"), tmp_path / "x.new", outside=outside)

    def test_but_not_from_one_that_it_leads_to(self, tmp_path: Path) -> None:
        outside = Outside("127.0.0.1", "127.0.0.99", nas="127.0.0.1")
        with HostileServer() as server:
            url = server.put(redirect("http://127.0.0.99/setup"))
            with pytest.raises(ListError, match=r"leads to 127\.0\.0\.99: not"):
                get(url, tmp_path / "x.new", outside=outside, own=True)
            with pytest.raises(ListError, match="to fetch it from there, write that address instead of the name"):
                get(url.replace("127.0.0.1", "nas.example"), tmp_path / "x.new", outside=outside, own=True)

    def test_the_real_world_refuses_loopback(self, server: ListServer, tmp_path: Path) -> None:
        with pytest.raises(ListError, match=r"leads to 127\.0\.0\.1: not an address of the public Internet"):
            fetch(server.put("a.example"), tmp_path / "x.new", clock=FakeClock())
        assert server.requests == []

    def test_proxies_of_the_environment_are_not_asked(
        self, server: ListServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        get(server.put("a.example"), tmp_path / "x.new")
        assert left_behind(tmp_path) == ["x.new"]


class TestTls:
    """https:// means that nobody in between has touched it, all the way."""

    def test_a_list_comes_over_tls_from_the_address_under_its_name(self, tmp_path: Path) -> None:
        with HostileServer(tls=True) as server:
            url = server.put(answer(LIST)).replace("127.0.0.1", "lists.example")
            get(url, tmp_path / "x.new", outside=Outside(lists="127.0.0.1"))
        assert (tmp_path / "x.new").read_bytes() == LIST

    def test_a_certificate_of_another_name_is_not_trusted_and_not_tried_again(self, tmp_path: Path) -> None:
        outside = Outside(bank="127.0.0.1")
        with HostileServer(tls=True) as server:
            url = server.put(answer(LIST)).replace("127.0.0.1", "bank.example")
            with pytest.raises(ListError, match=r"its certificate is not trusted: .*Hostname mismatch"):
                get(url, tmp_path / "x.new", outside=outside)
        assert outside.slept == []

    def test_a_redirect_from_https_to_http_is_not_followed(self, server: ListServer, tmp_path: Path) -> None:
        outside = Outside(lists="127.0.0.1")
        plain = server.put("a.example")
        with HostileServer(tls=True) as secure:
            url = secure.put(redirect(plain)).replace("127.0.0.1", "lists.example")
            with pytest.raises(ListError, match="leads from https:// to http://, where anybody may change it"):
                get(url, tmp_path / "x.new", outside=outside)
        assert server.requests == []

    def test_a_redirect_from_http_to_https_is_followed(self, tmp_path: Path) -> None:
        outside = Outside(lists="127.0.0.1")
        with HostileServer() as server, HostileServer(tls=True) as secure:
            target = secure.put(answer(LIST)).replace("127.0.0.1", "lists.example")
            get(server.put(redirect(target)), tmp_path / "x.new", outside=outside)
        assert (tmp_path / "x.new").read_bytes() == LIST

    def test_a_server_that_does_not_speak_tls_is_told(self, server: ListServer, tmp_path: Path) -> None:
        with pytest.raises(ListError, match=r"its certificate is not trusted|cannot be fetched"):
            get(server.url().replace("http://", "https://"), tmp_path / "x.new")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with ListServer() as gone:
        url = gone.url()
    with pytest.raises(ListError, match=r"cannot be fetched: .*Connection refused"):
        get(url, tmp_path / "x.new")


@pytest.mark.parametrize("source", ["file:///etc/passwd", "ftp://example.org/list", "lists/mine.txt", ""])
def test_only_web_addresses_are_fetched(tmp_path: Path, source: str) -> None:
    assert not is_remote(source)
    with pytest.raises(ListError, match="expected an https:// or http:// address"):
        get(source, tmp_path / "x.new")


def test_a_disk_that_cannot_be_written_is_told(server: ListServer, tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("in the way")
    with pytest.raises(ListError, match="cannot be stored: File exists"):
        get(server.put("a.example"), tmp_path / "downloads" / "x.new")
