"""What the short-lived ``prepare`` process found out for the supervisor: a plan in the open, the policy sealed.

The supervisor reads the plan (addresses, numbers) and passes the sealed household on to the resolvers unread.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple, Self


class Page(NamedTuple):
    """The page that browsers see for a closed name."""

    endpoint: tuple[str, int]
    language: str
    contact: tuple[str, ...]
    """URIs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The few settings that the process tree itself needs."""

    listen: tuple[tuple[str, str, int], ...]
    """``(service, address, port)``; services are ``dns``, ``tls``, ``https`` and ``quic``."""
    metrics: tuple[str, int] | None
    workers: int
    log_keep: int
    """Seconds a query log row lives."""
    refresh: int
    """Seconds between list updates; 0 = there is nothing to download."""
    tryout: tuple[tuple[str, str], ...]
    """``(profile's name, loopback address)`` of devices that live on this machine: the example household's do."""
    warnings: tuple[str, ...]
    absent: tuple[str, ...]
    """Names of the public lists that were never fetched yet."""
    files: tuple[str, ...] = ()
    """Files outside the policy that the configuration is made of: certificate and key, lists of one's own."""
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked configuration, ready to be used."""

    plan: Plan
    household: bytes

    def encode(self) -> bytes:
        """One line of JSON, then the household."""
        return json.dumps(asdict(self.plan)).encode() + b"\n" + self.household

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The inverse of ``encode``."""
        line, _, household = data.partition(b"\n")
        raw = json.loads(line)
        raw["listen"] = tuple((service, host, port) for service, host, port in raw["listen"])
        raw["metrics"] = tuple(raw["metrics"]) if raw["metrics"] else None
        raw["tryout"] = tuple((who, address) for who, address in raw["tryout"])
        raw["warnings"] = tuple(raw["warnings"])
        raw["absent"] = tuple(raw["absent"])
        raw["files"] = tuple(raw["files"])
        if raw["page"]:
            (host, port), language, contact = raw["page"]
            raw["page"] = Page((host, port), language, tuple(contact))
        return cls(Plan(**raw), household)
