"""Samples become parts, and the parts add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.profile.parts import (
    INTERRUPTS,
    OTHER_CALLS,
    SWITCHED,
    Seen,
    Stacks,
    call_rows,
    counted,
    group,
    parts,
    render,
    rows,
    stacks,
)

SCRIPT = """
\tffffffff82044ca2 udp_sendmsg
\tffffffff81e2f330 __x64_sys_sendto
\tffffffff821ed511 do_syscall_64
\t          10acb3 __libc_sendto

\tffffffff81e2c43b finish_task_switch.isra.0
\tffffffff81e2f508 __schedule
\tffffffff81e2f5d0 schedule
\tffffffff81e2f5d1 exit_to_user_mode_loop
\t          10acb3 __libc_sendto

\tffffffff81000130 asm_sysvec_apic_timer_interrupt
\t          10acb3 [unknown]

\t    7f1200acb3aa _PyEval_EvalFrameDefault
\t               0 [unknown]
"""

COUNTS = """# started on Fri Nov 27 23:02:35 2026

131124,,syscalls:sys_enter_recvfrom,820948736,100.00,,
7,,syscalls:sys_enter_getpid,820958510,100.00,,
<not counted>,,syscalls:sys_enter_futex,0,100.00,,
"""

SEEN = Seen(
    micros={"supervisor": 1.0, "resolver": 20.0, "recorder": 5.0},
    resolver=Stacks(50, {"sendto": 40, INTERRUPTS: 10}),
    recorder=Stacks(80, {"pwrite64": 20}),
    files={"/x/safedns/server/udp.py": 30, "/x/safedns/memo.py": 10, "/usr/lib/asyncio/events.py": 10},
    calls={"sendto": 1.0, "getpid": 0.001},
)


def test_a_sample_belongs_to_the_program_the_call_it_is_in_or_to_what_came_between() -> None:
    assert stacks(SCRIPT) == Stacks(1, {"sendto": 1, SWITCHED: 1, INTERRUPTS: 1})


def test_nothing_sampled_is_nothing() -> None:
    assert stacks("") == Stacks(0, {})


def test_calls_are_counted_by_name() -> None:
    assert counted(COUNTS) == {"recvfrom": 131124, "getpid": 7}


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("/venv/lib/python3.11/asyncio/events.py", "event loop"),
        ("/here/safedns/resolve/upstream/udp.py", "upstream: sockets and matching"),
        ("/here/safedns/resolve/cache.py", "resolver: cache, flights, strategy"),
        ("/here/safedns/pipeline.py", "pipeline and the rest"),
        ("", "pipeline and the rest"),
    ],
)
def test_each_file_has_a_part(file: str, name: str) -> None:
    assert group(file) == name


def test_user_time_is_divided_by_module_and_kernel_time_by_call() -> None:
    divided = parts(SEEN)
    assert divided["kernel: sendto"] == pytest.approx(8.0)
    assert divided["Python: memo"] == pytest.approx(2.0)
    assert divided["recorder: kernel"] == pytest.approx(1.0)
    assert divided["supervisor"] == 1.0


numbers = st.dictionaries(st.sampled_from(["sendto", "recvfrom", SWITCHED]), st.integers(0, 1000))


@given(
    st.builds(Stacks, st.integers(0, 1000), numbers),
    st.builds(Stacks, st.integers(0, 1000), numbers),
    st.dictionaries(st.sampled_from(["/safedns/memo.py", "/asyncio/events.py", ""]), st.integers(0, 50)),
)
def test_the_parts_add_up_to_the_whole(resolver: Stacks, recorder: Stacks, files: dict[str, int]) -> None:
    seen = SEEN._replace(resolver=resolver, recorder=recorder, files=files)
    assert sum(parts(seen).values()) == pytest.approx(sum(seen.micros.values()))


def test_the_table_goes_from_the_kernel_to_the_other_processes_and_ends_with_the_whole() -> None:
    table = rows({"cached": SEEN, "miss": SEEN})
    names = [row[0] for row in table]
    assert table[0] == ["part", "cached", "miss"]
    assert names.index("kernel: sendto") < names.index("Python: memo") < names.index("supervisor")
    assert table[-1] == ["all", "26.0", "26.0"]


def test_calls_that_cost_little_everywhere_are_put_together() -> None:
    cheap = SEEN._replace(resolver=Stacks(50, {"sendto": 49, "getpid": 1}))
    names = [row[0] for row in rows({"cached": cheap._replace(micros={**SEEN.micros, "resolver": 10.0})})]
    assert f"kernel: {OTHER_CALLS}" in names
    assert "kernel: getpid" not in names


def test_rare_calls_are_not_shown() -> None:
    assert call_rows({"cached": SEEN}) == [["call", "cached"], ["sendto", "1.00"]]


@pytest.mark.parametrize("markdown", [True, False])
def test_the_report_holds_both_tables_facts_and_remarks(markdown: bool) -> None:
    text = render({"cached": SEEN}, ["machine: a small one"], ["odd"], markdown=markdown)
    for wanted in ("26.0", "1.00", "cached 50", "machine: a small one", "odd"):
        assert wanted in text
