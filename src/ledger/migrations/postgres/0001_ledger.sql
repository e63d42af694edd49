-- The same tables as SQLite's after its last step. Times are milliseconds since 1970-01-01T00:00:00Z, read from this
-- database's own clock. Ids and words compare by bytes.

CREATE TABLE job (
    id               TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    organisation     TEXT   COLLATE "C" NOT NULL DEFAULT 'local',
    kind             TEXT   COLLATE "C" NOT NULL,
    edition          TEXT   NOT NULL,
    file_name        TEXT   NOT NULL,
    state            TEXT   COLLATE "C" NOT NULL
                     CHECK (state IN ('accepted', 'running', 'succeeded', 'failed', 'dead', 'cancelled')),
    fence            BIGINT NOT NULL DEFAULT 0,
    starts           BIGINT NOT NULL DEFAULT 0 CHECK (starts >= 0),
    tries            BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    accepted_at      BIGINT NOT NULL,
    changed_at       BIGINT NOT NULL,
    not_before       BIGINT NOT NULL,
    lease_until      BIGINT,
    leased_by        TEXT,
    rung_at          BIGINT,
    ring_no          BIGINT NOT NULL DEFAULT 0,
    order_sha256     TEXT   NOT NULL,
    findings         TEXT   NOT NULL,
    failure          TEXT,
    artifact_sha256  TEXT   COLLATE "C",
    artifact_size    BIGINT,
    artifact_pages   BIGINT,
    cancel_requested BIGINT NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    request_erased_at BIGINT,
    paper_erased_at  BIGINT,
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state = 'succeeded') = (artifact_sha256 IS NOT NULL)),
    CHECK (state NOT IN ('failed', 'dead') OR failure IS NOT NULL),
    CHECK (rung_at IS NULL OR state IN ('accepted', 'running'))
);
CREATE INDEX job_waiting  ON job (organisation, accepted_at, id, not_before, rung_at) WHERE state = 'accepted';
CREATE INDEX job_oldest   ON job (accepted_at) WHERE state = 'accepted';
CREATE INDEX job_leased   ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_rung     ON job (rung_at) WHERE rung_at IS NOT NULL;
CREATE INDEX job_artifact ON job (artifact_sha256) WHERE artifact_sha256 IS NOT NULL;
CREATE INDEX job_listed   ON job (organisation, id);
CREATE INDEX job_in_state ON job (state, id);
-- Asked before a file is removed: whether a job may be about to make the same one.
CREATE INDEX job_in_work ON job (order_sha256) WHERE state IN ('accepted', 'running');
CREATE INDEX job_ended    ON job (changed_at) WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled');
CREATE INDEX job_request_kept ON job (changed_at)
    WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled') AND request_erased_at IS NULL;
CREATE INDEX job_paper_kept ON job (changed_at) WHERE state = 'succeeded' AND paper_erased_at IS NULL;

CREATE TABLE job_order (
    job_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    body   TEXT NOT NULL
);

CREATE TABLE attempt (
    job_id     TEXT   COLLATE "C" NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    fence      BIGINT NOT NULL,
    worker     TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT,
    outcome    TEXT,
    detail     TEXT,
    PRIMARY KEY (job_id, fence)
);

CREATE TABLE audit (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           BIGINT NOT NULL,
    organisation TEXT   COLLATE "C" NOT NULL DEFAULT 'local',
    job_id       TEXT   COLLATE "C" NOT NULL,
    action       TEXT   NOT NULL,
    detail       TEXT,
    seq          BIGINT,
    hash         TEXT
);
CREATE INDEX audit_by_job ON audit (job_id, id);
CREATE UNIQUE INDEX audit_chain ON audit (seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_unsealed ON audit (id) WHERE seq IS NULL;
CREATE INDEX audit_by_organisation ON audit (organisation, id);

CREATE TABLE idempotency (
    organisation TEXT   COLLATE "C" NOT NULL,
    key_sha256   TEXT   COLLATE "C" NOT NULL,
    fingerprint  TEXT   NOT NULL,
    job_id       TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (organisation, key_sha256)
);
CREATE INDEX idempotency_expires ON idempotency (expires_at);

-- Each connection counts in a slot of its own, so that no two transactions wait for one another over a count; slots are
-- folded together now and then. A slot alone may be below zero, the sum is not.
CREATE TABLE job_count (
    organisation TEXT   COLLATE "C" NOT NULL,
    state        TEXT   COLLATE "C" NOT NULL,
    slot         BIGINT NOT NULL,
    jobs         BIGINT NOT NULL,
    PRIMARY KEY (organisation, state, slot)
);

CREATE FUNCTION count_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO job_count (organisation, state, slot, jobs)
        VALUES (OLD.organisation, OLD.state, pg_backend_pid(), -1)
        ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = job_count.jobs - 1;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO job_count (organisation, state, slot, jobs)
        VALUES (NEW.organisation, NEW.state, pg_backend_pid(), 1)
        ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = job_count.jobs + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER job_counted_in AFTER INSERT ON job FOR EACH ROW EXECUTE FUNCTION count_job();
CREATE TRIGGER job_counted_over AFTER UPDATE OF state ON job FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION count_job();
CREATE TRIGGER job_counted_out AFTER DELETE ON job FOR EACH ROW EXECUTE FUNCTION count_job();
