"""CPU per query, memory and start time of safedns beside other resolvers, in one run on one machine.

    dnsperf --> system under test --> upstream (answers any name; its CPU is not counted)
    each round: start every system | for each workload: each system in turn | read memory | stop

CPU is what counts on a shared machine: answers per second measure the neighbours too. Every system filters the same
names, caches, and logs every query. Run it with ``python -m tests.bench.compare --help``.

    names     the names that are filtered, and the queries of each workload      pure but for reading lists
    site      where a system runs, and with what                                 values
    peers     the other resolvers' configurations                                pure
    systems   how each system is prepared, started and found
    dnsperf   the load, and what dnsperf says about it
    process   start, stop, CPU and memory of a process tree (Linux ``/proc``)
    stand     the upstream and the systems that were started
    measure   the rounds
    table     medians and text                                                   pure
    upstream  the answering server, a process of its own
"""
