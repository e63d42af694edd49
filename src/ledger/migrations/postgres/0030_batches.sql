-- A batch holds what was asked for; how far it is follows from its jobs, so that nothing can drift.
CREATE TABLE batch (
    id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT   COLLATE "C" NOT NULL,
    accepted_at  BIGINT NOT NULL,
    -- JSON list: names and failures of requests that were left out.
    left_out     TEXT   NOT NULL
);
CREATE INDEX batch_listed ON batch (organisation, id);

CREATE TABLE batch_part (
    batch_id TEXT   COLLATE "C" NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    place    BIGINT NOT NULL,
    name     TEXT   NOT NULL,
    job_id   TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (batch_id, place)
);
CREATE INDEX batch_part_of_job ON batch_part (job_id);
