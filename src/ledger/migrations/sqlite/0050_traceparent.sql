-- Where the caller was in its trace when the job was accepted (W3C Trace Context).
ALTER TABLE job ADD COLUMN traceparent TEXT;
