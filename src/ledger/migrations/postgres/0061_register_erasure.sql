-- When something of a person was written over in a version. Its hash stays that of what was sent.
ALTER TABLE register_entry ADD COLUMN erased_at BIGINT;
ALTER TABLE submission ADD COLUMN erased_at BIGINT;
