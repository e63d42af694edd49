//! A picture of the whole ledger at one moment, taken while others write; and a ledger made of such a picture.
//!
//! SQLite copies itself (`VACUUM INTO`). PostgreSQL is read in one repeatable-read transaction, row by row as JSON: that
//! needs no superuser, no program of the server's release on this host, and no list of tables that could be forgotten.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row, any::AnyPoolOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::{
    Ledger, LedgerError, Place, Start,
    change::{self, Note},
    connect,
    dialect::Dialect,
    leases::withdrawn,
    rows,
};
use crate::job::{JobId, state::JobEvent};

/// Which store a picture was taken of; it can be put back into that one only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    /// The store at this place.
    pub fn of(place: &Place) -> Self {
        match place.dialect() {
            Dialect::Sqlite => Self::Sqlite,
            #[cfg(test)]
            Dialect::Simulated => Self::Sqlite,
            Dialect::Postgres => Self::Postgres,
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A file of the archive that the ledger names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What is in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub store: Store,
    /// Version of the schema.
    pub schema: i64,
    /// Every file that it names.
    pub papers: Vec<Named>,
}

/// Why a picture was not taken, or no ledger could be made of it.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
    #[error("{path:?}: {source}")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// SQLite finds its own file broken.
    #[error("the ledger's file is damaged: {0}")]
    Damaged(String),
    /// A picture of one store cannot be put into the other.
    #[error("the picture is of {}, the ledger is {}", .picture.name(), .place.name())]
    OtherStore { picture: Store, place: Store },
    /// There is a ledger already.
    #[error("there is a ledger at the place already")]
    Taken,
    /// The picture cannot be read.
    #[error("line {line} of the picture cannot be read")]
    Unreadable { line: usize },
}

impl From<sqlx::Error> for SnapshotError {
    fn from(error: sqlx::Error) -> Self {
        Self::Ledger(error.into())
    }
}

/// One line of a picture of PostgreSQL.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    table: String,
    row: serde_json::Value,
}

/// Files that the ledger names: those of papers that are not erased.
const NAMED: &str = "SELECT artifact_sha256 AS sha256, max(artifact_size) AS size FROM job \
                     WHERE artifact_sha256 IS NOT NULL AND paper_erased_at IS NULL AND artifact_sha256 > $1 \
                     GROUP BY artifact_sha256 ORDER BY artifact_sha256 LIMIT $2";
const PAGE: i64 = 1_000;
/// Tables of ours, those first that others refer to.
const TABLES: &str = "SELECT CAST(c.relname AS TEXT) AS name FROM pg_class AS c \
                      JOIN pg_namespace AS n ON n.oid = c.relnamespace \
                      WHERE n.nspname = current_schema() AND c.relkind = 'r' ORDER BY c.relname";
const REFERENCES: &str = "SELECT CAST(a.relname AS TEXT) AS referring, CAST(b.relname AS TEXT) AS referred \
                          FROM pg_constraint AS k JOIN pg_class AS a ON a.oid = k.conrelid \
                          JOIN pg_class AS b ON b.oid = k.confrelid JOIN pg_namespace AS n ON n.oid = k.connamespace \
                          WHERE k.contype = 'f' AND n.nspname = current_schema()";
/// The version of the schema is a step's business, not a row's.
const SCHEMA_TABLE: &str = "ledger_schema";

