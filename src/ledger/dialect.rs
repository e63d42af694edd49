//! The few words in which the two stores differ. Every other statement is the same text for both.

use sqlx::AssertSqlSafe;

/// Which store holds the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    /// SQLite whose clock a test sets (see `tests::simulated`): apart from every other clock, so that nobody can take
    /// the time from elsewhere unseen.
    #[cfg(test)]
    Simulated,
}

impl Dialect {
    /// A statement of ours in this dialect. `{now}` is the store's clock in milliseconds, `{lock}` ends a SELECT whose
    /// rows the transaction is going to change, `{lock_free}` one that passes over rows another transaction holds, and
    /// `{each N}` stands for the strings in the JSON list bound as `$N`.
    pub(super) fn say(self, statement: &str) -> AssertSqlSafe<String> {
        let (now, lock, lock_free, each) = match self {
            // SQLite has one writer, and it holds the lock since its BEGIN IMMEDIATE.
            Dialect::Sqlite => ("CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)", "", "", SQLITE_EACH),
            #[cfg(test)]
            Dialect::Simulated => ("(SELECT moment FROM simulated_clock)", "", "", SQLITE_EACH),
            Dialect::Postgres => (
                "CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT)",
                " FOR UPDATE",
                " FOR UPDATE SKIP LOCKED",
                POSTGRES_EACH,
            ),
        };
        let mut said = statement.replace("{now}", now).replace("{lock}", lock).replace("{lock_free}", lock_free);
        while let Some(begin) = said.find("{each ") {
            let Some(length) = said[begin..].find('}') else { break };
            let number = said[begin + "{each ".len()..begin + length].to_owned();
            said.replace_range(begin..=begin + length, &each.replace("$N", &format!("${number}")));
        }
        // Only statements of this room come here; callers' values are bound.
        AssertSqlSafe(said)
    }

    /// Begins a transaction whose reads stay true until its writes: SQLite takes the write lock at once, PostgreSQL
    /// locks the rows that `{lock}` names.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            #[cfg(test)]
            Dialect::Simulated => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        }
    }

    /// Lets one transaction at a time past this point, until its end. SQLite's writers are one at a time anyway.
    pub(super) fn one_at_a_time(self) -> &'static str {
        match self {
            Dialect::Sqlite => "SELECT 1",
            #[cfg(test)]
            Dialect::Simulated => "SELECT 1",
            Dialect::Postgres => "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7310579846)) AS held",
        }
    }
}

const SQLITE_EACH: &str = "SELECT value FROM json_each($N)";
const POSTGRES_EACH: &str = "SELECT value FROM jsonb_array_elements_text(CAST($N AS jsonb))";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_said_in_both_dialects() {
        let statement = "UPDATE t SET a = {now} WHERE id IN ({each 12}) AND b IN (SELECT b FROM u{lock_free})";
        assert_eq!(
            Dialect::Sqlite.say(statement).0,
            "UPDATE t SET a = CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) \
             WHERE id IN (SELECT value FROM json_each($12)) AND b IN (SELECT b FROM u)"
        );
        assert_eq!(
            Dialect::Postgres.say(statement).0,
            "UPDATE t SET a = CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT) \
             WHERE id IN (SELECT value FROM jsonb_array_elements_text(CAST($12 AS jsonb))) \
             AND b IN (SELECT b FROM u FOR UPDATE SKIP LOCKED)"
        );
    }
}
