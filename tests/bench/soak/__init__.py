"""Half an hour in the life of a household, in which everything that can go wrong does, with books that must balance.

    load (a thread) --queries--> safedns serve --> upstreams (processes)
      `-> ledger                    |  `-> /metrics, querylog.db
    troubles, one after another: reloads, list updates, decisions, upstreams in trouble, kill -9
    after each the load holds its breath, and the books are balanced: ledger = metrics = rows + dropped

``python -m tests.bench.soak`` prints the tables of docs/operations.md; ``--minutes 1`` is run by the tests.
"""
