//! Who is let in, and how often: keys checked against the ledger, wrong ones counted.
//!
//! The rule: the gate alone makes a [`Caller`]. What it knows of a key is never older than [`KNOWN_FOR`], so a revoked
//! key opens nothing after that, in every process.

mod buckets;
mod failures;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::warn;

use crate::{
    access::{Caller, KeyId, KeyText, Scope},
    failure::{Failure, FailureCode},
    ledger::{KnownKey, Ledger, LedgerError},
};
pub use buckets::Allowance;
use buckets::Buckets;
use failures::Failures;

/// How long a key is known without a look into the ledger.
const KNOWN_FOR: Duration = Duration::from_secs(2);
/// How often the use of a key is noted.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// Keys remembered at a time.
const MOST_KNOWN: usize = 10_000;
/// What no secret has for a hash; so that an unknown key takes as long as a wrong one.
const NO_SECRET: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a caller shows at the gate.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    Nothing,
    /// Nothing, from a program on this machine that speaks to it directly.
    NothingFromHere,
    /// The word behind `Bearer`.
    Bearer(&'a str),
    /// Something that is no bearer's key.
    Other,
}

/// Somebody who is let in.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub caller: Caller,
    /// Requests of the organisation in a minute, where it has a bound of its own.
    pub requests_per_minute: Option<u32>,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("no key was shown")]
    NoKey,
    /// Unknown, wrong, run out or revoked: which of these is nobody's business.
    #[error("the key opens nothing")]
    WrongKey,
    #[error("the key is not for use from this network")]
    WrongNetwork,
    #[error("too many wrong keys came from this address")]
    TooManyWrongKeys { again_after: Duration },
    #[error("the ledger failed: {0}")]
    Ledger(#[from] LedgerError),
}

/// The gate of one process. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ledger: Ledger,
    first_look: FirstLook,
    /// True once a key was seen; keys are never deleted.
    has_keys: AtomicBool,
    looked_for_keys: Mutex<Option<Instant>>,
    known: Mutex<HashMap<KeyId, Known>>,
    failures: Failures,
    buckets: Buckets,
    /// Where an organisation has no bound of its own.
    requests_per_minute: u32,
}

#[derive(Debug, Clone)]
struct Known {
    key: Arc<KnownKey>,
    read: Instant,
    noted: Option<Instant>,
}

impl Known {
    /// Whether the key was revoked or has run out.
    fn is_over(&self) -> bool {
        self.key.revoked || self.key.left.is_some_and(|left| self.read.elapsed() >= left)
    }
}

/// Who may come in without a key as long as there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstLook {
    /// A program on this machine.
    FromHere,
    /// Anybody: in a lab.
    FromAnywhere,
    Refused,
}

impl Gate {
    pub fn new(ledger: Ledger, first_look: FirstLook, requests_per_minute: u32) -> Self {
        Self {
            inner: Arc::new(Inner {
                ledger,
                first_look,
                has_keys: AtomicBool::new(false),
                looked_for_keys: Mutex::default(),
                known: Mutex::default(),
                failures: Failures::default(),
                buckets: Buckets::default(),
                requests_per_minute,
            }),
        }
    }

