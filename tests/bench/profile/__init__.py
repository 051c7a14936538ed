"""What the microseconds of a query are: the CPU time of every process of safedns, divided into parts that add up.

    whole    by process, from the kernel's accounting, with nothing else attached
    kernel   by system call, from perf's samples of the resolver and the recorder
    Python   by module, from a timer in the resolver that counts its user time

Only shares are taken from the samples, as sampling costs time itself. Run it with ``python -m tests.bench.profile``.

    inject   loaded by every Python process of the measured safedns: the timer
    measure  the loads, and the programs that watch
    parts    samples -> parts -> table                                            pure
"""
