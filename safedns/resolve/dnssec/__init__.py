"""DNSSEC validation of what upstreams say (RFC 4033 to 4035, 5155, 6840): only for who has turned it on.

    checker  asks upstreams for what is missing, makes the final answer        the only one with I/O and a clock
       '-- response  is this answer good? -- chain  whose keys count for a name? -- denial -- nsec, nsec3
                                      '------ signatures, keys ------'      records, work, verdict: values

All but ``checker`` is pure: what is missing is asked for by ``yield``. dnspython reads records and checks signatures.
Nothing here is imported where ``dnssec: {validate: off}``.
"""
