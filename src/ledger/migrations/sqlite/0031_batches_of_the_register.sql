-- Batches of the register: what they were asked of, what holds their papers together, and which paper stands under which
-- key, so that one that is there is not made again. What a bloc sends beside a content.
ALTER TABLE submission ADD COLUMN beside TEXT;
ALTER TABLE batch ADD COLUMN outline TEXT;
ALTER TABLE batch ADD COLUMN subject TEXT;
ALTER TABLE batch ADD COLUMN missing TEXT NOT NULL DEFAULT '[]';
ALTER TABLE batch ADD COLUMN ended_at INTEGER;
ALTER TABLE batch_part ADD COLUMN paper_key TEXT;
-- 1 where the paper was there before the batch.
ALTER TABLE batch_part ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batch_of_subject ON batch (organisation, subject, id);
CREATE INDEX batch_part_of_key ON batch_part (paper_key);
-- JSON of an event that tells of no job.
ALTER TABLE event ADD COLUMN body TEXT;
