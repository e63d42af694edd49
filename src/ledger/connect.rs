//! Opens the database: settings on every connection, then the schema.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
};

use super::{LedgerError, dialect::Dialect};

/// Steps of SQLite's schema in order; step n brings the database to version n. Steps are never edited, only added.
const SQLITE_STEPS: &[&str] = &[
    include_str!("migrations/sqlite/0001_jobs.sql"),
    include_str!("migrations/sqlite/0002_organisations.sql"),
    include_str!("migrations/sqlite/0003_media_type.sql"),
    include_str!("migrations/sqlite/0010_access.sql"),
    include_str!("migrations/sqlite/0020_events.sql"),
    include_str!("migrations/sqlite/0040_register.sql"),
    include_str!("migrations/sqlite/0021_webhooks.sql"),
    include_str!("migrations/sqlite/0041_schedules.sql"),
    include_str!("migrations/sqlite/0030_batches.sql"),
    include_str!("migrations/sqlite/0050_traceparent.sql"),
    include_str!("migrations/sqlite/0060_lane.sql"),
    include_str!("migrations/sqlite/0061_register_erasure.sql"),
    include_str!("migrations/sqlite/0031_batches_of_the_register.sql"),
    include_str!("migrations/sqlite/0062_pulls.sql"),
];
/// The same for PostgreSQL, with versions of its own.
const POSTGRES_STEPS: &[&str] = &[
    include_str!("migrations/postgres/0001_ledger.sql"),
    include_str!("migrations/postgres/0002_media_type.sql"),
    include_str!("migrations/postgres/0010_access.sql"),
    include_str!("migrations/postgres/0020_events.sql"),
    include_str!("migrations/postgres/0040_register.sql"),
    include_str!("migrations/postgres/0021_webhooks.sql"),
    include_str!("migrations/postgres/0041_schedules.sql"),
    include_str!("migrations/postgres/0030_batches.sql"),
    include_str!("migrations/postgres/0050_traceparent.sql"),
    include_str!("migrations/postgres/0060_lane.sql"),
    include_str!("migrations/postgres/0061_register_erasure.sql"),
    include_str!("migrations/postgres/0031_batches_of_the_register.sql"),
    include_str!("migrations/postgres/0062_pulls.sql"),
];

/// Where PostgreSQL's version is written.
const SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS ledger_schema (version BIGINT NOT NULL PRIMARY KEY)";

/// How long a statement waits for another process's write lock, and a caller for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// A server that is away is said to be away before callers give up on us.
const POSTGRES_PATIENCE: Duration = Duration::from_secs(4);
const READERS: u32 = 4;
/// PostgreSQL has many writers; more than a few connections a process gain nothing.
const POSTGRES_WRITERS: u32 = 6;

/// FULL: an acknowledged job survives power loss. WAL with NORMAL may lose the last commits. What is erased is overwritten.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                               PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";
/// The same promise, and no statement, lock or forgotten transaction that holds others up for long.
const POSTGRES_SETTINGS: &str = "SET synchronous_commit = on; SET statement_timeout = '15s'; SET lock_timeout = '10s'; \
                                 SET idle_in_transaction_session_timeout = '30s'; \
                                 SET default_transaction_isolation = 'read committed';";

/// What stays as it is in the path of a `sqlite:` address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// Where the ledger lies.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file, for the processes of one host.
    File(PathBuf),
    /// The address of a PostgreSQL database, for several hosts. It may hold a password.
    Server(String),
}

impl Place {
    /// Reads the setting `ledger_url`: `postgres://…`, `sqlite:PATH`, or nothing for `ledger.sqlite` in the data folder.
    ///
    /// # Errors
    /// [`LedgerError::NoPlace`] for anything else.
    pub fn read(url: &str, data: &Path) -> Result<Self, LedgerError> {
        if url.is_empty() {
            return Ok(Self::File(data.join("ledger.sqlite")));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return match url.parse::<AnyConnectOptions>() {
                Ok(_address) => Ok(Self::Server(url.to_owned())),
                Err(_its_text_may_hold_a_password) => Err(LedgerError::NoPlace),
            };
        }
        match url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(_) | None => Err(LedgerError::NoPlace),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Place::File(_) => Dialect::Sqlite,
            Place::Server(_) => Dialect::Postgres,
        }
    }
}

impl<P: AsRef<Path>> From<P> for Place {
    fn from(path: P) -> Self {
        Self::File(path.as_ref().to_owned())
    }
}

/// For logs and `doctor`: the address without user, password and parameters.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => write!(f, "SQLite, {}", path.display()),
            Place::Server(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split('?').next().unwrap_or_default();
                write!(f, "PostgreSQL, {}", rest.rsplit('@').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The pool for writing and the pool for reading.
pub(super) async fn connect(place: &Place) -> Result<(AnyPool, AnyPool), LedgerError> {
    sqlx::any::install_default_drivers();
    let (url, writers) = match place {
        Place::File(path) => (sqlite_url(path)?, 1),
        Place::Server(url) => (url.clone(), POSTGRES_WRITERS),
    };
    let options: AnyConnectOptions = url.parse().map_err(|_its_text_may_hold_a_password| LedgerError::NoPlace)?;
    let options = options.disable_statement_logging();
    migrate(&options, place).await?;
    let writer = pool(place, writers).connect_with(options.clone()).await?;
    let readers = pool(place, READERS).connect_with(options).await?;
    Ok((writer, readers))
}

pub(super) fn sqlite_url(path: &Path) -> Result<String, LedgerError> {
    let text = path.to_str().filter(|text| !text.is_empty() && !text.contains(":memory:"));
    let Some(text) = text else { return Err(LedgerError::NotAFile(path.to_owned())) };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| LedgerError::Folder { folder: folder.to_owned(), source })?;
    }
    Ok(format!("sqlite:{}?mode=rwc", utf8_percent_encode(text, PATH)))
}

