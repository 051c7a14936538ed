-- The query log, dictionary-coded: what repeats is stored once, so that one query is one small row.

-- Every distinct decision and answer (safedns.record.event.Outcome).
CREATE TABLE outcome (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL,
    profile  TEXT    NOT NULL,
    qtype    INTEGER NOT NULL,
    action   TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    rule     TEXT    NOT NULL,
    matched  TEXT    NOT NULL,
    category TEXT    NOT NULL,
    rcode    INTEGER NOT NULL,
    source   TEXT    NOT NULL,
    upstream TEXT    NOT NULL,
    protocol TEXT    NOT NULL,
    -- Hours since the epoch: no query row that uses this one is younger, so it may go when the hour is too old.
    seen     INTEGER NOT NULL
) STRICT;
CREATE INDEX outcome_by_name ON outcome (name, profile);
CREATE INDEX outcome_by_seen ON outcome (seen);

CREATE TABLE client (
    id      INTEGER PRIMARY KEY,
    address TEXT    NOT NULL,
    device  TEXT    NOT NULL,
    seen    INTEGER NOT NULL,
    UNIQUE (address, device)
) STRICT;

-- One row a query of log level "full". Not indexed by outcome: that would cost each insert more than the row itself.
CREATE TABLE query (
    id         INTEGER PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    client_id  INTEGER NOT NULL,
    outcome_id INTEGER NOT NULL,
    micros     INTEGER NOT NULL
) STRICT;
CREATE INDEX query_by_time ON query (at_ms);

-- Every recorded query, of log level "full" and "summary", counted by the hour and without its name.
CREATE TABLE rollup (
    hour     INTEGER NOT NULL,
    profile  TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    category TEXT    NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (hour, profile, action, reason, category)
) STRICT, WITHOUT ROWID;
