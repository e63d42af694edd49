//! Holds the books against each other after a fault: what callers were told, the ledger, the archive, the logs.
//!
//! Reads the tables by itself, with its own statements and its own drawing of a job's life, so that a mistake of the
//! ledger's code is not made twice. Says everything it finds, not the first.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, SystemTime},
};

use sqlx::{AnyPool, Row, any::AnyPoolOptions};
use tdkt_reports::{
    fingerprint,
    ledger::{Ledger, LedgerLimits, Place},
};

/// A file that no job names may lie so long: its job may be about to commit.
const UNNAMED: Duration = Duration::from_secs(3_600);

/// What callers asked for and were told.
#[derive(Debug, Default)]
pub struct Answers {
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// Ids that were answered, by the key of their request.
    by_key: BTreeMap<String, BTreeSet<String>>,
    /// Keys of requests that were sent and may or may not have been stored.
    unanswered: BTreeSet<String>,
}

impl Answers {
    /// A request is about to be sent under this key.
    pub fn asked(&self, key: &str) {
        self.told.lock().expect("not poisoned").unanswered.insert(key.to_owned());
    }

    /// It was accepted as this job.
    pub fn accepted(&self, key: &str, id: &str) {
        let mut told = self.told.lock().expect("not poisoned");
        told.unanswered.remove(key);
        told.by_key.entry(key.to_owned()).or_default().insert(id.to_owned());
    }

    /// Jobs that callers know of.
    pub fn ids(&self) -> BTreeSet<String> {
        self.told.lock().expect("not poisoned").by_key.values().flatten().cloned().collect()
    }

    fn unanswered(&self) -> usize {
        self.told.lock().expect("not poisoned").unanswered.len()
    }
}

/// Where everything lies after a fault.
pub struct Scene<'a> {
    /// The folder with `archive/`, and `ledger.sqlite` where `place` does not say otherwise.
    pub data: &'a Path,
    pub place: Option<&'a Place>,
    pub answers: &'a Answers,
    /// What the processes wrote to their logs.
    pub logs: &'a [String],
    /// Words of requests that may stand in no log.
    pub private: &'a [&'a str],
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    pub faults: Vec<String>,
    pub jobs: u64,
    pub by_state: BTreeMap<String, u64>,
    /// Leases taken in all; beyond the jobs they are renders begun again.
    pub leases: i64,
    /// Leases that ran out.
    pub expired: u64,
    /// From the beginning of a lease that ran out to its job's next lease, the longest.
    pub longest_recovery: Duration,
    pub papers: u64,
}

impl Findings {
    /// In one line.
    pub fn figures(&self) -> String {
        format!(
            "{} jobs {:?}, {} papers, {} renders begun again, {} leases ran out, longest recovery {:.1?}",
            self.jobs,
            self.by_state,
            self.papers,
            self.leases - i64::try_from(self.jobs).unwrap_or(i64::MAX),
            self.expired,
            self.longest_recovery
        )
    }
}

impl Scene<'_> {
    /// Panics with every fault; prints and returns the figures where there is none.
    pub fn check(&self) -> Findings {
        let findings = self.look();
        assert!(findings.faults.is_empty(), "{} faults:\n{}", findings.faults.len(), findings.faults.join("\n"));
        println!("invariants hold: {}", findings.figures());
        findings
    }

    /// Looks at everything.
    pub fn look(&self) -> Findings {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let place = self.place.cloned().unwrap_or_else(|| Place::from(self.data.join("ledger.sqlite")));
            // The chain is walked by the ledger: its hashes are its own.
            let ledger = Ledger::open(place.clone(), LedgerLimits::default()).await.expect("the ledger opens");
            let pool = AnyPoolOptions::new().max_connections(1).connect(&address(&place)).await.expect("connected");
            let mut findings = Findings::default();
            ledger.seal_audit().await.expect("sealed");
            let chain = ledger.verify_audit().await.expect("walked");
            let rows: i64 = number(&pool, "SELECT count(*) FROM audit").await;
            if chain.broken_at.is_some() || chain.rows != rows {
                findings.faults.push(format!("the audit's chain: {chain:?}, {rows} rows"));
            }
            ledger.close().await;
            let lives = lives(&pool).await;
            let papers = papers(self.data, &mut findings.faults);
            for life in &lives {
                life.check(&papers, &mut findings);
            }
            self.answers(&lives, &pool, &mut findings).await;
            counted(&lives, &pool, &mut findings.faults).await;
            unnamed(&lives, self.data, &papers, &mut findings.faults);
            self.logs(&mut findings.faults);
            pool.close().await;
            findings
        })
    }

    /// Accepted ⇒ there is the job; one key ⇒ one job; no job that nobody asked for.
    async fn answers(&self, lives: &[Life], pool: &AnyPool, findings: &mut Findings) {
        let stored: BTreeSet<&str> = lives.iter().map(|life| life.id.as_str()).collect();
        let told = self.answers.ids();
        for id in &told {
            if !stored.contains(id.as_str()) {
                findings.faults.push(format!("job {id} was answered for and is lost"));
            }
        }
        for (key, ids) in &self.answers.told.lock().expect("not poisoned").by_key {
            if ids.len() > 1 {
                findings.faults.push(format!("the key {key} became several jobs: {ids:?}"));
            }
        }
        let unasked = stored.len().saturating_sub(told.len());
        if unasked > self.answers.unanswered() {
            let unanswered = self.answers.unanswered();
            findings.faults.push(format!("{unasked} jobs nobody was told of, {unanswered} requests without an answer"));
        }
        let astray = "SELECT count(*) FROM idempotency WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.id = job_id)";
        let astray: i64 = number(pool, astray).await;
        let doubled = "SELECT count(*) FROM (SELECT job_id FROM idempotency GROUP BY job_id HAVING count(*) > 1) AS d";
        let doubled: i64 = number(pool, doubled).await;
        if (astray, doubled) != (0, 0) {
            findings.faults.push(format!("{astray} keys name no job, {doubled} jobs have several keys"));
        }
    }

    fn logs(&self, faults: &mut Vec<String>) {
        for (number, log) in self.logs.iter().enumerate() {
            for word in self.private.iter().filter(|word| log.contains(**word)) {
                faults.push(format!("log {number} tells {word:?}"));
            }
            if let Some(line) = log.lines().find(|line| line.contains("panicked at")) {
                faults.push(format!("log {number}: {line}"));
            }
        }
    }
}

