-- What holds only for now, and who said so: a parent's overrides, extra minutes, and minutes of use.
-- A target is a kind (internet, service, category, name) and its id or canonical name, empty for internet.

CREATE TABLE override (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    profile     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('pause', 'grant', 'block')),
    target_kind TEXT NOT NULL,
    target      TEXT NOT NULL,
    -- Seconds since the epoch; half-open.
    start       REAL NOT NULL,
    until       REAL NOT NULL CHECK (until > start),
    made_by     TEXT NOT NULL,
    why         TEXT NOT NULL,
    -- Set where it was ended before its time.
    ended_at    REAL,
    ended_by    TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX override_by_until ON override (until);

CREATE TABLE bonus (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    profile     TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target      TEXT NOT NULL,
    -- The child's local day that it counts for, YYYY-MM-DD.
    day         TEXT NOT NULL,
    seconds     INTEGER NOT NULL CHECK (seconds > 0),
    made_at     REAL NOT NULL,
    made_by     TEXT NOT NULL,
    why         TEXT NOT NULL
) STRICT;
CREATE INDEX bonus_by_day ON bonus (day);

-- Minutes of use, gaps bridged: from first to last, both included, in minutes since the epoch.
CREATE TABLE usage (
    profile     TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (profile, target_kind, target, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_last ON usage (last);

-- The evidence: which names made a minute count; only of profiles whose log keeps names.
CREATE TABLE usage_name (
    profile     TEXT    NOT NULL,
    target_kind TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    minute      INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    PRIMARY KEY (profile, target_kind, target, minute, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_name_by_minute ON usage_name (minute);