fn pool(place: &Place, connections: u32) -> AnyPoolOptions {
    let (settings, kept, patience) = match place {
        Place::File(_) => (SQLITE_SETTINGS, connections, PATIENCE),
        Place::Server(_) => (POSTGRES_SETTINGS, 1, POSTGRES_PATIENCE),
    };
    let options = AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(kept)
        .acquire_timeout(patience)
        .idle_timeout(None)
        .max_lifetime(None);
    options.after_connect(move |connection, _about| {
        Box::pin(async move {
            connection.execute(sqlx::raw_sql(settings)).await?;
            Ok(())
        })
    })
}

/// A pool of one connection to a server whose schema is left as it is.
pub(super) async fn bare_pool(place: &Place) -> Result<AnyPool, LedgerError> {
    sqlx::any::install_default_drivers();
    let Place::Server(url) = place else { return Err(LedgerError::NoPlace) };
    let options: AnyConnectOptions = url.parse().map_err(|_its_text_may_hold_a_password| LedgerError::NoPlace)?;
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    Ok(pool.connect_with(options.disable_statement_logging()).await?)
}

/// Makes PostgreSQL's tables as they were at a version, in a database without any.
pub(super) async fn build_postgres(tx: &mut AnyConnection, version: i64) -> Result<(), LedgerError> {
    let known = POSTGRES_STEPS.len() as i64;
    let newer = LedgerError::NewerSchema { found: version, known };
    let steps = usize::try_from(version).ok().and_then(|steps| POSTGRES_STEPS.get(..steps)).ok_or(newer)?;
    sqlx::raw_sql(SCHEMA_TABLE).execute(&mut *tx).await?;
    for step in steps {
        sqlx::raw_sql(*step).execute(&mut *tx).await?;
    }
    sqlx::query("INSERT INTO ledger_schema (version) VALUES ($1)").bind(version).execute(tx).await?;
    Ok(())
}

/// Brings the schema up to date, all steps in one transaction, on a connection of its own: a step may take long.
async fn migrate(options: &AnyConnectOptions, place: &Place) -> Result<(), LedgerError> {
    let dialect = place.dialect();
    let (steps, before, read) = match place {
        Place::File(_) => (SQLITE_STEPS, SQLITE_SETTINGS, "PRAGMA user_version"),
        Place::Server(_) => {
            (POSTGRES_STEPS, "SELECT 1", "SELECT coalesce(max(version), 0) AS version FROM ledger_schema")
        }
    };
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).connect_with(options.clone()).await?;
    pool.execute(sqlx::raw_sql(before)).await?;
    let mut tx = pool.begin_with(dialect.begin()).await?;
    if dialect == Dialect::Postgres {
        sqlx::query(dialect.one_at_a_time()).execute(&mut *tx).await?;
        sqlx::raw_sql(SCHEMA_TABLE).execute(&mut *tx).await?;
    }
    let found: i64 = sqlx::query_scalar(read).fetch_one(&mut *tx).await?;
    let known = steps.len() as i64;
    let done = usize::try_from(found).ok().filter(|&done| done <= steps.len());
    let Some(done) = done else { return Err(LedgerError::NewerSchema { found, known }) };
    for step in &steps[done..] {
        sqlx::raw_sql(*step).execute(&mut *tx).await?;
    }
    if done < steps.len() {
        // Neither pragma nor this needs a parameter; `known` is a number of ours.
        let written = match place {
            Place::File(_) => format!("PRAGMA user_version = {known}"),
            Place::Server(_) => format!("INSERT INTO ledger_schema (version) VALUES ({known})"),
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(written)).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    pool.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_names_a_place_and_a_password_is_never_shown() {
        let data = Path::new("/data");
        assert_eq!(Place::read("", data).unwrap(), Place::File("/data/ledger.sqlite".into()));
        assert_eq!(Place::read("sqlite:/tmp/Sổ việc.sqlite", data).unwrap(), Place::File("/tmp/Sổ việc.sqlite".into()));
        assert_eq!(Place::read("sqlite:///tmp/a", data).unwrap(), Place::File("/tmp/a".into()));
        let server = Place::read("postgres://ai:mat-khau@db.tinh.vn:5433/so?sslmode=verify-full", data).unwrap();
        assert_eq!(server.to_string(), "PostgreSQL, db.tinh.vn:5433/so");
        assert_eq!(format!("{server:?}"), server.to_string());
        for wrong in ["sqlite:", "mysql://a/b", "ledger.sqlite", "postgres://[::1/x"] {
            assert!(matches!(Place::read(wrong, data), Err(LedgerError::NoPlace)), "{wrong}");
        }
    }
}
