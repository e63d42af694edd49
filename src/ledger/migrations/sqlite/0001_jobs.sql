-- Times are milliseconds since 1970-01-01T00:00:00Z, read from this database's own clock.

CREATE TABLE job (
    id               TEXT    NOT NULL PRIMARY KEY,
    kind             TEXT    NOT NULL,
    edition          TEXT    NOT NULL,
    file_name        TEXT    NOT NULL,
    state            TEXT    NOT NULL
                     CHECK (state IN ('accepted', 'running', 'succeeded', 'failed', 'dead', 'cancelled')),
    fence            INTEGER NOT NULL DEFAULT 0,
    starts           INTEGER NOT NULL DEFAULT 0 CHECK (starts >= 0),
    accepted_at      INTEGER NOT NULL,
    changed_at       INTEGER NOT NULL,
    not_before       INTEGER NOT NULL,
    lease_until      INTEGER,
    leased_by        TEXT,
    rung_at          INTEGER,
    ring_no          INTEGER NOT NULL DEFAULT 0,
    order_sha256     TEXT    NOT NULL,
    findings         TEXT    NOT NULL,
    failure          TEXT,
    artifact_sha256  TEXT,
    artifact_size    INTEGER,
    artifact_pages   INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'succeeded') = (artifact_sha256 IS NOT NULL)),
    CHECK (state NOT IN ('failed', 'dead') OR failure IS NOT NULL),
    CHECK (rung_at IS NULL OR state IN ('accepted', 'running'))
) STRICT;

-- What the dispatcher scans each second: covering, so that waiting jobs that are not due cost no row reads.
CREATE INDEX job_waiting  ON job (accepted_at, id, not_before, rung_at) WHERE state = 'accepted';
CREATE INDEX job_leased   ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_rung     ON job (rung_at) WHERE rung_at IS NOT NULL;
CREATE INDEX job_artifact ON job (artifact_sha256) WHERE artifact_sha256 IS NOT NULL;

-- The print order apart, so that listings stay small.
CREATE TABLE job_order (
    job_id TEXT NOT NULL PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    body   TEXT NOT NULL
) STRICT;

CREATE TABLE attempt (
    job_id     TEXT    NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    fence      INTEGER NOT NULL,
    worker     TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    detail     TEXT,
    PRIMARY KEY (job_id, fence)
) STRICT, WITHOUT ROWID;

-- One row per change, without personal data; outlives its job.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    job_id TEXT    NOT NULL,
    action TEXT    NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX audit_by_job ON audit (job_id, id);

-- How many jobs stand in each state, kept by the triggers below in the same transaction as the change.
CREATE TABLE job_count (
    state TEXT    NOT NULL PRIMARY KEY,
    jobs  INTEGER NOT NULL CHECK (jobs >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO job_count (state, jobs)
VALUES ('accepted', 0), ('running', 0), ('succeeded', 0), ('failed', 0), ('dead', 0), ('cancelled', 0);

CREATE TRIGGER job_counted_in AFTER INSERT ON job BEGIN
    UPDATE job_count SET jobs = jobs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER job_counted_over AFTER UPDATE OF state ON job WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE state = OLD.state;
    UPDATE job_count SET jobs = jobs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER job_counted_out AFTER DELETE ON job BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE state = OLD.state;
END;
