-- A batch holds what was asked for; how far it is follows from its jobs, so that nothing can drift.
CREATE TABLE batch (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    accepted_at  INTEGER NOT NULL,
    -- JSON list: names and failures of requests that were left out.
    left_out     TEXT    NOT NULL
) STRICT;
CREATE INDEX batch_listed ON batch (organisation, id);

CREATE TABLE batch_part (
    batch_id TEXT    NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    job_id   TEXT    NOT NULL,
    PRIMARY KEY (batch_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_part_of_job ON batch_part (job_id);
