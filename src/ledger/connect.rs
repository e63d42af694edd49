//! Opens the database: settings on every connection, then the schema.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::LedgerError;

/// Steps of the schema in order; step n brings the database to version n + 1. Steps are never edited, only added.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_jobs.sql")];

/// How long a statement waits for another process's write lock, and a caller for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// The pool for writing (one connection) and the pool for reading.
pub(super) async fn connect(path: &Path) -> Result<(SqlitePool, SqlitePool), LedgerError> {
    let name = path.to_string_lossy();
    if name.is_empty() || name.contains(":memory:") {
        return Err(LedgerError::NotAFile(path.to_owned()));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| LedgerError::Folder { folder: folder.to_owned(), source })?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: an acknowledged job survives power loss. WAL with NORMAL may lose the last commits.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        .disable_statement_logging();
    let writer = pool(1).connect_with(options.clone()).await?;
    migrate(&writer).await?;
    let readers = pool(READERS).connect_with(options).await?;
    Ok((writer, readers))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Brings the schema up to date, all steps in one transaction. The version stands in the file's `user_version`.
async fn migrate(writer: &SqlitePool) -> Result<(), LedgerError> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await?;
    let known = MIGRATIONS.len() as i64;
    let done = usize::try_from(found).ok().filter(|&done| done <= MIGRATIONS.len());
    let Some(done) = done else { return Err(LedgerError::NewerSchema { found, known }) };
    for step in &MIGRATIONS[done..] {
        sqlx::raw_sql(*step).execute(&mut *tx).await?;
    }
    // A pragma takes no parameters; `known` is a number of ours.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {known}"))).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