impl Ledger {
    /// A page of the files that the ledger names, after `after` (begin with an empty text), in order.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn named_after(&self, after: &str) -> Result<Vec<Named>, LedgerError> {
        let mut connection = self.inner.readers.acquire().await?;
        named_after(&mut connection, after).await
    }

    /// Writes a picture of the ledger into the file `into`, which must not exist, while others go on writing.
    ///
    /// # Errors
    /// [`SnapshotError`]; what stands in the file then is nothing.
    pub async fn snapshot(&self, into: &Path) -> Result<Snapshot, SnapshotError> {
        match self.inner.dialect {
            Dialect::Sqlite => self.copy_file(into).await,
            #[cfg(test)]
            Dialect::Simulated => self.copy_file(into).await,
            Dialect::Postgres => self.write_rows(into).await,
        }
    }

    async fn copy_file(&self, into: &Path) -> Result<Snapshot, SnapshotError> {
        let path = into.to_str().ok_or_else(|| LedgerError::NotAFile(into.to_owned()))?;
        sqlx::query("VACUUM INTO $1").bind(path).execute(&self.inner.readers).await?;
        let copy = open_picture(into).await?;
        let mut connection = copy.acquire().await?;
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *connection).await?;
        if sound != "ok" {
            return Err(SnapshotError::Damaged(sound));
        }
        let schema = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
        let papers = every_named(&mut connection).await?;
        drop(connection);
        copy.close().await;
        Ok(Snapshot { store: Store::Sqlite, schema, papers })
    }

    async fn write_rows(&self, into: &Path) -> Result<Snapshot, SnapshotError> {
        let cannot = |source| SnapshotError::File { path: into.to_owned(), source };
        let mut out = BufWriter::new(tokio::fs::File::create_new(into).await.map_err(cannot)?);
        let mut tx = self.inner.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let patient = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
        sqlx::raw_sql(patient).execute(&mut *tx).await?;
        let schema = sqlx::query_scalar("SELECT max(version) FROM ledger_schema").fetch_one(&mut *tx).await?;
        for table in tables(&mut tx).await? {
            // A name out of the catalogue, in quotes.
            let rows = format!("SELECT CAST(to_jsonb(t) AS TEXT) AS line FROM {} AS t", quoted(&table));
            let mut rows = sqlx::query(AssertSqlSafe(rows)).fetch(&mut *tx);
            let name = serde_json::Value::from(table.as_str());
            while let Some(row) = rows.try_next().await? {
                let row: &str = row.try_get("line")?;
                out.write_all(format!("{{\"table\":{name},\"row\":{row}}}\n").as_bytes()).await.map_err(cannot)?;
            }
        }
        let papers = every_named(&mut tx).await?;
        tx.rollback().await?;
        out.flush().await.map_err(cannot)?;
        Ok(Snapshot { store: Store::Postgres, schema, papers })
    }

    /// Whether there is no ledger at this place yet.
    ///
    /// # Errors
    /// [`LedgerError::Store`] when the server does not answer.
    pub async fn is_nowhere(place: &Place) -> Result<bool, LedgerError> {
        match place {
            Place::File(file) => Ok(!file.exists()),
            Place::Server(_) => {
                let pool = connect::bare_pool(place).await?;
                let tables = tables(&mut *pool.acquire().await?).await?;
                pool.close().await;
                Ok(tables.is_empty())
            }
        }
    }

    /// Puts a picture in the place of a ledger. There must be none yet. Jobs that ran when it was taken wait again, the
    /// start given back, no ring is out, and no event gets a number that was given since.
    ///
    /// # Errors
    /// [`SnapshotError`]; nothing stands at the place then.
    pub async fn put_back(place: &Place, picture: (&Path, Store, i64)) -> Result<(), SnapshotError> {
        let (path, store, schema) = picture;
        if store != Store::of(place) {
            return Err(SnapshotError::OtherStore { picture: store, place: Store::of(place) });
        }
        match place {
            Place::File(file) => put_back_file(path, file).await,
            Place::Server(_) => {
                put_back_rows(place, path, schema).await?;
                let ledger = Self::open(place.clone(), super::LedgerLimits::default()).await?;
                let taken_up = ledger.take_up_again().await;
                ledger.close().await;
                taken_up.map(drop).map_err(SnapshotError::from)
            }
        }
    }

    /// Takes back every lease and every ring and leaves out the numbers of events that may have been given since, for a ledger that no process has open. Returns how many jobs ran.
    async fn take_up_again(&self) -> Result<u64, LedgerError> {
        self.lift_numbers().await?;
        self.forget_rings().await?;
        let mut jobs = 0;
        loop {
            let mut tx = self.begin().await?;
            let running = sqlx::query("SELECT id FROM job WHERE state = 'running' ORDER BY id LIMIT $1")
                .bind(PAGE)
                .fetch_all(&mut *tx)
                .await?;
            let running = running.iter().map(rows::id).collect::<Result<Vec<JobId>, _>>()?;
            for &id in &running {
                let Some(before) = self.standing(&mut tx, id).await? else { continue };
                let (event, after, note) = if before.cancel_requested {
                    withdrawn(&before)
                } else {
                    let after = before.waiting(std::time::Duration::ZERO, Start::GivenBack);
                    (JobEvent::Release, after, Note { action: "restore", detail: None })
                };
                change::write(&mut tx, id, (&before, event, after), note).await?;
            }
            tx.commit().await?;
            jobs += running.len() as u64;
            if running.is_empty() {
                return Ok(jobs);
            }
        }
    }
}

async fn named_after(connection: &mut AnyConnection, after: &str) -> Result<Vec<Named>, LedgerError> {
    let page = sqlx::query(NAMED).bind(after).bind(PAGE).fetch_all(connection).await?;
    page.iter()
        .map(|row| Ok(Named { sha256: row.try_get("sha256")?, size: row.try_get::<i64, _>("size")?.unsigned_abs() }))
        .collect()
}

async fn every_named(connection: &mut AnyConnection) -> Result<Vec<Named>, LedgerError> {
    let mut named: Vec<Named> = Vec::new();
    loop {
        let after = named.last().map(|last| last.sha256.clone()).unwrap_or_default();
        let page = named_after(connection, &after).await?;
        if page.is_empty() {
            return Ok(named);
        }
        named.extend(page);
    }
}

/// A picture of SQLite, for reading.
async fn open_picture(path: &Path) -> Result<AnyPool, LedgerError> {
    let url = connect::sqlite_url(path)?.replace("mode=rwc", "mode=ro&immutable=true");
    let options = url.parse().map_err(|_its_text| LedgerError::NoPlace)?;
    Ok(AnyPoolOptions::new().max_connections(1).connect_with(options).await?)
}

