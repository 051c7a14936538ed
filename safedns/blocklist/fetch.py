"""Fetching one list over HTTP: conditional, bounded in size and time, to public addresses, never half of it on disk.

    source -> look up -> every address public? -> connect to one of them -> 200 -> bytes as they came
       ^                                                                 `-> 3xx: the next address, looked at anew
       `---- a moment later, when it may have been an accident

Must not judge what a list holds, nor unpack it: ``unpack`` and ``update`` do that. Why it is so strict stands in
``docs/adr/0009-what-a-download-may-do.md``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import responses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from safedns import __version__
from safedns.blocklist.addresses import Address, as_address, is_public
from safedns.blocklist.files import replacing
from safedns.clock import Clock
from safedns.errors import ListError

if TYPE_CHECKING:
    import requests

Progress = Callable[[int, int], None]
"""Told how many bytes have come, and how many will; 0 where the server does not say."""

_CHUNK = 64 * 1024
_MAX_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers that may be another one in a moment."""
_WEB_PAGES = ("text/html", "application/xhtml+xml")
_ENCODINGS = ("", "identity", "gzip", "x-gzip")


class Validators(NamedTuple):
    """What a server said about the version that we have (RFC 9110 section 8.8), and which address said it."""

    source: str
    etag: str
    last_modified: str


class Limits(NamedTuple):
    """How much patience a download gets; seconds and bytes."""

    connect: float = 10.0
    read: float = 20.0
    """Between two pieces."""
    total: float = 600.0
    """Over all redirects and tries."""
    max_bytes: int = 128 * 1024 * 1024
    """As they come, before anything is unpacked."""
    tries: int = 3
    pause: float = 1.0
    """Before the second try, about; twice as long before each further one."""


def _nobody(_host: str, _port: int) -> Sequence[str]:
    raise OSError("there is nobody to ask")


class World(NamedTuple):
    """What a download uses of the world outside; a test hands in its own."""

    public: Callable[[Address], bool] = is_public
    """Which addresses every list may come from."""
    look_up: Callable[[str, int], Sequence[str]] = _nobody
    """Host and port -> addresses in the order to try them; raises ``OSError``. Not the machine's own resolver: that may
    be safedns itself, which waits for its lists."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """From 0 to 1: machines that failed together should not come back together."""
    trust: str | bool = True
    """A file of certificates, or those that come with requests."""


class Fetched(NamedTuple):
    """A new version lies at the destination, as it was sent."""

    validators: Validators
    size: int
    """Bytes received."""


class NotModified(NamedTuple):
    """The server says that the version which we have is still the newest."""


class _PassingError(ListError):
    """It may work in a moment."""


class _Task(NamedTuple):
    """One ``fetch``: what each of its requests needs."""

    source: str
    own: bool
    known: Validators | None
    clock: Clock
    deadline: float
    limits: Limits
    world: World

    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect and between two pieces; ``ListError`` when the time is up."""
        left = self.deadline - self.clock.monotonic()
        if left <= 0:
            raise self.too_long()
        return min(self.limits.connect, left), min(self.limits.read, left)

    def too_long(self) -> ListError:
        return ListError(self.source, f"took longer than {self.limits.total:.0f} seconds")

    def too_large(self) -> ListError:
        return ListError(self.source, f"is larger than {self.limits.max_bytes} bytes")


def fetch(
    source: str,
    destination: Path,
    *,
    clock: Clock,
    own: bool = False,
    known: Validators | None = None,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    world: World = World(),  # noqa: B008 - immutable
    progress: Progress | None = None,
) -> Fetched | NotModified:
    """Fetch ``source`` to ``destination``, unless it is unchanged since ``known``; raises ``ListError``.

    ``own``: the user typed ``source``; where it spells out an address of the home, that one is allowed. On any failure
    nothing is left behind and what lies at ``destination`` stays as it is.
    """
    if not is_remote(source):
        raise ListError(source, "cannot be fetched; expected an https:// or http:// address")
    task = _Task(source, own, known, clock, clock.monotonic() + limits.total, limits, world)
    pause = limits.pause
    for _ in range(limits.tries - 1):
        try:
            return _try(task, destination, progress)
        except _PassingError:
            wait = pause * (0.5 + world.chance())
            if clock.monotonic() + wait >= task.deadline:
                raise
            world.sleep(wait)
            pause *= 2
    return _try(task, destination, progress)


def is_remote(source: str) -> bool:
    """Whether ``source`` is an address to fetch; otherwise it is a file."""
    return source.lower().startswith(("https://", "http://"))


def _try(task: _Task, destination: Path, progress: Progress | None) -> Fetched | NotModified:
    url = task.source
    for _ in range(_MAX_REDIRECTS + 1):
        with _translated(task), _answer(task, url) as response:
            if response.status_code not in _MOVED:
                return _take(task, response, destination, progress)
            url = _next_hop(task.source, url, response.headers.get("Location", ""))
    raise ListError(task.source, f"redirects more than {_MAX_REDIRECTS} times")


