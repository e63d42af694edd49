//! What is held of a person, by name: found, given out, erased; in jobs and in the register.
//!
//! The rule: a name comes in and goes nowhere: not into a log, not into an address, not into the audit. The audit keeps a
//! salted hash, so that who knows the name can prove that it was done.

mod elsewhere;

use serde::Serialize;
use serde_json::Value;
use tracing::info;
use uuid::Uuid;

use crate::{
    archive::Archive,
    failure::{Failure, FailureCode},
    fingerprint,
    job::{Job, JobId, JobState},
    ledger::EraseOutcome,
    retention::{self, Books},
    vietnamese,
};

pub use elsewhere::{Elsewhere, Spot, WrittenOver};

/// Characters of a name.
const LONGEST_NAME: usize = 200;

/// How exactly a name is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// Every letter and tone as given; capitals and blanks do not matter.
    Exact,
    /// Without tones and marks: what somebody typed in haste.
    Bare,
}

/// A name to look for.
#[derive(Clone)]
pub struct Name {
    /// Folded.
    text: String,
    likeness: Likeness,
}

/// What is said of the person at one place of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mention {
    /// Where, as JSON pointer into the stored request.
    pub pointer: String,
    /// Whether the name is the whole value there; else it stands inside a text.
    pub whole: bool,
    /// What is held beside it: the entry around a name, or the text that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Value>,
}

/// A job that holds something of the person.
#[derive(Debug, Clone, Serialize)]
pub struct Held {
    pub id: JobId,
    pub organisation: String,
    pub kind: String,
    pub state: JobState,
    pub accepted_at: chrono::DateTime<chrono::Utc>,
    /// Whether there is a paper too, which then holds the same.
    pub paper: bool,
    pub mentions: Vec<Mention>,
}

/// Everything that is held of the person.
#[derive(Debug, Clone, Serialize)]
pub struct HeldOf {
    /// Jobs, the oldest first.
    #[serde(rename = "data")]
    pub jobs: Vec<Held>,
    /// Beside jobs.
    pub elsewhere: Vec<Elsewhere>,
}

/// What became of it all.
#[derive(Debug, Clone, Serialize)]
pub struct ErasedOf {
    #[serde(rename = "data")]
    pub jobs: Vec<ErasedJob>,
    pub elsewhere: Vec<WrittenOver>,
}

/// What became of one job.
#[derive(Debug, Clone, Serialize)]
pub struct ErasedJob {
    pub id: JobId,
    /// False: the job has not ended; withdraw it first.
    pub erased: bool,
}

impl Name {
    /// # Errors
    /// For an empty text, or one that is no name.
    pub fn read(text: &str, likeness: Likeness) -> Result<Self, Failure> {
        let folded = fold(text, likeness);
        let letters = folded.chars().filter(|letter| letter.is_alphabetic()).count();
        if letters < 2 || text.chars().count() > LONGEST_NAME {
            return Err(Failure::new(
                FailureCode::BadParameter,
                "Họ tên cần tìm phải có từ 2 chữ cái đến 200 ký tự.",
                "a name has 2 letters to 200 characters",
            ));
        }
        Ok(Self { text: folded, likeness })
    }

    /// The proof for the audit: a salt, and the hash of salt and name.
    fn proof(&self) -> String {
        let salt = Uuid::now_v7().simple().to_string();
        proof_with(&salt, &self.text)
    }

    /// Every place of a request that has the name.
    fn mentions(&self, request: &Value) -> Vec<Mention> {
        let mut found = Vec::new();
        self.look((request, None), &mut String::new(), &mut found);
        found
    }

