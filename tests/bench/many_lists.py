"""What a name costs that is sought in many lists, as the rules of a child seek it.

    python -m tests.bench.many_lists

Prints microseconds. ``tests.bench.lists`` starts it.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from safedns.blocklist.compile import compile_list
from safedns.blocklist.library import SMALL_LIST, Library, lists_folder, open_library
from safedns.policy.matching import CategoryMatcher, Question
from safedns.wire.names import key_of, parents
from tests.bench.lists import invented
from tests.bench.one_list import median_of

LISTS = 20
EACH = 30_000
"""Names of each list: more than a list may have to be asked together with others."""

_ASKED = 5_000


def measure(state: Path, each: int = EACH) -> float:
    """Microseconds for a name that none of the lists holds, the longest way."""
    names = invented()
    for number in range(LISTS):
        source = state / f"{number}.txt"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text("".join(f"{name}\n" for name in islice(names, each)), encoding="ascii")
        compile_list(
            source, name=f"list-{number}", category="adult", folder=lists_folder(state), now=0.0, format="domains"
        )
    library = open_library(state)
    matcher = CategoryMatcher(["adult"], library)
    asked = [question(f"www.{name}", library) for name in islice(names, _ASKED)]

    def ask() -> None:
        for each in asked:
            matcher.first(each)

    return median_of(ask) / len(asked) * 1e6


def question(name: str, library: Library) -> Question:
    """What the rules are asked for ``name``."""
    line = tuple(parents(name))
    return Question(name, key_of(name), line, library.index.covering(line))


if __name__ == "__main__":
    assert EACH > SMALL_LIST
    with TemporaryDirectory(prefix="safedns-bench-") as temporary:
        print(measure(Path(temporary)))