    /// Lets somebody in, or says why not.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn admit(&self, shown: Shown<'_>, from: IpAddr) -> Result<Admitted, Refused> {
        match shown {
            Shown::NothingFromHere | Shown::Nothing => {
                let welcome = match self.inner.first_look {
                    FirstLook::FromHere => matches!(shown, Shown::NothingFromHere),
                    FirstLook::FromAnywhere => true,
                    FirstLook::Refused => false,
                };
                if welcome && !self.has_keys().await? {
                    return Ok(Admitted { caller: Caller::at_this_machine(), requests_per_minute: None });
                }
                Err(Refused::NoKey)
            }
            Shown::Other => Err(self.wrong(from)),
            Shown::Bearer(text) => match text.parse::<KeyText>() {
                Ok(text) => self.check(&text, from).await,
                Err(_malformed) => Err(self.wrong(from)),
            },
        }
    }

    /// Whether somebody who was let in would be let in now. What takes long asks again and again.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub async fn still_admits(&self, caller: &Caller) -> Result<bool, LedgerError> {
        let Some(id) = caller.key() else {
            return Ok(self.inner.first_look != FirstLook::Refused && !self.has_keys().await?);
        };
        let known = lock(&self.inner.known).get(id).cloned().filter(|known| known.read.elapsed() < KNOWN_FOR);
        let known = match known {
            Some(known) => Some(known),
            None => self.look_up(id).await?,
        };
        Ok(known.is_some_and(|known| !known.is_over()))
    }

    /// Counts a request of somebody who was let in. Nobody counts on a first look.
    pub fn spend(&self, admitted: &Admitted) -> Option<Allowance> {
        let limit = admitted.requests_per_minute.unwrap_or(self.inner.requests_per_minute);
        let counts = admitted.caller.has_key();
        counts.then(|| self.inner.buckets.take(admitted.caller.organisation(), limit, Instant::now()))
    }

    async fn check(&self, text: &KeyText, from: IpAddr) -> Result<Admitted, Refused> {
        let Some(known) = self.known(&text.id, from).await? else {
            let _as_long_as_a_wrong_one = text.matches(NO_SECRET);
            return Err(self.wrong(from));
        };
        let key = &known.key;
        if !text.matches(&key.secret_sha256) || known.is_over() {
            return Err(self.wrong(from));
        }
        if !key.networks.admit(from) || !key.organisation_networks.admit(from) {
            return Err(Refused::WrongNetwork);
        }
        self.note_use(&known);
        let caller = Caller::with_key(key.organisation.clone(), key.scopes, key.id.clone());
        Ok(Admitted { caller, requests_per_minute: key.requests_per_minute })
    }

    /// What is known of a key: lately read, or read now. Who guesses too much causes no reading of keys never seen.
    async fn known(&self, id: &KeyId, from: IpAddr) -> Result<Option<Known>, Refused> {
        let before = lock(&self.inner.known).get(id).cloned();
        match &before {
            Some(known) if known.read.elapsed() < KNOWN_FOR => return Ok(before),
            None if self.inner.failures.left(from).is_none() => return Err(self.wrong(from)),
            Some(_) | None => {}
        }
        Ok(self.look_up(id).await?)
    }

    async fn look_up(&self, id: &KeyId) -> Result<Option<Known>, LedgerError> {
        let before = lock(&self.inner.known).get(id).cloned();
        // Before the question, so that nothing is known for longer than it is true.
        let read = Instant::now();
        let found = self.inner.ledger.known_key(id).await?;
        let noted = before.and_then(|known| known.noted);
        let mut all = lock(&self.inner.known);
        let Some(key) = found else {
            all.remove(id);
            return Ok(None);
        };
        if all.len() >= MOST_KNOWN {
            all.retain(|_, known| known.read.elapsed() < KNOWN_FOR);
        }
        let known = Known { key: Arc::new(key), read, noted };
        all.insert(id.clone(), known.clone());
        Ok(Some(known))
    }

    fn wrong(&self, from: IpAddr) -> Refused {
        match self.inner.failures.note(from) {
            None => Refused::WrongKey,
            Some(again_after) => Refused::TooManyWrongKeys { again_after },
        }
    }

    /// Beside the request: nobody waits for a note.
    fn note_use(&self, known: &Known) {
        if known.noted.is_some_and(|noted| noted.elapsed() < NOTED_EVERY) {
            return;
        }
        let id = known.key.id.clone();
        if let Some(known) = lock(&self.inner.known).get_mut(&id) {
            known.noted = Some(Instant::now());
        }
        let ledger = self.inner.ledger.clone();
        tokio::spawn(async move {
            if let Err(error) = ledger.touch_key(&id).await {
                warn!(key = %id, "The use of key {id} could not be noted: {error}");
            }
        });
    }

    /// Whether there are keys; a key that another process made is seen after [`KNOWN_FOR`].
    async fn has_keys(&self) -> Result<bool, LedgerError> {
        if self.inner.has_keys.load(Ordering::Relaxed) {
            return Ok(true);
        }
        if lock(&self.inner.looked_for_keys).is_some_and(|looked| looked.elapsed() < KNOWN_FOR) {
            return Ok(false);
        }
        let looked = Instant::now();
        let has = self.inner.ledger.has_keys().await?;
        self.inner.has_keys.store(has, Ordering::Relaxed);
        *lock(&self.inner.looked_for_keys) = Some(looked);
        Ok(has)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoKey => Failure::new(
                FailureCode::KeyMissing,
                "Yêu cầu này cần khóa API.",
                "This request needs an API key.",
            )
            .hint("Gửi tiêu đề Authorization: Bearer tdkt_…; khóa do người vận hành cấp (tdkt-reports keys create)."),
            Refused::WrongKey => Failure::new(
                FailureCode::KeyRefused,
                "Khóa API không đúng hoặc không còn hiệu lực.",
                "The API key is unknown, has run out or was revoked.",
            )
            .hint("Kiểm tra lại khóa, hoặc xin người vận hành cấp khóa mới."),
            Refused::WrongNetwork => Failure::new(
                FailureCode::NetworkRefused,
                "Khóa API không được dùng từ địa chỉ mạng này.",
                "The API key may not be used from this network.",
            )
            .hint("Gửi từ mạng đã đăng ký, hoặc nhờ người vận hành bổ sung mạng cho khóa."),
            Refused::TooManyWrongKeys { .. } => Failure::new(
                FailureCode::TooManyWrongKeys,
                "Địa chỉ này đã gửi quá nhiều khóa API sai.",
                "Too many wrong API keys came from this address.",
            )
            .hint("Dừng chương trình đang gửi khóa sai; thử lại sau một phút."),
            Refused::Ledger(error) => error.into(),
        }
    }
}

/// The failure of somebody whose organisation has asked too often.
pub fn too_often(allowance: &Allowance) -> Failure {
    Failure::new(
        FailureCode::RateLimited,
        "Đơn vị gửi yêu cầu nhanh hơn mức cho phép.",
        format!("The organisation may send {} requests in a minute.", allowance.limit),
    )
    .hint("Chờ theo tiêu đề Retry-After rồi gửi tiếp; yêu cầu này chưa được nhận.")
}

/// The failure of somebody whose key does not open this.
pub fn lacks(scope: Scope) -> Failure {
    Failure::new(
        FailureCode::ScopeMissing,
        format!("Khóa API không có quyền {}.", scope.as_str()),
        format!("The API key lacks the scope {}.", scope.as_str()),
    )
    .hint("Dùng khóa có quyền này, hoặc nhờ người vận hành cấp khóa khác.")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
