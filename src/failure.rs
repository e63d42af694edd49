//! What went wrong, as a value: stored with a job, shown by the API and the command line.
//!
//! Rooms below the doors have their own error enums (English, with their cause). At the edge of the making and the
//! keeping floors those become a [`Failure`]: Vietnamese for the reader, a stable code for programs, and a [`Remedy`]
//! that alone decides HTTP status, retry, exit code and log level.

mod told;

use serde::{Deserialize, Serialize};

pub use told::{MOST_FINDINGS, in_order, keep_told};

/// How much a [`Finding`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing has to change.
    Info,
    /// The paper is made; the finding travels with the job.
    Warning,
    /// The request is refused.
    Error,
}

/// One thing noticed about a request: which rule, where, what was found and what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable rule code: a cross-check (`D07`) or a schema fault (`schema-required`).
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Places in the request, as JSON pointers (RFC 6901); the first is the main one.
    pub pointers: Vec<String>,
    /// One Vietnamese sentence for the clerk.
    #[serde(rename = "message_vi")]
    pub message: String,
    /// The same in English, for the integrator.
    pub message_en: String,
    /// The value found, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What would be accepted, in Vietnamese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The clause the rule comes from, if it is law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
}

/// The longest excerpt of a caller's value that a finding repeats, in characters.
const LONGEST_EXCERPT: usize = 80;

impl Finding {
    /// A finding at one place. `message` is Vietnamese, `message_en` English.
    pub fn new(
        code: impl Into<String>,
        severity: Severity,
        pointer: impl Into<String>,
        message: impl Into<String>,
        message_en: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            severity,
            pointers: vec![pointer.into()],
            message: message.into(),
            message_en: message_en.into(),
            found: None,
            expected: None,
            law: None,
        }
    }

    /// Adds a second place that the rule compared with the first.
    pub fn and_at(mut self, pointer: impl Into<String>) -> Self {
        self.pointers.push(pointer.into());
        self
    }

    /// Adds the value found; long values are shortened.
    pub fn found(mut self, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        let mut excerpt: String = value.chars().take(LONGEST_EXCERPT).collect();
        if value.chars().count() > LONGEST_EXCERPT {
            excerpt.push('…');
        }
        self.found = Some(excerpt);
        self
    }

    /// Adds what would be accepted, in Vietnamese.
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    /// Adds the clause of law behind the rule.
    pub fn law(mut self, clause: impl Into<String>) -> Self {
        self.law = Some(clause.into());
        self
    }
}

/// Whose move it is after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// The caller changes the request (or asks for something that exists).
    FixRequest,
    /// A template author or the maker of this program has to look.
    FixTemplate,
    /// Nobody: the same request succeeds later.
    TryLater,
}

