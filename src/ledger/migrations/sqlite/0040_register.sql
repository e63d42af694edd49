-- The register of a province. Every change is a new version; nothing is overwritten.
CREATE TABLE register_entry (
    organisation TEXT NOT NULL,
    sort         TEXT NOT NULL,
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    body         TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    written_at   INTEGER NOT NULL,
    written_by   TEXT NOT NULL,
    PRIMARY KEY (organisation, sort, id, version)
) STRICT;

-- What a bloc sent for a period. An adjustment is a version that was sent after the period was closed.
CREATE TABLE submission (
    id           TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    period       TEXT NOT NULL,
    bloc         TEXT NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    kind         TEXT NOT NULL,
    content      TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    sent_at      INTEGER NOT NULL,
    sent_by      TEXT NOT NULL,
    adjustment   INTEGER,
    reason       TEXT,
    difference   TEXT,
    UNIQUE (organisation, period, bloc, version),
    CHECK ((adjustment IS NULL) = (reason IS NULL) AND (adjustment IS NULL) = (difference IS NULL))
) STRICT;
CREATE UNIQUE INDEX submission_adjustment ON submission (organisation, period, adjustment) WHERE adjustment IS NOT NULL;

-- A period whose figures are fixed. Once.
CREATE TABLE period_close (
    organisation TEXT NOT NULL,
    period       TEXT NOT NULL,
    closed_at    INTEGER NOT NULL,
    closed_by    TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    submissions  TEXT NOT NULL,
    missing      TEXT NOT NULL,
    PRIMARY KEY (organisation, period)
) STRICT;
