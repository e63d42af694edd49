-- Which times of a schedule were answered, and how. One row for each, in the transaction of what was done.
CREATE TABLE schedule_run (
    organisation TEXT COLLATE "C" NOT NULL,
    schedule     TEXT COLLATE "C" NOT NULL,
    due_at       BIGINT NOT NULL,
    ran_at       BIGINT NOT NULL,
    outcome      TEXT NOT NULL,
    missing      TEXT NOT NULL,
    PRIMARY KEY (organisation, schedule, due_at)
);
