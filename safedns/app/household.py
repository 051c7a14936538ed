"""The checked configuration on its way from ``prepare`` to the resolvers: settings and policy as one sealed value.

It is pickled by our own process and handed over in an anonymous memory file that nobody else can open; it never
lies on a disk and never comes from outside.
"""

from __future__ import annotations

import copyreg
import pickle
from types import MappingProxyType
from typing import Any, NamedTuple

from safedns.policy.model import Policy
from safedns.settings.model import Credentials, Settings


class Sealed(NamedTuple):
    """What a resolver works by."""

    settings: Settings
    policy: Policy
    lists: tuple[str, ...]
    """Names of the artefacts that are to be opened: what the configuration asks for but for lists never fetched yet."""
    absent: tuple[tuple[str, str], ...] = ()
    """Name and category of each list that was never fetched yet."""
    credentials: Credentials | None = None
    """What encrypted listeners show."""


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


def _reduce_mapping(mapping: MappingProxyType[Any, Any]) -> tuple[Any, tuple[dict[Any, Any]]]:
    return _read_only, (dict(mapping),)


copyreg.pickle(MappingProxyType, _reduce_mapping)


def seal(household: Sealed) -> bytes:
    """As bytes for ``unseal``."""
    return pickle.dumps(household, protocol=pickle.HIGHEST_PROTOCOL)


def unseal(data: bytes) -> Sealed:
    """The inverse of ``seal``; only for bytes that came over the supervisor's channel."""
    household = pickle.loads(data)  # noqa: S301 - made by our own process, never stored, never received from outside
    assert isinstance(household, Sealed)  # noqa: S101 - both ends are the same program
    return household
