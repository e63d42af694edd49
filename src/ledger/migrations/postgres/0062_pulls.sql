-- Who reads a source holds a lease; a pull whose process died is begun again by another.
ALTER TABLE schedule_run ADD COLUMN lease_until BIGINT;
ALTER TABLE schedule_run ADD COLUMN starts BIGINT NOT NULL DEFAULT 1;
