//! `POST /v1/sources/{id}:pull`: read what blocs have in a system of the province.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiLimits, Problem, body, entry::By, register::list, submissions::read_period};
use crate::{
    desk::{Asked, Desk, Pulled},
    failure::{Failure, FailureCode, Remedy},
    intake, metrics,
};

/// What is to be read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    period: String,
    #[serde(default)]
    blocs: Option<Vec<String>>,
    #[serde(default)]
    adjustment: Option<Adjustment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjustment {
    reason: String,
}

/// 200 with what came of each bloc.
pub(super) async fn pull(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    source: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let body = body::read(&request, payload, &limits).await?;
    let (value, duplicates) = intake::read(&body)?;
    if !duplicates.is_empty() {
        return Err(Failure::invalid_document(duplicates).into());
    }
    let pull = Pull::deserialize(value).map_err(|error| malformed(&error))?;
    let period = read_period(&pull.period)?;
    let reason = pull.adjustment.map(|adjustment| adjustment.reason);
    let asked = Asked { source: source.into_inner(), period, blocs: pull.blocs, reason };
    let pulled = desk.register(&caller).pull(&asked).await?;
    Ok(list(pulled.into_iter().map(told).collect()))
}

/// As an answer says it: what went wrong inside is for the log.
fn told(mut one: Pulled) -> Value {
    if let Some(failure) = one.failure.as_mut().filter(|failure| failure.remedy() == Remedy::FixTemplate) {
        metrics::problem(failure.code);
        tracing::error!(code = failure.code.as_str(), "A bloc's figures could not be kept: {}", failure.for_the_log());
        failure.message_en = "The service cannot keep these figures.".to_owned();
    }
    json!(one)
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(FailureCode::MalformedJson, "Yêu cầu đọc số liệu không đúng khuôn dạng.", error.to_string())
        .hint("Gửi {\"period\": \"2026-H1\"}; thêm “blocs” để chỉ đọc một số khối, cụm.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_ours_is_told_without_its_cause_and_a_fault_of_the_source_with_it() {
        let refused =
            |failure| told(Pulled { bloc: "k6".into(), outcome: "refused", version: None, failure: Some(failure) });
        for ours in [FailureCode::Internal, FailureCode::TemplateFault] {
            let told = refused(Failure::new(ours, "Hệ thống gặp lỗi nội bộ.", "row 7 of submission: Nguyễn Văn A"));
            assert!(!told.to_string().contains("row 7"), "{told:#}");
            assert_eq!((&told["outcome"], &told["failure"]["code"]), (&json!("refused"), &json!(ours.as_str())));
        }
        let theirs = refused(Failure::new(FailureCode::SourceUnavailable, "s", "the source answered 404"));
        assert_eq!(theirs["failure"]["message_en"], "the source answered 404");
    }
}
