-- Which times of a schedule were answered, and how. One row for each, in the transaction of what was done.
CREATE TABLE schedule_run (
    organisation TEXT NOT NULL,
    schedule     TEXT NOT NULL,
    due_at       INTEGER NOT NULL,
    ran_at       INTEGER NOT NULL,
    outcome      TEXT NOT NULL,
    missing      TEXT NOT NULL,
    PRIMARY KEY (organisation, schedule, due_at)
) STRICT;
