"""Fetching one list over HTTP: conditional, bounded in size and time, and never half of it on disk.

Must not judge what a list holds beyond "this is text and no web page": ``update`` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import responses
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from safedns import __version__
from safedns.blocklist.files import replacing
from safedns.clock import Clock
from safedns.errors import ListError

if TYPE_CHECKING:
    import requests

SessionFactory = Callable[[], "requests.Session"]
Progress = Callable[[int], None]
"""Told the number of bytes received so far."""

_CHUNK = 64 * 1024
_MAX_REDIRECTS = 5


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
    max_bytes: int = 256 * 1024 * 1024
    """Decoded."""


class Fetched(NamedTuple):
    """A new version lies at the destination."""

    validators: Validators
    size: int


class NotModified(NamedTuple):
    """The server says that the version which we have is still the newest."""


def fetch(
    source: str,
    destination: Path,
    *,
    clock: Clock,
    known: Validators | None = None,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    session_factory: SessionFactory | None = None,
    progress: Progress | None = None,
) -> Fetched | NotModified:
    """Fetch ``source`` to ``destination``, unless it is unchanged since ``known``; raises ``ListError``.

    On any failure nothing is left behind and what lies at ``destination`` stays as it is.
    """
    if not is_remote(source):
        raise ListError(source, "cannot be fetched; expected an https:// or http:// address")
    deadline = clock.monotonic() + limits.total
    with (
        _translated(source),
        (session_factory or _session)() as session,
        session.get(
            source, headers=_conditions(source, known), stream=True, timeout=(limits.connect, limits.read)
        ) as response,
    ):
        if response.status_code == 304 and known is not None:
            return NotModified()
        _check_response(source, response, limits)
        size = 0
        with replacing(destination) as file:
            for piece in _pieces(response):
                if not size:
                    _check_start(source, piece)
                size += len(piece)
                if size > limits.max_bytes:
                    raise ListError(source, f"is larger than {limits.max_bytes} bytes")
                if clock.monotonic() > deadline:
                    raise ListError(source, f"took longer than {limits.total:.0f} seconds")
                file.write(piece)
                if progress is not None:
                    progress(size)
            if not size:
                raise ListError(source, "is empty")
        headers = response.headers
        return Fetched(Validators(source, headers.get("ETag", ""), headers.get("Last-Modified", "")), size)


def is_remote(source: str) -> bool:
    """Whether ``source`` is an address to fetch; otherwise it is a file."""
    return source.lower().startswith(("https://", "http://"))


def _session() -> requests.Session:
    import requests  # 19 MB, only in a process that fetches

    session = requests.Session()
    session.max_redirects = _MAX_REDIRECTS
    session.headers["User-Agent"] = f"safedns/{__version__}"
    return session


def _conditions(source: str, known: Validators | None) -> dict[str, str]:
    if known is None or known.source != source:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {header: value for header, value in conditions.items() if value}


def _check_response(source: str, response: requests.Response, limits: Limits) -> None:
    if response.status_code != 200:
        # The standard phrase: the server's own could hold anything, a terminal's control codes too.
        phrase = responses.get(response.status_code, "")
        raise ListError(source, f"the server answered {response.status_code} {phrase}".rstrip())
    addresses = [*(hop.url for hop in response.history), response.url]
    if source.lower().startswith("https://") and not all(url.startswith("https://") for url in addresses):
        raise ListError(source, "leads from https:// to http://, where anybody may have changed it")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise ListError(source, "is a web page, not a list")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise ListError(source, f"is larger than {limits.max_bytes} bytes")


def _check_start(source: str, piece: bytes) -> None:
    start = piece.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        raise ListError(source, "is a web page, not a list")
    if b"\0" in start[:1024]:
        raise ListError(source, "is no text")


def _pieces(response: requests.Response) -> Iterator[bytes]:
    # read1 returns what has come: a server that drips one byte at a time still meets the deadline above.
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        yield piece


@contextmanager
def _translated(source: str) -> Iterator[None]:
    """Turn the errors of requests and urllib3 into ``ListError``."""
    import requests
    import urllib3

    try:
        yield
    except requests.TooManyRedirects as error:
        raise ListError(source, f"redirects more than {_MAX_REDIRECTS} times") from error
    except requests.exceptions.SSLError as error:
        raise ListError(source, f"its certificate is not trusted: {_innermost(error)}") from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise ListError(source, "did not answer in time") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ListError(source, f"cannot be fetched: {_innermost(error)}") from error
    except OSError as error:
        raise ListError(source, f"cannot be stored: {error.strerror}") from error


def _innermost(error: BaseException) -> str:
    """The last cause: the outer layers repeat the address and the names of classes."""
    seen = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    return str(seen) or type(seen).__name__