/// Prepared beside its place, and there under its name complete or not at all.
async fn put_back_file(picture: &Path, file: &Path) -> Result<(), SnapshotError> {
    let cannot = |source| SnapshotError::File { path: file.to_owned(), source };
    if file.try_exists().map_err(cannot)? {
        return Err(SnapshotError::Taken);
    }
    let prepared = file.with_extension("restoring");
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(cannot)?;
    }
    tokio::fs::copy(picture, &prepared).await.map_err(cannot)?;
    let ledger = Ledger::open(prepared.as_path(), super::LedgerLimits::default()).await?;
    let taken_up = ledger.take_up_again().await;
    // Closing folds the write-ahead log into the file.
    ledger.close().await;
    taken_up?;
    tokio::fs::File::open(&prepared).await.map_err(cannot)?.sync_all().await.map_err(cannot)?;
    tokio::fs::rename(&prepared, file).await.map_err(cannot)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tokio::fs::File::open(folder).await.map_err(cannot)?.sync_all().await.map_err(cannot)
}

/// All rows in one transaction, into the schema of the day of the picture; later steps come when the ledger is opened.
async fn put_back_rows(place: &Place, picture: &Path, schema: i64) -> Result<(), SnapshotError> {
    let cannot = |source| SnapshotError::File { path: picture.to_owned(), source };
    let pool = connect::bare_pool(place).await?;
    let mut tx = pool.begin_with("BEGIN").await?;
    if !tables(&mut tx).await?.is_empty() {
        return Err(SnapshotError::Taken);
    }
    connect::build_postgres(&mut tx, schema).await?;
    // Triggers count and note what is put in; the counts are in the picture.
    let tables = tables(&mut tx).await?;
    for table in &tables {
        let quiet = format!("ALTER TABLE {} DISABLE TRIGGER USER", quoted(table));
        sqlx::raw_sql(AssertSqlSafe(quiet)).execute(&mut *tx).await?;
        // What a step put in is in the picture too.
        let empty = format!("DELETE FROM {}", quoted(table));
        sqlx::raw_sql(AssertSqlSafe(empty)).execute(&mut *tx).await?;
    }
    let mut lines = BufReader::new(tokio::fs::File::open(picture).await.map_err(cannot)?).lines();
    let mut number = 0;
    while let Some(line) = lines.next_line().await.map_err(cannot)? {
        number += 1;
        let line: Line = serde_json::from_str(&line).map_err(|_| SnapshotError::Unreadable { line: number })?;
        if !tables.contains(&line.table) {
            return Err(SnapshotError::Unreadable { line: number });
        }
        let table = quoted(&line.table);
        let put = format!(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::{table}, CAST($1 AS jsonb))"
        );
        sqlx::query(AssertSqlSafe(put)).bind(line.row.to_string()).execute(&mut *tx).await?;
    }
    for table in &tables {
        let loud = format!("ALTER TABLE {} ENABLE TRIGGER USER", quoted(table));
        sqlx::raw_sql(AssertSqlSafe(loud)).execute(&mut *tx).await?;
    }
    continue_sequences(&mut tx).await?;
    tx.commit().await?;
    pool.close().await;
    Ok(())
}

/// Numbers given by the server go on after the last that was given.
async fn continue_sequences(tx: &mut AnyConnection) -> Result<(), LedgerError> {
    let numbered = sqlx::query(
        "SELECT CAST(table_name AS TEXT) AS name, CAST(column_name AS TEXT) AS numbered FROM information_schema.columns \
         WHERE table_schema = current_schema() AND (is_identity = 'YES' OR column_default LIKE 'nextval(%')",
    )
    .fetch_all(&mut *tx)
    .await?;
    for row in numbered {
        let (table, column): (String, String) = (row.try_get("name")?, row.try_get("numbered")?);
        let (table, column) = (quoted(&table), quoted(&column));
        let go_on = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{}'), coalesce(max({column}), 0) + 1, false) FROM {table}",
            column.trim_matches('"')
        );
        sqlx::query(AssertSqlSafe(go_on)).execute(&mut *tx).await?;
    }
    Ok(())
}

async fn tables(tx: &mut AnyConnection) -> Result<Vec<String>, LedgerError> {
    let found = sqlx::query(TABLES).fetch_all(&mut *tx).await?;
    let mut left: Vec<String> = found.iter().map(|row| row.try_get("name")).collect::<Result<_, _>>()?;
    left.retain(|table| table != SCHEMA_TABLE);
    let references = sqlx::query(REFERENCES).fetch_all(&mut *tx).await?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for row in &references {
        pairs.push((row.try_get("referring")?, row.try_get("referred")?));
    }
    let mut ordered: Vec<String> = Vec::new();
    while !left.is_empty() {
        let is_free =
            |table: &String| !pairs.iter().any(|(from, to)| from == table && to != table && !ordered.contains(to));
        let (free, bound): (Vec<String>, Vec<String>) = left.into_iter().partition(is_free);
        if free.is_empty() {
            return Err(rows::unreadable("tables", "they refer to one another in a circle"));
        }
        ordered.extend(free);
        left = bound;
    }
    Ok(ordered)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
