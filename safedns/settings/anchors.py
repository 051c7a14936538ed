"""Trust anchors that would do nothing, told before somebody relies on them."""

from __future__ import annotations

from collections.abc import Iterator

from safedns.errors import Problem
from safedns.settings.model import HOME_ZONES
from safedns.settings.schema import SettingsFile
from safedns.yamlfile.document import Document
from safedns.yamlfile.messages import show


def anchor_warnings(document: Document, written: SettingsFile) -> Iterator[Problem]:
    """Those at or below names that are taken as they come, even where answers are checked."""
    dnssec = written.dnssec
    if not dnssec.validate_:
        return
    unchecked = (
        *((name, f"names under the route {show(name)} are not checked") for name in written.upstreams.routes),
        *((name, f"names of the home, as under {show(name)}, are not checked") for name in sorted(HOME_ZONES)),
        *((name, f"{show(name)} is in `negative_trust_anchors`") for name in dnssec.negative_trust_anchors),
    )
    for index, anchor in enumerate(dnssec.trust_anchors):
        for name, why in unchecked:
            below = anchor.name.endswith("." + name)
            # An anchor below a negative one makes that count for less (RFC 7646 section 2), which may be meant.
            if anchor.name == name or (below and name not in dnssec.negative_trust_anchors):
                message = f"the anchor for {show(anchor.name)} does nothing: {why}"
                yield document.problem(("dnssec", "trust_anchors", index), message)
                break
