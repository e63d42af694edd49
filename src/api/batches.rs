//! `/v1/batches`: many requests at once, and what became of them.

use std::{os::unix::fs::FileExt, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header,
    web::{Bytes, Data, Path, Payload},
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ApiLimits, Problem, body,
    conditions::lists,
    documents::{self, idempotency_key},
    entry::By,
};
use crate::{
    access::Caller,
    closing::{ARCHIVE, LeftOut, Leniency, MANIFEST, MERGED},
    desk::{
        Desk, Figures,
        batches::{Changes, Handed, OfRegister, Order, Taken, WholeFile, forecast, number},
    },
    failure::{Failure, FailureCode, Finding, Severity},
    intake,
    job::JobId,
    ledger::Batch,
    register::PeriodId,
};

/// How much of an archive is read at a time.
const CHUNK: usize = 64 << 10;

/// A batch of requests as it is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requests {
    #[serde(default)]
    accept_partial: bool,
    requests: Vec<Value>,
}

/// A batch of what the register has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FromRegister {
    #[serde(default)]
    accept_partial: bool,
    period: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    blocs: Option<Vec<String>>,
    #[serde(default)]
    figures: Option<String>,
    #[serde(default)]
    sources: bool,
}

/// 202 with the batch; nothing is stored when a paper is faulty, unless the caller accepts a part.
pub(super) async fn accept(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let (body, _place) = body::read_many(&request, payload, &limits).await?;
    let (value, duplicates) = intake::read(&body)?;
    if !duplicates.is_empty() {
        return Err(Failure::invalid_document(duplicates).into());
    }
    let once = match key {
        Some(key) => Some((key, intake::canonical(&body)?)),
        None => None,
    };
    let (handed, accept_partial) = handed(value, &desk)?;
    let leniency = if accept_partial { Leniency::AcceptPartial } else { Leniency::AllOrNothing };
    let (answer, replayed) = match desk.batches(&caller).accept(Order { handed, leniency, once }).await {
        Ok(Taken::Accepted { batch, left_out }) => {
            let mut answer = view(&batch);
            answer["left_out"] = left_out.iter().map(told).collect();
            (answer, false)
        }
        Ok(Taken::Replayed(batch)) => (view(&batch), true),
        Ok(Taken::Faulty(faults)) => return Err(refused(&faults).into()),
        Err(failure) => return Err(documents::refused(failure, &desk).await),
    };
    let mut response = HttpResponse::Accepted();
    response
        .insert_header((header::LOCATION, format!("/v1/batches/{}", answer["id"].as_str().unwrap_or_default())))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    if replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    Ok(response.json(answer))
}

