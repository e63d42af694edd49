//! `/v1/batches`: many requests at once, and what became of them.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header,
    web::{Bytes, Data, Path, Payload},
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::{ApiLimits, Problem, body, conditions::lists, entry::By};
use crate::{
    desk::{
        Desk,
        batches::{Partial, Taken, forecast},
    },
    failure::{Failure, FailureCode, Finding, Severity},
    intake,
    job::JobId,
    ledger::Batch,
};

/// How much of an archive is read at a time.
const CHUNK: usize = 64 << 10;

/// A batch as it is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Handed {
    #[serde(default)]
    accept_partial: bool,
    requests: Vec<Value>,
}

/// 202 with the batch; nothing is stored when a request is faulty, unless the caller accepts a part.
pub(super) async fn accept(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (body, _place) = body::read_many(&request, payload, &limits).await?;
    let (value, duplicates) = intake::read(&body)?;
    if !duplicates.is_empty() {
        return Err(Failure::invalid_document(duplicates).into());
    }
    let handed = Handed::deserialize(value).map_err(|error| malformed(&error))?;
    let requests = handed.requests.iter().map(|request| request.to_string().into_bytes()).collect();
    let partial = if handed.accept_partial { Partial::Accepted } else { Partial::Refused };
    match desk.batches(&caller).accept(requests, partial).await? {
        Taken::Faulty(faults) => Err(refused(&faults).into()),
        Taken::Accepted { batch, left_out } => {
            let mut answer = view(&batch);
            answer["left_out"] = left_out.iter().map(|(number, failure)| told(*number, failure)).collect();
            Ok(HttpResponse::Accepted()
                .insert_header((header::LOCATION, format!("/v1/batches/{}", batch.id)))
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .json(answer))
        }
    }
}

/// 200 with the batch, counted now.
pub(super) async fn show(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let batch = desk.batches(&caller).batch(batch_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view(&batch)))
}

/// 200 with the batch, whose waiting jobs are withdrawn.
pub(super) async fn cancel(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    desk.batches(&caller).cancel(batch_id(&id)?).await?;
    show(By(caller), desk, id).await
}

/// 200 with the batch, whose failed and dead jobs begin anew.
pub(super) async fn resume(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    desk.batches(&caller).resume(batch_id(&id)?).await?;
    show(By(caller), desk, id).await
}

/// 200 with what each part is.
pub(super) async fn manifest(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let manifest = desk.batches(&caller).manifest(batch_id(&id)?).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(manifest))
}

/// 200 with all papers as one ZIP file, sent as it is read.
pub(super) async fn archive(
    By(caller): By,
    desk: Data<Desk>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let archive = desk.batches(&caller).archive(batch_id(&id)?).await?;
    let etag = format!("\"{}\"", archive.tag);
    if lists(&request, &header::IF_NONE_MATCH, &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let mut file = tokio::fs::File::from_std(archive.file);
    tokio::io::AsyncSeekExt::rewind(&mut file)
        .await
        .map_err(|error| Failure::store_unavailable(format!("a batch's archive: {error}")))?;
    let chunks = stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), file)))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"archive.zip\""))
        .body(SizedStream::new(archive.size, chunks)))
}

fn view(batch: &Batch) -> Value {
    let done_at = forecast(batch);
    json!({
        "id": batch.id,
        "accepted_at": batch.accepted_at,
        "parts": batch.parts(),
        "ended": batch.ended(),
        "counts": batch.counts.iter().map(|(state, jobs)| (state.as_str().to_owned(), json!(jobs))).collect::<serde_json::Map<_, _>>(),
        "done_at": done_at.map(|at| at.to_rfc3339()),
        "forecast_vi": done_at.map(|at| format!("xong lúc {}", at.format("%H:%M"))),
        "left_out": batch.left_out,
    })
}

/// Why a request was left out, in full: only whoever has just sent it reads that.
fn told(number: usize, failure: &Failure) -> Value {
    json!({"request": number, "code": failure.code, "message_vi": failure.message, "message_en": failure.message_en,
        "findings": failure.findings})
}

/// Every fault of every request; pointers begin with the request's place.
fn refused(faults: &[(usize, Failure)]) -> Failure {
    let findings = faults.iter().flat_map(|(number, failure)| {
        let at = format!("/requests/{number}");
        let mut findings = failure.findings.clone();
        if findings.is_empty() {
            let (message, message_en) = (failure.message.clone(), failure.message_en.clone());
            findings.push(Finding::new(failure.code.as_str(), Severity::Error, "", message, message_en));
        }
        for finding in &mut findings {
            finding.pointers.iter_mut().for_each(|pointer| pointer.insert_str(0, &at));
        }
        findings
    });
    Failure::invalid_document(findings.collect())
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(FailureCode::MalformedJson, "Lô gửi lên không đúng khuôn dạng.", error.to_string())
        .hint("Gửi {\"accept_partial\": false, \"requests\": [ … ]}.")
}

fn batch_id(id: &str) -> Result<JobId, Failure> {
    id.parse().map_err(|_| {
        Failure::new(FailureCode::BatchNotFound, "Không có lô này.", "There is no such batch.")
            .hint("Kiểm tra mã lô trong tiêu đề Location khi gửi.")
    })
}
