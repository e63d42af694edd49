-- The Department's lane: jobs of an organisation in it begin before others', every second time at most.
ALTER TABLE organisation ADD COLUMN lane TEXT NOT NULL DEFAULT 'common' CHECK (lane IN ('common', 'department'));
