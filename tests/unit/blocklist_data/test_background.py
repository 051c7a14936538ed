"""What devices ask by themselves: names that give nothing to look at, each once."""

from __future__ import annotations

from safedns.blocklist.bundled import bundled
from safedns.blocklist.catalog import load_catalogue
from safedns.blocklist.services import load_services
from safedns.blocklist.wellknown import load_well_known
from safedns.wire.names import parents

BACKGROUND = frozenset(load_well_known(bundled("blocklists", "background.txt"), ()))


def above(name: str) -> list[str]:
    return [parent for parent in parents(name) if parent != name]


def test_the_usual_ones_are_known() -> None:
    for name in (
        "captive.apple.com",
        "connectivitycheck.gstatic.com",
        "pool.ntp.org",
        "mtalk.google.com",
        "ocsp.apple.com",
    ):
        assert any(parent in BACKGROUND for parent in (name, *above(name))), name
    assert len(BACKGROUND) >= 150


def test_none_covers_another() -> None:
    assert [name for name in sorted(BACKGROUND) if BACKGROUND.intersection(above(name))] == []


def test_none_covers_what_a_service_or_a_list_of_ours_is_about() -> None:
    names = {name for service in load_services(bundled("blocklists", "services")).values() for name in service.names}
    for path in load_catalogue().starters:
        names.update(
            line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
        )
    assert sorted(name for name in names if BACKGROUND.intersection((name, *above(name)))) == []
