"""The DNS wire format: bytes <-> values. Pure functions; no socket, no clock, no policy.

    packet ---query.decode_query--> Query ---------------+
                                      |                  +--reply.build_reply--> packet for the client
                                      |        Answer ---+
                                      |          ^
              request.upstream_request|          |answer.decode_answer
                                      v          |
                                   packet to and from an upstream

``names`` holds the one canonical form of a name, ``records`` finds records by position, ``edns`` has the options
between us and an upstream, ``stream`` frames messages on TCP, ``types`` are the registered numbers. Nothing but
``WireError`` comes out of reading foreign bytes.
"""