/// What is asked for, and whether a part of it will do.
fn handed(value: Value, desk: &Desk) -> Result<(Handed, bool), Failure> {
    if value.get("period").is_none() {
        let asked = Requests::deserialize(value).map_err(|error| malformed(&error))?;
        let requests = asked.requests.iter().map(|request| request.to_string().into_bytes()).collect();
        return Ok((Handed::Requests(requests), asked.accept_partial));
    }
    let asked = FromRegister::deserialize(value).map_err(|error| malformed(&error))?;
    let fault = |at: &str, message: &str, message_en: &str, found: &str| {
        Finding::new("batch", Severity::Error, at, message, message_en).found(found)
    };
    let period = asked.period.parse::<PeriodId>().map_err(|_| {
        fault("/period", "Không có kỳ báo cáo này.", "There is no such period.", &asked.period)
            .expected("2026-H1, 2026-H2 hoặc 2026")
    });
    let kind = match asked.kind {
        Some(kind) if desk.workshop().catalog().kind(&kind).is_none() => {
            Err(fault("/kind", "Không có loại văn bản này.", "There is no such kind.", &kind))
        }
        kind => Ok(kind),
    };
    let figures = match asked.figures.as_deref() {
        None | Some("newest") => Ok(Figures::Newest),
        Some("closed") => Ok(Figures::Closed),
        Some(other) => Err(fault("/figures", "Không có cách lấy số liệu này.", "There are no such figures.", other)
            .expected("newest (mới nhất) hoặc closed (đã chốt)")),
    };
    let blocs = match asked.blocs {
        Some(blocs) if blocs.is_empty() => {
            Err(fault("/blocs", "Danh sách trống; bỏ trường này để lấy tất cả.", "The list is empty.", "[]"))
        }
        blocs => Ok(blocs),
    };
    match (period, kind, figures, blocs) {
        (Ok(period), Ok(kind), Ok(figures), Ok(blocs)) => {
            let asked_of = OfRegister { period, kind, blocs, figures, sources: asked.sources };
            Ok((Handed::Sent(asked_of), asked.accept_partial))
        }
        (period, kind, figures, blocs) => {
            let faults = [period.err(), kind.err(), figures.err(), blocs.err()];
            Err(Failure::invalid_document(faults.into_iter().flatten().collect()))
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
pub(super) async fn manifest(
    By(caller): By,
    desk: Data<Desk>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    whole(&request, &desk, &caller, &id, (MANIFEST, "application/json")).await
}

/// 200 with all papers as one ZIP file, sent as it is read.
pub(super) async fn archive(
    By(caller): By,
    desk: Data<Desk>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    whole(&request, &desk, &caller, &id, (ARCHIVE, "application/zip")).await
}

/// 200 with all pages as one PDF file, sent as it is read.
pub(super) async fn merged(
    By(caller): By,
    desk: Data<Desk>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    whole(&request, &desk, &caller, &id, (MERGED, "application/pdf")).await
}

/// 200 with the origin of each figure of the consolidated report.
pub(super) async fn lineage(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let lineage = desk.batches(&caller).lineage(batch_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(lineage))
}

/// 200 with what is different from the batch of the same papers before.
pub(super) async fn differences(By(caller): By, desk: Data<Desk>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let Changes { previous, papers } = desk.batches(&caller).changes(batch_id(&id)?).await?;
    let answer = json!({"previous": previous, "papers": papers});
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer))
}

async fn whole(
    request: &HttpRequest,
    desk: &Desk,
    caller: &Caller,
    id: &str,
    (name, media_type): (&'static str, &'static str),
) -> Result<HttpResponse, Problem> {
    let WholeFile { file, size, sha256 } = desk.batches(caller).file(batch_id(id)?, name).await?;
    let etag = format!("\"{sha256}\"");
    if lists(request, &header::IF_NONE_MATCH, &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let chunks = stream::try_unfold(0, move |place| {
        let file = Arc::clone(&file);
        async move {
            let read = tokio::task::spawn_blocking(move || {
                let mut chunk = vec![0; CHUNK];
                let read = file.read_at(&mut chunk, place)?;
                chunk.truncate(read);
                Ok::<_, std::io::Error>(chunk)
            });
            let chunk = read.await.map_err(std::io::Error::other)??;
            let after = place + chunk.len() as u64;
            Ok::<_, std::io::Error>((!chunk.is_empty()).then(|| (Bytes::from(chunk), after)))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(SizedStream::new(size, chunks)))
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
        "missing": batch.missing,
        "kept": batch.kept,
        "kinds": batch.kinds,
    })
}

/// Why a paper was left out, in full: only whoever has just sent it reads that.
fn told(left: &LeftOut) -> Value {
    let failure = &left.fault.failure;
    let mut told = json!({"paper": left.name, "code": failure.code, "message_vi": failure.message,
        "message_en": failure.message_en, "findings": failure.findings});
    if let Some(number) = number(left) {
        told["request"] = json!(number);
    }
    told
}

/// Every fault of every paper; pointers begin with its place.
fn refused(faults: &[(String, Failure)]) -> Failure {
    let findings = faults.iter().flat_map(|(at, failure)| {
        let mut findings = failure.findings.clone();
        if findings.is_empty() {
            let (message, message_en) = (failure.message.clone(), failure.message_en.clone());
            findings.push(Finding::new(failure.code.as_str(), Severity::Error, "", message, message_en));
        }
        for finding in &mut findings {
            finding.pointers.iter_mut().for_each(|pointer| pointer.insert_str(0, at));
        }
        findings
    });
    Failure::invalid_document(findings.collect())
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(FailureCode::MalformedJson, "Lô gửi lên không đúng khuôn dạng.", error.to_string())
        .hint("Gửi {\"requests\": [ … ]}, hoặc {\"period\": \"2026\"} để lập từ sổ đăng ký.")
}

pub(super) fn batch_id(id: &str) -> Result<JobId, Failure> {
    id.parse().map_err(|_| {
        Failure::new(FailureCode::BatchNotFound, "Không có lô này.", "There is no such batch.")
            .hint("Kiểm tra mã lô trong tiêu đề Location khi gửi.")
    })
}
