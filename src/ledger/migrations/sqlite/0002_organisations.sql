-- Organisations, tries, erasure, idempotency, and the audit's chain.

ALTER TABLE job ADD COLUMN organisation TEXT NOT NULL DEFAULT 'local';
-- Passing failures in a row; the starts they took were given back.
ALTER TABLE job ADD COLUMN tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0);
ALTER TABLE job ADD COLUMN request_erased_at INTEGER;
ALTER TABLE job ADD COLUMN paper_erased_at INTEGER;

-- What the dispatcher scans for each organisation: covering, so that waiting jobs that are not due cost no row reads.
DROP INDEX job_waiting;
CREATE INDEX job_waiting ON job (organisation, accepted_at, id, not_before, rung_at) WHERE state = 'accepted';
CREATE INDEX job_oldest  ON job (accepted_at) WHERE state = 'accepted';
CREATE INDEX job_listed  ON job (organisation, id);
CREATE INDEX job_in_state ON job (state, id);
-- Asked before a file is removed: whether a job may be about to make the same one.
CREATE INDEX job_in_work ON job (order_sha256) WHERE state IN ('accepted', 'running');
CREATE INDEX job_ended ON job (changed_at) WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled');
-- What the retention sweep scans; a row leaves its index when its data are erased.
CREATE INDEX job_request_kept ON job (changed_at)
    WHERE state IN ('succeeded', 'failed', 'dead', 'cancelled') AND request_erased_at IS NULL;
CREATE INDEX job_paper_kept ON job (changed_at)
    WHERE state = 'succeeded' AND paper_erased_at IS NULL;

-- Counts by organisation. A store with several writers gives each its own slot; the sum is what counts.
DROP TRIGGER job_counted_in;
DROP TRIGGER job_counted_over;
DROP TRIGGER job_counted_out;
DROP TABLE job_count;
CREATE TABLE job_count (
    organisation TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    slot         INTEGER NOT NULL,
    jobs         INTEGER NOT NULL,
    PRIMARY KEY (organisation, state, slot)
) STRICT, WITHOUT ROWID;
INSERT INTO job_count (organisation, state, slot, jobs)
SELECT organisation, state, 0, count(*) FROM job GROUP BY organisation, state;

CREATE TRIGGER job_counted_in AFTER INSERT ON job BEGIN
    INSERT INTO job_count (organisation, state, slot, jobs) VALUES (NEW.organisation, NEW.state, 0, 1)
    ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_counted_over AFTER UPDATE OF state ON job WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE organisation = OLD.organisation AND state = OLD.state AND slot = 0;
    INSERT INTO job_count (organisation, state, slot, jobs) VALUES (NEW.organisation, NEW.state, 0, 1)
    ON CONFLICT (organisation, state, slot) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_counted_out AFTER DELETE ON job BEGIN
    UPDATE job_count SET jobs = jobs - 1 WHERE organisation = OLD.organisation AND state = OLD.state AND slot = 0;
END;

-- Keys of requests that may be repeated; hashes only.
CREATE TABLE idempotency (
    organisation TEXT    NOT NULL,
    key_sha256   TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    job_id       TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (organisation, key_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency (expires_at);

-- A row is sealed into the chain soon after it was written: seq is its place, hash covers it and the hash before.
ALTER TABLE audit ADD COLUMN organisation TEXT NOT NULL DEFAULT 'local';
ALTER TABLE audit ADD COLUMN seq INTEGER;
ALTER TABLE audit ADD COLUMN hash TEXT;
CREATE UNIQUE INDEX audit_chain ON audit (seq) WHERE seq IS NOT NULL;
CREATE INDEX audit_unsealed ON audit (id) WHERE seq IS NULL;
CREATE INDEX audit_by_organisation ON audit (organisation, id);