/// A job's row, its attempts and its audit.
struct Life {
    id: String,
    state: String,
    fence: i64,
    starts: i64,
    tries: i64,
    failure: Option<String>,
    paper: Option<(String, i64)>,
    paper_erased: bool,
    /// fence, begun, ended, how
    attempts: Vec<(i64, i64, Option<i64>, Option<String>)>,
    /// In order.
    audit: Vec<String>,
}

async fn lives(pool: &AnyPool) -> Vec<Life> {
    let jobs = "SELECT id, state, fence, starts, tries, failure, artifact_sha256, artifact_size, \
                CAST(CASE WHEN paper_erased_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS erased FROM job ORDER BY id";
    let jobs = sqlx::query(jobs).fetch_all(pool).await.expect("jobs");
    let mut attempts: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let rows = "SELECT job_id, fence, started_at, ended_at, outcome FROM attempt ORDER BY job_id, fence";
    for row in sqlx::query(rows).fetch_all(pool).await.expect("attempts") {
        let attempt = (row.get("fence"), row.get("started_at"), row.get("ended_at"), row.get("outcome"));
        attempts.entry(row.get("job_id")).or_default().push(attempt);
    }
    let mut audit: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query("SELECT job_id, action FROM audit ORDER BY id").fetch_all(pool).await.expect("audit") {
        audit.entry(row.get("job_id")).or_default().push(row.get("action"));
    }
    let life = |row: &sqlx::any::AnyRow| {
        let id: String = row.get("id");
        let sha256: Option<String> = row.get("artifact_sha256");
        Life {
            state: row.get("state"),
            fence: row.get("fence"),
            starts: row.get("starts"),
            tries: row.get("tries"),
            failure: row.get("failure"),
            paper: sha256.map(|sha256| (sha256, row.get("artifact_size"))),
            paper_erased: row.get::<i64, _>("erased") != 0,
            attempts: attempts.remove(&id).unwrap_or_default(),
            audit: audit.remove(&id).unwrap_or_default(),
            id,
        }
    };
    jobs.iter().map(life).collect()
}

/// The drawing of a job's life, a second time, in the words of the audit. `exhaust` and `cancel` come from both.
fn after(state: &str, action: &str) -> Option<&'static str> {
    Some(match (state, action) {
        ("", "accept") => "accepted",
        ("accepted", "lease") => "running",
        ("running", "succeed") => "succeeded",
        ("running", "fail") => "failed",
        ("running", "retry" | "release" | "expire") => "accepted",
        ("accepted" | "running", "exhaust") => "dead",
        ("accepted" | "running", "cancel") => "cancelled",
        ("running", "cancel-request") => "running",
        ("failed" | "dead", "requeue") => "accepted",
        ("dead", "drop") => "cancelled",
        _ => return None,
    })
}

