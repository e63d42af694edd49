-- What is told of each change of a job's state, written with the change. Soon after, one process at a time numbers what is
-- new: a reader that has seen number n will never see a smaller one for the first time.
CREATE TABLE event (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     TEXT    NOT NULL UNIQUE,
    organisation TEXT    NOT NULL,
    seq          INTEGER,
    at           INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    job_id       TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    sha256       TEXT,
    code         TEXT
) STRICT;
CREATE UNIQUE INDEX event_numbered ON event (organisation, seq) WHERE seq IS NOT NULL;
CREATE INDEX event_of_job     ON event (job_id, id);
CREATE INDEX event_unnumbered ON event (id) WHERE seq IS NULL;
CREATE INDEX event_old        ON event (at);

-- The last number given, so that numbers go on when old events are forgotten.
CREATE TABLE event_number (
    organisation TEXT    NOT NULL PRIMARY KEY,
    last         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