def _next_hop(source: str, url: str, location: str) -> str:
    """Where ``location`` leads from ``url``; ``ListError`` for a place where a list of the web cannot be."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not location or not is_remote(target):
        raise ListError(source, f"leads to {location!r}; expected an https:// address")
    if url.lower().startswith("https://") and not target.lower().startswith("https://"):
        raise ListError(source, "leads from https:// to http://, where anybody may change it")
    return target


@contextmanager
def _answer(task: _Task, url: str) -> Iterator[requests.Response]:
    """The answer to one request, from the first of the host's addresses that can be reached."""
    import requests

    from safedns.blocklist.vetted import PinnedAdapter

    request = requests.Request("GET", url, headers=_headers(task)).prepare()
    failure: Exception | None = None
    for address in _addresses(task, str(request.url)):
        adapter = PinnedAdapter(address, task.clock, task.deadline)
        try:
            try:
                response = adapter.send(request, stream=True, timeout=task.timeouts(), verify=task.world.trust)
            except requests.ConnectionError as error:
                failure = error
                continue
            with response:
                yield response
            return
        finally:
            adapter.close()
    if failure is not None:
        raise failure


def _addresses(task: _Task, url: str) -> list[Address]:
    """Every address of the URL's host; ``ListError`` if it has none, or one that this list may not come from."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    literal = as_address(host)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = [literal] if literal else [as_address(text) for text in task.world.look_up(host, port)]
    except (OSError, ValueError) as error:
        raise _PassingError(task.source, f"there is no address for {host}: {_reason(error)}") from error
    addresses = [address for address in found if address is not None]
    if not addresses:
        raise _PassingError(task.source, f"there is no address for {host}")
    typed = as_address(urlsplit(task.source).hostname or "") if task.own else None
    for address in addresses:
        if address != typed and not task.world.public(address):
            where = str(address) if literal else f"{host}, which is {address}"
            advice = "; to fetch it from there, write that address instead of the name" if task.own else ""
            raise ListError(task.source, f"leads to {where}: not an address of the public Internet{advice}")
    return addresses


def _headers(task: _Task) -> dict[str, str]:
    headers = {"User-Agent": f"safedns/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip"}
    if task.known is not None and task.known.source == task.source:
        headers |= {"If-None-Match": task.known.etag, "If-Modified-Since": task.known.last_modified}
    return {name: value for name, value in headers.items() if value}


def _take(
    task: _Task, response: requests.Response, destination: Path, progress: Progress | None
) -> Fetched | NotModified:
    if response.status_code == 304 and task.known is not None:
        return NotModified()
    total = _check_response(task, response)
    size = 0
    with replacing(destination) as file:
        # read1 returns what has come: the deadline is looked at however slowly it drips.
        while piece := response.raw.read1(_CHUNK, decode_content=False):
            size += len(piece)
            if size > task.limits.max_bytes:
                raise task.too_large()
            task.timeouts()
            file.write(piece)
            if progress is not None:
                progress(size, total)
        if not size:
            raise ListError(task.source, "is empty")
    headers = response.headers
    return Fetched(Validators(task.source, headers.get("ETag", ""), headers.get("Last-Modified", "")), size)


def _check_response(task: _Task, response: requests.Response) -> int:
    """The announced size, 0 where there is none; ``ListError`` for an answer that is no list."""
    if response.status_code != 200:
        # The standard phrase: the server's own could hold anything, a terminal's control codes too.
        phrase = responses.get(response.status_code, "")
        error = _PassingError if response.status_code in _PASSING else ListError
        raise error(task.source, f"the server answered {response.status_code} {phrase}".rstrip())
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() in _WEB_PAGES:
        raise ListError(task.source, "is a web page, not a list")
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise ListError(task.source, f"is sent packed as {encoding!r}, which was not asked for; expected gzip or plain")
    length = response.headers.get("Content-Length", "")
    announced = int(length) if length.isascii() and length.isdigit() else 0
    if announced > task.limits.max_bytes:
        raise task.too_large()
    return announced


@contextmanager
def _translated(task: _Task) -> Iterator[None]:
    """Turn the errors of requests and urllib3 into ``ListError``."""
    import requests
    import urllib3

    source = task.source
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise ListError(source, f"its certificate is not trusted: {_reason(error)}") from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        if task.clock.monotonic() >= task.deadline:
            raise task.too_long() from error
        raise _PassingError(source, "did not answer in time") from error
    except urllib3.exceptions.ProtocolError as error:  # of the body: what comes before it is a ConnectionError
        raise _PassingError(source, "broke off before all of it had come") from error
    except (requests.ConnectionError, urllib3.exceptions.HTTPError) as error:
        raise _PassingError(source, f"cannot be fetched: {_reason(error)}") from error
    except requests.RequestException as error:
        raise ListError(source, f"cannot be fetched: {_reason(error)}") from error
    except OSError as error:
        raise ListError(source, f"cannot be stored: {error.strerror}") from error


def _reason(error: BaseException) -> str:
    """The last cause on one line: the outer layers repeat the address and the names of classes."""
    seen = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    return " ".join((str(seen) or type(seen).__name__).split())