    fn look(&self, (value, around): (&Value, Option<&Value>), pointer: &mut String, found: &mut Vec<Mention>) {
        let length = pointer.len();
        match value {
            Value::String(text) => {
                let folded = fold(text, self.likeness);
                let whole = folded == self.text;
                if whole || holds_words(&folded, &self.text) {
                    let held = if whole { around.unwrap_or(value) } else { value };
                    found.push(Mention { pointer: pointer.clone(), whole, held: Some(held.clone()) });
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    pointer.push_str(&format!("/{index}"));
                    self.look((item, None), pointer, found);
                    pointer.truncate(length);
                }
            }
            Value::Object(entries) => {
                for (key, entry) in entries {
                    pointer.push('/');
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                    self.look((entry, Some(value)), pointer, found);
                    pointer.truncate(length);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// A name's text and likeness are nobody's business, also not a log's.
impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Name(…)")
    }
}

/// Everything that holds something of the person; without what it holds.
///
/// # Errors
/// When the ledger does not answer.
pub async fn find(books: Books<'_>, name: &Name) -> Result<HeldOf, Failure> {
    let mut found = export(books, name).await?;
    let in_jobs = found.jobs.iter_mut().flat_map(|held| &mut held.mentions);
    for mention in in_jobs.chain(found.elsewhere.iter_mut().flat_map(|held| &mut held.mentions)) {
        mention.held = None;
    }
    Ok(found)
}

/// As [`find`], with what it holds: the entry around each name, and each text that has it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn export(books: Books<'_>, name: &Name) -> Result<HeldOf, Failure> {
    Ok(HeldOf { jobs: in_jobs(books, name).await?, elsewhere: elsewhere::export(books, name).await? })
}

async fn in_jobs(books: Books<'_>, name: &Name) -> Result<Vec<Held>, Failure> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = books.requests_after(after).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.id);
        let name = name.clone();
        // Reading many requests takes processor; it does not belong on a thread that answers others.
        let read =
            tokio::task::spawn_blocking(move || page.iter().filter_map(|row| held(&name, row)).collect::<Vec<_>>());
        found.extend(read.await.map_err(|_| Failure::internal("the reading of stored requests panicked"))?);
    }
    Ok(found)
}

fn held(name: &Name, (job, body): &(Job, String)) -> Option<Held> {
    let request: Value = serde_json::from_str(body).ok()?;
    let mentions = name.mentions(&request);
    (!mentions.is_empty()).then(|| Held {
        id: job.id,
        organisation: job.organisation.clone(),
        kind: job.kind.clone(),
        state: job.state,
        accepted_at: job.accepted_at,
        paper: job.artifact.is_some() && job.paper_erased_at.is_none(),
        mentions,
    })
}

/// Erases request and paper of every ended job that holds something of the person, and writes over what is theirs
/// elsewhere; the audit says so of each.
///
/// # Errors
/// When ledger or archive do not answer; what was erased stays erased.
pub async fn erase(books: Books<'_>, archive: &Archive, name: &Name) -> Result<ErasedOf, Failure> {
    let mut told = Vec::new();
    for held in in_jobs(books, name).await? {
        let erased = match retention::erase(books, archive, held.id).await? {
            EraseOutcome::Erased(_) | EraseOutcome::AlreadyErased => true,
            EraseOutcome::NotEnded(_) => false,
            EraseOutcome::Unknown => continue,
        };
        if erased {
            books.note_person(held.id, &name.proof()).await?;
        }
        told.push(ErasedJob { id: held.id, erased });
    }
    let elsewhere = elsewhere::erase(books, name).await?;
    info!(jobs = told.len(), elsewhere = elsewhere.len(), "Data of a person were erased on demand");
    Ok(ErasedOf { jobs: told, elsewhere })
}

fn proof_with(salt: &str, text: &str) -> String {
    format!("person {salt} {}", fingerprint::of_all([salt.as_bytes(), text.as_bytes()]))
}

fn fold(text: &str, likeness: Likeness) -> String {
    match likeness {
        Likeness::Exact => vietnamese::fold_name(text),
        Likeness::Bare => vietnamese::without_marks(text),
    }
}

/// Whether the words stand in the text side by side, as words.
fn holds_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::{
        archive::BucketPlace,
        job::{Artifact, NewJob},
        ledger::{LeaseOutcome, Ledger, LedgerLimits},
    };

