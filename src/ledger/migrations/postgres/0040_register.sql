-- The register of a province. Every change is a new version; nothing is overwritten.
CREATE TABLE register_entry (
    organisation TEXT COLLATE "C" NOT NULL,
    sort         TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    version      BIGINT NOT NULL CHECK (version > 0),
    body         TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    written_at   BIGINT NOT NULL,
    written_by   TEXT NOT NULL,
    PRIMARY KEY (organisation, sort, id, version)
);

-- What a bloc sent for a period. An adjustment is a version that was sent after the period was closed.
CREATE TABLE submission (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C" NOT NULL,
    period       TEXT COLLATE "C" NOT NULL,
    bloc         TEXT COLLATE "C" NOT NULL,
    version      BIGINT NOT NULL CHECK (version > 0),
    kind         TEXT NOT NULL,
    content      TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    sent_at      BIGINT NOT NULL,
    sent_by      TEXT NOT NULL,
    adjustment   BIGINT,
    reason       TEXT,
    difference   TEXT,
    UNIQUE (organisation, period, bloc, version),
    CHECK ((adjustment IS NULL) = (reason IS NULL) AND (adjustment IS NULL) = (difference IS NULL))
);
CREATE UNIQUE INDEX submission_adjustment ON submission (organisation, period, adjustment) WHERE adjustment IS NOT NULL;

-- A period whose figures are fixed. Once.
CREATE TABLE period_close (
    organisation TEXT COLLATE "C" NOT NULL,
    period       TEXT COLLATE "C" NOT NULL,
    closed_at    BIGINT NOT NULL,
    closed_by    TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    submissions  TEXT NOT NULL,
    missing      TEXT NOT NULL,
    PRIMARY KEY (organisation, period)
);
