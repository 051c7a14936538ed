"""What was fetched, and what is known about it: ``downloads/NAME.list``, ``.held`` and ``.meta.json`` in the state."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safedns.blocklist.fetch import Validators
from safedns.blocklist.files import write_bytes


@dataclass(frozen=True, slots=True)
class Meta:
    """The story of one list's downloads; times are seconds since the epoch, 0 = never."""

    source: str = ""
    """The address that the kept version came from."""
    etag: str = ""
    last_modified: str = ""
    checked: float = 0.0
    """When a server last gave the kept version or said that it is the newest."""
    tried: float = 0.0
    problem: str = ""
    """Why the last try brought nothing; empty when it did."""
    part: str = ""
    """Of the source, that was asked for."""

    @property
    def validators(self) -> Validators | None:
        """What to ask the server with, if anything is known."""
        return Validators(self.source, self.etag, self.last_modified) if self.etag or self.last_modified else None


class Downloads:
    """The folder of one state; knows paths, reads and writes ``Meta``."""

    __slots__ = ("folder",)

    def __init__(self, state: Path) -> None:
        self.folder = state / "downloads"

    def text(self, name: str) -> Path:
        """The version that is compiled: the last good one."""
        return self.folder / f"{name}.list"

    def incoming(self, name: str) -> Path:
        """A version that has not been looked at yet."""
        return self.folder / f"{name}.new"

    def held(self, name: str) -> Path:
        """A version that was held back, kept for a look."""
        return self.folder / f"{name}.held"

    def meta(self, name: str) -> Meta:
        """What is known; a fresh ``Meta`` where nothing is, or where it cannot be read."""
        try:
            return Meta(**json.loads(self._meta_path(name).read_bytes()))
        except (OSError, ValueError, TypeError):
            return Meta()

    def write_meta(self, name: str, meta: Meta) -> None:
        """Remember; raises ``OSError``."""
        write_bytes(self._meta_path(name), json.dumps(asdict(meta), indent=1).encode() + b"\n")

    def names(self) -> set[str]:
        """Every list of which anything is kept."""
        return {path.name.partition(".")[0] for path in self.folder.glob("[!.]*")}

    def remove(self, name: str) -> None:
        """Forget a list; raises ``OSError``."""
        for path in (self.text(name), self.incoming(name), self.held(name), self._meta_path(name)):
            path.unlink(missing_ok=True)

    def _meta_path(self, name: str) -> Path:
        return self.folder / f"{name}.meta.json"
