"""What ``prepare`` hands to the supervisor survives the pipe unchanged."""

from __future__ import annotations

import os

from safedns.supervisor.plan import Page, Plan, Prepared


def test_a_plan_and_its_sealed_household_come_back_as_they_went() -> None:
    plan = Plan(
        listen=(("dns", "0.0.0.0", 53), ("tls", "::", 853)),
        metrics=("127.0.0.1", 9153),
        workers=2,
        log_keep=86_400,
        refresh=3600,
        tryout=(("Bình", "127.0.0.3"),),
        warnings=("family.yaml:3:1: limits: not counted yet",),
        absent=("hostsvn-adult",),
        files=("cert.pem", "key.pem"),
        page=Page(("0.0.0.0", 80), "vi", ("tel:111",)),
    )
    prepared = Prepared(plan, os.urandom(1000) + b"\n" + os.urandom(1000))
    assert Prepared.decode(prepared.encode()) == prepared


def test_metrics_and_page_may_be_off() -> None:
    plan = Plan((("dns", "127.0.0.1", 53),), None, 1, 1, 0, (), (), ())
    assert Prepared.decode(Prepared(plan, b"").encode()).plan == plan
