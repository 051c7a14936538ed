"""How long answers take while the machine does other things: safedns, and other resolvers beside it.

    load (a process, on time) --> system under test --> upstream
    background: lists compiled again and again; the query log read again and again

The load is open: each query leaves when its time has come, whether earlier ones were answered or not, and its time
counts from that moment, so a stall is seen by all queries that fall into it. Run it with ``python -m
tests.bench.latency``.

    load        sends, and takes each answer's time of arrival from the kernel    a process of its own
    background  the other work
    measure     each system, path and rate, in each situation
    table       percentiles and text                                              pure
"""
