"""A checked configuration survives its way to the resolvers unchanged, and as read-only as it was."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import MappingProxyType

import pytest

from safedns.app.household import Sealed, seal, unseal
from safedns.policy.household import load_household

EXAMPLE = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def sealed() -> Sealed:
    household = load_household(EXAMPLE)
    return Sealed(household.settings, household.policy, ("starter-malware", "own"))


def test_the_example_household_comes_back_as_it_went(sealed: Sealed) -> None:
    assert unseal(seal(sealed)) == sealed


def test_mappings_are_still_read_only(sealed: Sealed) -> None:
    records = unseal(seal(sealed)).settings.records
    assert isinstance(records, MappingProxyType)
    assert dict(records) == dict(sealed.settings.records)
    assert records


@pytest.mark.parametrize("damage", [b"", b"spoilt", pickle.dumps("another value")])
def test_anything_else_is_not_taken_for_a_household(damage: bytes) -> None:
    with pytest.raises((EOFError, pickle.UnpicklingError, AssertionError)):
        unseal(damage)
