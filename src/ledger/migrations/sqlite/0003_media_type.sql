-- What a job ends in, known when it is accepted.
ALTER TABLE job ADD COLUMN media_type TEXT NOT NULL DEFAULT 'application/pdf';
