//! What of a bloc's file can be taken: a faulty paper stays behind alone.
//!
//! The rule: what lay beside a faulty report goes with the report before it, or after it where there is none; what finds no
//! place is named.

use serde_json::Value;

use super::{RegisterDesk, parcels::Sheaf, sending::Parcel};
use crate::failure::{Failure, FailureCode, Finding};

/// What came of looking at a bloc's file.
#[derive(Default)]
pub(super) struct Takeable {
    pub(super) parcels: Vec<(Parcel, Vec<Finding>)>,
    /// Faulty papers, by their places in the file.
    pub(super) faults: Vec<(String, Failure)>,
    /// Faultless papers that have no report to go with, by their places.
    pub(super) left_behind: Vec<String>,
}

/// A faultless paper beside a report.
struct Other {
    at: String,
    request: Value,
}

/// A faultless report, and what goes with it.
struct Checked {
    at: String,
    parcel: Parcel,
    findings: Vec<Finding>,
    own: Vec<Other>,
    /// What lay beside a faulty one.
    further: Vec<Other>,
}

impl RegisterDesk {
    /// Looks at each paper by itself.
    pub(super) async fn takeable(&self, sheaves: Vec<Sheaf>, members: &[Value]) -> Result<Takeable, Failure> {
        let mut all = Takeable::default();
        let mut kept: Vec<Checked> = Vec::new();
        let mut waiting = Vec::new();
        for Sheaf { at, mut parcel, others_at } in sheaves {
            let mut own = Vec::new();
            for (at, other) in others_at.into_iter().zip(std::mem::take(&mut parcel.beside.others)) {
                match refusal_apart(self.check_other(other).await)? {
                    Ok(request) => own.push(Other { at, request }),
                    Err(failure) => all.faults.push((at, failure)),
                }
            }
            let (period, bloc) = (parcel.period, parcel.bloc.id.clone());
            match refusal_apart(self.check(parcel, members.to_vec()).await)? {
                Ok((parcel, findings)) => {
                    kept.push(Checked { at, parcel, findings, own, further: std::mem::take(&mut waiting) });
                }
                Err(failure) => {
                    all.faults.push((at, failure));
                    // What the register has for this period stays, with what lies beside it: nothing may lie there twice.
                    match (self.book.submission(period, &bloc).await?, kept.last_mut()) {
                        (Some(seen), _) => {
                            own.retain(|other| !seen.beside.others.contains(&other.request));
                            all.left_behind.extend(own.into_iter().map(|other| other.at));
                        }
                        (None, Some(before)) => before.further.extend(own),
                        (None, None) => waiting.extend(own),
                    }
                }
            }
        }
        all.left_behind.extend(waiting.into_iter().map(|other| other.at));
        for checked in kept {
            self.enter(checked, &mut all).await?;
        }
        Ok(all)
    }

    /// Enters what goes with a report, unless the period does not take it any more.
    async fn enter(&self, checked: Checked, all: &mut Takeable) -> Result<(), Failure> {
        let Checked { at, mut parcel, findings, own, further } = checked;
        let requests = |others: &[Other]| others.iter().map(|other| other.request.clone()).collect::<Vec<_>>();
        let places = |others: Vec<Other>| others.into_iter().map(|other| other.at);
        parcel.beside.others = requests(&own);
        if !further.is_empty() {
            let mut whole = parcel.clone();
            whole.beside.others.extend(requests(&further));
            if let Ok(whole) = refusal_apart(self.as_known(whole).await)? {
                all.parcels.push((whole, findings));
                return Ok(());
            }
            all.left_behind.extend(places(further));
        }
        match refusal_apart(self.as_known(parcel).await)? {
            Ok(parcel) => all.parcels.push((parcel, findings)),
            Err(failure) => {
                all.faults.push((at, failure));
                all.left_behind.extend(places(own));
            }
        }
        Ok(())
    }
}

/// What is refused is a fault of the file; without the store nothing can be said of it.
fn refusal_apart<T>(outcome: Result<T, Failure>) -> Result<Result<T, Failure>, Failure> {
    match outcome {
        Err(failure) if failure.code == FailureCode::StoreUnavailable => Err(failure),
        outcome => Ok(outcome),
    }
}

/// Says of a faultless paper that it was not taken.
pub(super) fn left_behind() -> Failure {
    let message = "Văn bản không có lỗi nhưng đi cùng báo cáo bị bỏ ra, nên chưa ghi vào sổ đăng ký.";
    let message_en = "a faultless paper beside a report that was left out";
    Failure::new(FailureCode::InvalidDocument, message, message_en).hint("Sửa báo cáo rồi nhận lại thư mục.")
}
