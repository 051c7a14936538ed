"""safedns: a local DNS resolver for a family.

Every query is identified (whose device?), decided (may this child have this name now?), answered (block reply,
cache, upstream) and recorded. Read ``docs/architecture.md`` first; ``safedns/pipeline.py`` is the one path a query
takes.
"""

__version__ = "0.1.0"

RELEASE = 1_793_491_200.0
"""2026-11-01, in epoch seconds: no clock that is right shows an earlier instant than the release of this program."""
