//! Reads what blocs have in a system of the province, and keeps it as if it had been sent.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tracing::warn;

use super::{RegisterDesk, Sent, sending::Parcel};
use crate::{
    desk::reading,
    failure::{Failure, FailureCode},
    ledger::RegisterBook,
    outbound::{NoAnswer, Outbound},
    register::{Base, Beside, Entry, FieldMap, Mapped, Origin, PeriodId, Sort, Submission},
    rendering::Workshop,
    timetable::{Reader, Reading},
};

/// The largest answer that is read: as large as a request may be.
const LARGEST: usize = 2 << 20;

/// What is to be read of a source.
#[derive(Debug, Clone)]
pub struct Asked {
    pub source: String,
    pub period: PeriodId,
    /// Only these blocs; where there are none, every bloc that something is expected of.
    pub blocs: Option<Vec<String>>,
    /// Why it changes what was closed.
    pub reason: Option<String>,
}

/// What came of reading one bloc.
#[derive(Debug, Clone, Serialize)]
pub struct Pulled {
    pub bloc: String,
    /// `kept`, `unchanged` or `refused`.
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Why nothing was kept; pointers are places in what the source said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl RegisterDesk {
    /// Reads a source for a period, bloc by bloc. What is wrong with one bloc keeps no other back.
    ///
    /// # Errors
    /// For what cannot be asked, and when the store does not answer: no other bloc would fare better, and what was kept
    /// is unchanged when it is read again.
    pub async fn pull(&self, asked: &Asked) -> Result<Vec<Pulled>, Failure> {
        let source = self.entry(Sort::Source, &asked.source).await?;
        let outbound = self.outbound.as_ref().ok_or_else(|| Failure::internal("a desk that makes no calls"))?;
        let map = FieldMap::read(&source.body, outbound.rules()).map_err(Failure::invalid_document)?;
        let blocs = self.expected(asked.period).await?;
        self.refuse_strangers(&blocs, asked.blocs.as_deref()).await?;
        let wanted = |bloc: &Entry| asked.blocs.as_ref().is_none_or(|only| only.contains(&bloc.id));
        let mut pulled = Vec::new();
        for bloc in blocs.into_iter().filter(wanted) {
            let id = bloc.id.clone();
            pulled.push(match self.pull_one((&source, &map), bloc, asked).await {
                Ok(sent) => {
                    let outcome = if sent.unchanged { "unchanged" } else { "kept" };
                    Pulled { bloc: id, outcome, version: Some(sent.submission.version), failure: None }
                }
                Err(failure) if failure.code == FailureCode::StoreUnavailable => return Err(failure),
                Err(failure) => Pulled { bloc: id, outcome: "refused", version: None, failure: Some(failure) },
            });
        }
        Ok(pulled)
    }

    async fn pull_one(&self, (source, map): (&Entry, &FieldMap), bloc: Entry, asked: &Asked) -> Result<Sent, Failure> {
        let period = asked.period;
        let outbound = self.outbound.as_ref().ok_or_else(|| Failure::internal("a desk that makes no calls"))?;
        let seen = self.book.submission(period, &bloc.id).await?;
        let listed = self.book.reach().await?;
        let page = outbound.get(&map.url(&bloc.id, period), &listed, LARGEST).await.map_err(no_answer)?;
        if page.status != 200 {
            return Err(refused(&format!("the source answered {}", page.status)));
        }
        let mapped = made_of(map.clone(), page.body).await?;
        let origin = Some(Origin { source: source.id.clone(), version: source.version });
        // Papers and signing that were sent before are not the source's matter.
        let before = seen.as_ref().map(|seen| seen.beside.clone()).unwrap_or_default();
        let beside = Beside { origin, stated: None, ..before };
        let members = self.members_of(&bloc.id, period.year()).await?;
        let content = mapped.content.clone();
        let parcel = Parcel { bloc, period, content, beside, reason: asked.reason.clone() };
        let (parcel, findings) = match self.check(parcel, members).await {
            Ok(checked) if mapped.findings.is_empty() => checked,
            Ok(_) => return Err(Failure::invalid_document(mapped.findings)),
            Err(failure) => return Err(led_back(mapped, failure).await),
        };
        self.keep(parcel, findings, &base(seen.as_ref())).await
    }
}

/// What the map makes of an answer. Both come from elsewhere.
async fn made_of(map: FieldMap, body: Vec<u8>) -> Result<Mapped, Failure> {
    reading::request(body.len(), move || {
        let data: Value = serde_json::from_slice(&body).map_err(|_| refused("the source's answer is not JSON"))?;
        map.content(&data).map_err(|fault| Failure::invalid_document(vec![fault]))
    })
    .await
}

/// The same failure, said of what the source said.
async fn led_back(mapped: Mapped, mut failure: Failure) -> Failure {
    let led = tokio::task::spawn_blocking(move || {
        let found = std::mem::take(&mut failure.findings).into_iter().map(|finding| mapped.lead_back(finding));
        let mut all = mapped.findings.clone();
        all.extend(found);
        if failure.code == FailureCode::InvalidDocument && !mapped.findings.is_empty() {
            return Failure::invalid_document(all);
        }
        failure.with_findings(all)
    });
    led.await.unwrap_or_else(|_| Failure::internal("the reading of a source's answer panicked"))
}

fn base(seen: Option<&Submission>) -> Base {
    seen.map_or(Base::Nothing, |seen| Base::OneOf(vec![seen.tag().as_str().to_owned()]))
}

fn no_answer(error: NoAnswer) -> Failure {
    refused(&format!("the source gave no answer: {}", error.as_str()))
}

fn refused(cause: &str) -> Failure {
    Failure::new(FailureCode::SourceUnavailable, "Không đọc được số liệu từ hệ thống nguồn.", cause)
        .hint("Kiểm tra địa chỉ đã đăng ký, chứng thư và mạng được phép gọi; thử lại sau. Chưa có gì được lưu.")
}

/// Reads sources for the timetable.
pub struct SourceReader {
    pub workshop: Arc<Workshop>,
    pub outbound: Outbound,
}

impl Reader for SourceReader {
    fn read<'a>(&'a self, book: RegisterBook, source: &'a str, period: PeriodId) -> Reading<'a> {
        Box::pin(async move {
            let desk = RegisterDesk::new(Arc::clone(&self.workshop), book).calling(Some(self.outbound.clone()));
            let asked = Asked { source: source.to_owned(), period, blocs: None, reason: None };
            match desk.pull(&asked).await {
                Ok(pulled) => {
                    let refused = pulled.into_iter().filter(|one| one.failure.is_some());
                    let refused = refused
                        .map(|one| {
                            let code = one.failure.as_ref().map(|failure| failure.code.as_str());
                            warn!(source, bloc = one.bloc, code, "A source gave nothing that can be kept");
                            one.bloc
                        })
                        .collect();
                    Some(refused)
                }
                Err(failure) => {
                    warn!(source, code = failure.code.as_str(), "A source could not be read");
                    let told = failure.code != FailureCode::StoreUnavailable;
                    let expected = if told { desk.expected(period).await.ok() } else { None };
                    expected.map(|blocs| blocs.into_iter().map(|bloc| bloc.id).collect())
                }
            }
        })
    }
}