macro_rules! failure_codes {
    ($( $(#[$doc:meta])* $variant:ident = $code:literal, $remedy:ident; )*) => {
        /// The closed list of failures. The kebab-case form is part of the public contract (docs/failures.md).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum FailureCode { $( $(#[$doc])* #[serde(rename = $code)] $variant, )* }

        impl FailureCode {
            /// Every code, in the order of docs/failures.md.
            pub const ALL: &'static [FailureCode] = &[ $( FailureCode::$variant, )* ];

            /// The stable kebab-case form.
            pub fn as_str(self) -> &'static str { match self { $( FailureCode::$variant => $code, )* } }

            /// Whose move it is.
            pub fn remedy(self) -> Remedy { match self { $( FailureCode::$variant => Remedy::$remedy, )* } }
        }
    };
}

failure_codes! {
    /// The body is not JSON, or is nested deeper than accepted.
    MalformedJson = "malformed-json", FixRequest;
    /// The body is larger than the limit.
    BodyTooLarge = "body-too-large", FixRequest;
    /// The body arrived too slowly.
    BodyTooSlow = "body-too-slow", FixRequest;
    /// The content type is not the one that the address takes.
    UnsupportedMediaType = "unsupported-media-type", FixRequest;
    /// No kind of paper has this name.
    UnknownKind = "unknown-kind", FixRequest;
    /// A kind has no sample of this name.
    UnknownSample = "unknown-sample", FixRequest;
    /// The request breaks the schema or a cross-check; the findings say where.
    InvalidDocument = "invalid-document", FixRequest;
    /// No edition of the law covers the paper's date.
    NoEdition = "no-edition", FixRequest;
    /// A query parameter or header is not understood.
    BadParameter = "bad-parameter", FixRequest;
    /// No such address.
    NotFound = "not-found", FixRequest;
    /// The address exists, but not for this method.
    MethodNotAllowed = "method-not-allowed", FixRequest;
    /// No API key was sent.
    KeyMissing = "key-missing", FixRequest;
    /// The API key is unknown, has run out or was revoked.
    KeyRefused = "key-refused", FixRequest;
    /// The API key does not open this.
    ScopeMissing = "scope-missing", FixRequest;
    /// The API key, or the service, may not be used from this network.
    NetworkRefused = "network-refused", FixRequest;
    /// Too many wrong API keys came from one address.
    TooManyWrongKeys = "too-many-wrong-keys", TryLater;
    /// An organisation sends more requests than it may.
    RateLimited = "rate-limited", TryLater;
    /// No such job.
    JobNotFound = "job-not-found", FixRequest;
    /// The job has no document yet.
    JobNotFinished = "job-not-finished", TryLater;
    /// The job ended without a document.
    JobHasNoDocument = "job-has-no-document", FixRequest;
    /// The job has already ended, so it cannot be cancelled.
    JobAlreadyEnded = "job-already-ended", FixRequest;
    /// An operator's wish that the job's state does not allow.
    JobNotRequeueable = "job-not-requeueable", FixRequest;
    /// No such batch.
    BatchNotFound = "batch-not-found", FixRequest;
    /// The job's data were erased.
    DataErased = "data-erased", FixRequest;
    /// An idempotency key was used for another request.
    IdempotencyKeyReused = "idempotency-key-reused", FixRequest;
    /// A request under the same idempotency key is being read.
    IdempotencyInProgress = "idempotency-in-progress", TryLater;
    /// The register has no such entry, or nothing was sent for the period.
    NotInRegister = "not-in-register", FixRequest;
    /// A write that does not say upon which version it is made.
    PreconditionRequired = "precondition-required", FixRequest;
    /// Somebody else wrote a version in the meantime.
    ChangedMeanwhile = "changed-meanwhile", FixRequest;
    /// The period's figures are fixed; only an adjustment is taken.
    PeriodClosed = "period-closed", FixRequest;
    /// An adjustment to a period that is open.
    PeriodOpen = "period-open", FixRequest;
    /// Blocs have sent nothing, and that was not accepted.
    PeriodIncomplete = "period-incomplete", FixRequest;
    /// No such webhook, or no such delivery of it.
    WebhookNotFound = "webhook-not-found", FixRequest;
    /// The webhook is switched off.
    WebhookDisabled = "webhook-disabled", FixRequest;
    /// An address that may not be called.
    WebhookAddressRefused = "webhook-address-refused", FixRequest;
    /// The organisation has as many webhooks as it may.
    TooManyWebhooks = "too-many-webhooks", FixRequest;
    /// A system of the province that figures are read from gave none.
    SourceUnavailable = "source-unavailable", TryLater;
    /// A character has no glyph in any configured font.
    MissingGlyph = "missing-glyph", FixRequest;
    /// A file is no PDF, is damaged, or carries data that is not ours.
    UnreadablePaper = "unreadable-paper", FixRequest;
    /// A PDF file is protected by a password.
    EncryptedPaper = "encrypted-paper", FixRequest;
    /// A PDF file carries no data.
    PaperWithoutData = "paper-without-data", FixRequest;
    /// A PDF file cannot be read within the limits of time, memory and size.
    PaperTooHeavy = "paper-too-heavy", FixRequest;
    /// A font family that the layout asks for is not installed.
    MissingFont = "missing-font", FixTemplate;
    /// A template does not compile.
    TemplateFault = "template-fault", FixTemplate;
    /// The laid-out pages break a rule that every paper keeps.
    LayoutFault = "layout-fault", FixTemplate;
    /// The render took longer than its deadline.
    RenderTimeout = "render-timeout", FixRequest;
    /// The render needed more memory than it may have.
    RenderMemory = "render-memory", FixRequest;
    /// The render used more processor time than it may have.
    RenderCpu = "render-cpu", FixRequest;
    /// The finished paper is larger than the press takes.
    RenderTooLarge = "render-too-large", FixRequest;
    /// The render overflowed its stack.
    RenderTooDeep = "render-too-deep", FixTemplate;
    /// The render process answered with something that is no answer.
    RenderGarbled = "render-garbled", FixTemplate;
    /// The render process tried what its sandbox forbids.
    RenderForbidden = "render-forbidden", FixTemplate;
    /// The render process died.
    RenderCrashed = "render-crashed", FixTemplate;
    /// The job was started too often without an end.
    PoisonedJob = "poisoned-job", FixTemplate;
    /// Render children cannot be shut in as the settings require, or do not start.
    MissingSandbox = "missing-sandbox", FixTemplate;
    /// The stored job cannot be read by this version.
    UnreadableJob = "unreadable-job", FixTemplate;
    /// The ledger or the archive did not answer.
    StoreUnavailable = "store-unavailable", TryLater;
    /// Too many jobs wait.
    QueueFull = "queue-full", TryLater;
    /// Too many jobs of one organisation wait.
    QuotaExceeded = "quota-exceeded", TryLater;
    /// The service is stopping and accepts nothing more.
    ServiceStopping = "service-stopping", TryLater;
    /// Too little room on disk.
    StorageFull = "storage-full", TryLater;
    /// A render child could not be had.
    PressUnavailable = "press-unavailable", TryLater;
    /// A bug of ours.
    Internal = "internal", FixTemplate;
}

/// Why a request or a job did not end in a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message_en}", code.as_str())]
pub struct Failure {
    /// Stable code.
    pub code: FailureCode,
    /// One Vietnamese sentence: what happened.
    #[serde(rename = "message_vi")]
    pub message: String,
    /// The same in English.
    pub message_en: String,
    /// What the reader can do now, in Vietnamese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The places, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl Failure {
    /// A failure with its Vietnamese and English sentences.
    pub fn new(code: FailureCode, message: impl Into<String>, message_en: impl Into<String>) -> Self {
        Self { code, message: message.into(), message_en: message_en.into(), hint: None, findings: Vec::new() }
    }

    /// Adds what the reader can do now, in Vietnamese.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the places.
    pub fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    /// Whose move it is.
    pub fn remedy(&self) -> Remedy {
        self.code.remedy()
    }

    /// A request that broke rules: all findings at once, as many as an answer lists, errors first. Counts the errors in its
    /// sentence.
    pub fn invalid_document(mut findings: Vec<Finding>) -> Self {
        let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings.truncate(MOST_FINDINGS);
        Self::new(
            FailureCode::InvalidDocument,
            format!("Dữ liệu có {errors} lỗi cần sửa trước khi lập văn bản."),
            format!("The request has {errors} error(s)."),
        )
        .hint("Xem từng lỗi trong danh sách, sửa đúng vị trí đã nêu rồi gửi lại; chưa có gì được lưu.")
        .with_findings(findings)
    }

    /// What a log may say of it. A template's fault is told by its places alone: what went wrong there may repeat what a
    /// caller wrote.
    pub fn for_the_log(&self) -> String {
        if self.code != FailureCode::TemplateFault {
            return self.message_en.clone();
        }
        let places: Vec<&str> = self.message_en.lines().filter_map(place).collect();
        if places.is_empty() { "a template, no place known".to_owned() } else { places.join(", ") }
    }

    /// A bug or a broken installation of ours. `cause` is English and holds no caller's data.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::new(FailureCode::Internal, "Hệ thống gặp lỗi nội bộ.", cause)
            .hint("Báo cho người vận hành, kèm mã yêu cầu.")
    }

    /// The ledger or the archive did not answer. `cause` is English and holds no caller's data.
    pub fn store_unavailable(cause: impl Into<String>) -> Self {
        Self::new(FailureCode::StoreUnavailable, "Kho dữ liệu tạm thời không phản hồi.", cause)
            .hint("Thử lại sau ít phút; yêu cầu chưa được nhận nếu chưa có mã việc.")
    }
}

/// `documents/x/body.typ.j2:12:3` before a colon: a path of ours, then numbers.
fn place(line: &str) -> Option<&str> {
    let (place, _what) = line.split_once(": ")?;
    let (path, numbers) = place.split_once(':')?;
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._- ".contains(c);
    let is_number = |c: char| c.is_ascii_digit() || c == ':';
    let is_ours = path.ends_with(".j2") || path.ends_with(".typ");
    (is_ours && path.chars().all(is_path) && numbers.chars().all(is_number)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_told_where_a_template_is_wrong_and_not_what_it_made_of_a_callers_text() {
        let fault = |message: &str| Failure::new(FailureCode::TemplateFault, "", message).for_the_log();
        let two = "documents/a/body.typ.j2:12:3: no number: \"Nguyễn Văn A\"\nlayout/x.typ:1:2: y";
        assert_eq!(fault(two), "documents/a/body.typ.j2:12:3, layout/x.typ:1:2");
        for nowhere in ["Nguyễn: 1", "Lê Văn B.:1: x", "Le Van B.:1: x", "St. An:: x", "a: b", "", "x:1: y"] {
            assert_eq!(fault(nowhere), "a template, no place known", "{nowhere}");
        }
        assert_eq!(Failure::internal("the check panicked").for_the_log(), "the check panicked");
    }

    #[test]
    fn every_code_is_kebab_case_and_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for code in FailureCode::ALL {
            let text = code.as_str();
            assert!(text.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{text}");
            assert!(seen.insert(text), "{text} twice");
            assert_eq!(serde_json::to_value(code).unwrap(), text);
        }
    }

    #[test]
    fn an_answer_lists_so_many_findings_and_errors_before_all_else() {
        let finding = |number: usize, severity| Finding::new(format!("{number}"), severity, "/a", "m", "m");
        let mut findings: Vec<Finding> = (0..MOST_FINDINGS).map(|number| finding(number, Severity::Warning)).collect();
        findings.extend((0..5).map(|number| finding(1_000 + number, Severity::Error)));
        let failure = Failure::invalid_document(findings);
        assert_eq!((failure.findings.len(), failure.findings[0].code.as_str()), (MOST_FINDINGS, "1000"));
        assert!(failure.message_en.contains("5 error(s)"), "{}", failure.message_en);
    }

    #[test]
    fn a_long_value_is_shortened_on_a_character_boundary() {
        let finding = Finding::new("X", Severity::Error, "/a", "m", "m").found("ế".repeat(200));
        assert_eq!(finding.found.unwrap().chars().count(), LONGEST_EXCERPT + 1);
    }
}