impl Life {
    fn check(&self, papers: &BTreeMap<String, u64>, findings: &mut Findings) {
        findings.jobs += 1;
        *findings.by_state.entry(self.state.clone()).or_default() += 1;
        findings.leases += self.fence;
        let mut fault = |what: String| findings.faults.push(format!("job {}: {what}", self.id));
        let (mut state, mut leases, mut given_back, mut ends) = ("", 0, 0, 0);
        for action in &self.audit {
            // What was erased, exported or made again is no change of state.
            let Some(next) = after(state, action) else {
                if !["erase", "read", "remove", "repair"].iter().any(|other| action.starts_with(other)) {
                    fault(format!("{action} from {state:?}: {:?}", self.audit));
                }
                continue;
            };
            leases += i64::from(action == "lease");
            given_back += i64::from(action == "release");
            ends += i64::from(matches!(next, "succeeded" | "failed" | "dead" | "cancelled"));
            if action == "requeue" {
                (given_back, ends) = (leases, 0);
            }
            state = next;
        }
        if state != self.state {
            fault(format!("stands in {}, the audit leads to {state:?}: {:?}", self.state, self.audit));
        }
        if !matches!(state, "succeeded" | "failed" | "dead" | "cancelled") || ends != 1 {
            fault(format!("{ends} ends, stands in {}", self.state));
        }
        let fences: Vec<i64> = self.attempts.iter().map(|attempt| attempt.0).collect();
        if leases != self.fence || fences != (1..=self.fence).collect::<Vec<_>>() {
            fault(format!("fence {}, {leases} leases in the audit, attempts {fences:?}", self.fence));
        }
        // The try that was one too many keeps its start: the job has ended.
        let counted = leases - given_back - self.tries;
        if self.starts != counted && !(state == "dead" && self.starts == counted + 1) {
            fault(format!("{} starts of {leases} leases, {given_back} given back, {} tries", self.starts, self.tries));
        }
        if let Some(open) = self.attempts.iter().find(|attempt| attempt.2.is_none()) {
            fault(format!("attempt {} has no end", open.0));
        }
        let successes = self.attempts.iter().filter(|attempt| attempt.3.as_deref() == Some("succeed")).count();
        if successes != usize::from(self.state == "succeeded") {
            fault(format!("{successes} attempts succeeded, it stands in {}", self.state));
        }
        match (&self.paper, self.state.as_str()) {
            (Some((sha256, size)), "succeeded") if !self.paper_erased => match papers.get(sha256) {
                Some(found) if i64::try_from(*found) == Ok(*size) => findings.papers += 1,
                found => fault(format!("its paper {sha256} of {size} bytes is in the archive as {found:?}")),
            },
            (Some(_), "succeeded") => {}
            (Some(_), _) | (None, "succeeded") => fault(format!("{} with the paper {:?}", self.state, self.paper)),
            (None, "failed" | "dead") if self.failure.is_none() => fault(format!("{} without a reason", self.state)),
            (None, _) => {}
        }
        for pair in self.attempts.windows(2) {
            let ((_, begun, ended, how), (_, next, ..)) = (&pair[0], &pair[1]);
            if ended.is_some_and(|ended| ended > *next) {
                findings.faults.push(format!("job {}: attempts overlap: {pair:?}", self.id));
            }
            if how.as_deref() == Some("expire") {
                findings.expired += 1;
                let took = Duration::from_millis(u64::try_from(next - begun).unwrap_or(0));
                findings.longest_recovery = findings.longest_recovery.max(took);
            }
        }
    }
}

/// The counts that the service answers with against the rows.
async fn counted(lives: &[Life], pool: &AnyPool, faults: &mut Vec<String>) {
    let rows = "SELECT state, CAST(sum(jobs) AS BIGINT) AS jobs FROM job_count GROUP BY state";
    let rows = sqlx::query(rows).fetch_all(pool).await.expect("counts");
    let kept = rows.iter().map(|row| (row.get::<String, _>("state"), row.get::<i64, _>("jobs")));
    let kept: BTreeMap<String, i64> = kept.filter(|(_, jobs)| *jobs != 0).collect();
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    lives.iter().for_each(|life| *found.entry(life.state.clone()).or_default() += 1);
    if kept != found {
        faults.push(format!("the counts say {kept:?}, the rows {found:?}"));
    }
}

/// Every file of the archive with its size; its name has to be the hash of its content.
fn papers(data: &Path, faults: &mut Vec<String>) -> BTreeMap<String, u64> {
    let mut papers = BTreeMap::new();
    for file in files(&data.join("archive/blobs")) {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let content = std::fs::read(&file).expect("read");
        // A paper, or the ZIP file of a dossier.
        let is_one = content.starts_with(b"%PDF-") || content.starts_with(b"PK\x03\x04");
        if fingerprint::of(&content) != name || !is_one {
            faults.push(format!("the file {name} is torn: {} bytes of something else", content.len()));
        }
        papers.insert(name, content.len() as u64);
    }
    papers
}

/// Files that no job names, and left-overs: allowed for an hour.
fn unnamed(lives: &[Life], data: &Path, papers: &BTreeMap<String, u64>, faults: &mut Vec<String>) {
    let named: BTreeSet<&str> = lives.iter().filter_map(|life| Some(life.paper.as_ref()?.0.as_str())).collect();
    let old = |path: &PathBuf| {
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
        modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).unwrap_or_default() > UNNAMED)
    };
    for name in papers.keys().filter(|name| !named.contains(name.as_str())) {
        if old(&data.join("archive/blobs").join(&name[..2]).join(name)) {
            faults.push(format!("the file {name} is no job's, for more than an hour"));
        }
    }
    faults.extend(
        files(&data.join("archive/tmp")).iter().filter(|file| old(file)).map(|file| format!("{file:?} is left over")),
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("listed").path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else {
            found.push(entry);
        }
    }
    found
}

async fn number(pool: &AnyPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.expect(statement)
}

fn address(place: &Place) -> String {
    match place {
        Place::File(path) => format!("sqlite:{}", path.display()),
        Place::Server(url) => url.clone(),
    }
}