    fn pointers(name: &str, likeness: Likeness, request: &Value) -> Vec<(String, bool)> {
        let found = Name::read(name, likeness).unwrap().mentions(request);
        found.into_iter().map(|mention| (mention.pointer, mention.whole)).collect()
    }

    #[test]
    fn a_name_is_found_whole_and_inside_texts_and_not_inside_others() {
        let request = json!({"content": {
            "people": [{"name": "Nguyễn Thị Hoà", "born": "1980-01-02"}, {"name": "Nguyễn Thị Hoàn"}, {"name": "Nguyen Thi Hoa"}],
            "text": "Khen thưởng bà nguyễn  thị hòa, tổ 3.",
            "a/b": "NGUYỄN THỊ HÒA",
        }});
        let exact = pointers("Nguyễn Thị Hòa", Likeness::Exact, &request);
        let mut exact = exact;
        exact.sort();
        let expected = [("/content/a~1b", true), ("/content/people/0/name", true), ("/content/text", false)];
        assert_eq!(exact, expected.map(|(pointer, whole)| (pointer.to_owned(), whole)));
        assert_eq!(pointers("nguyen thi hoa", Likeness::Bare, &request).len(), 4);
        assert_eq!(pointers("Nguyen Thi Hoa", Likeness::Exact, &request).len(), 1);
    }

    #[test]
    fn what_is_held_is_the_entry_around_a_name_and_the_text_that_has_it() {
        let request =
            json!({"people": [{"name": "Y Ban", "born": "1980"}, {"name": "Khác"}], "text": "Bà Y Ban và ông Khác"});
        let found = Name::read("Y Ban", Likeness::Exact).unwrap().mentions(&request);
        let held: Vec<Value> = found.into_iter().filter_map(|mention| mention.held).collect();
        assert_eq!(held, [json!({"name": "Y Ban", "born": "1980"}), json!("Bà Y Ban và ông Khác")]);
    }

    #[tokio::test]
    async fn who_asks_does_not_learn_where_the_bucket_is() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
        // Nobody listens at port 1.
        let bucket = [
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "tdkt"),
            ("AWS_SECRET_ACCESS_KEY", "tdkt"),
        ];
        let environment = bucket.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let place = BucketPlace::read("s3://van-ban-mat/tinh", environment).unwrap().unwrap();
        let new = NewJob { order: json!({"name": "Y Ban"}).to_string(), ..NewJob::sample() };
        let id = ledger.accept(new).await.unwrap().id;
        let LeaseOutcome::Taken(lease) = ledger.lease(id, "w", Duration::from_secs(60)).await.unwrap() else {
            panic!("not taken")
        };
        let artifact = Artifact { sha256: "cd".repeat(32), size: 1, pages: 1 };
        assert!(ledger.succeed(&lease, &artifact).await.unwrap());
        let name = Name::read("Y Ban", Likeness::Exact).unwrap();
        let failure = erase((&ledger).into(), &Archive::in_bucket(&place).unwrap(), &name).await.unwrap_err();
        let told = serde_json::to_string(&failure).unwrap();
        assert_eq!(failure.code, FailureCode::StoreUnavailable);
        assert!(!told.contains("127.0.0.1") && !told.contains("van-ban-mat"), "{told}");
    }

    #[test]
    fn what_is_no_name_is_refused_and_a_name_is_never_shown() {
        for wrong in ["", " ", "12", "A", &"ă".repeat(201)] {
            assert!(Name::read(wrong, Likeness::Exact).is_err(), "{wrong}");
        }
        let name = Name::read("Trần Văn Bí Mật", Likeness::Exact).unwrap();
        assert_eq!(format!("{name:?}"), "Name(…)");
        let proofs = [name.proof(), name.proof()];
        assert_ne!(proofs[0], proofs[1], "salted");
        let salt = proofs[0].split(' ').nth(1).unwrap();
        assert_eq!(
            proofs[0],
            proof_with(salt, &vietnamese::fold_name("TRẦN VĂN BÍ MẬT")),
            "who knows the name can prove it"
        );
    }
}
