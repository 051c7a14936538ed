-- How far each resolver's events are in the log, written together with them: what a recorder that was killed had read and
-- not written is then known to the next (safedns.record.link.Mark).
CREATE TABLE link (
    worker TEXT    NOT NULL PRIMARY KEY,
    sender INTEGER NOT NULL,
    events INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
