//! `/v1/batches`: many requests at once, and what became of them.

mod handed;

use std::{os::unix::fs::FileExt, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header,
    web::{Bytes, Data, Path, Payload, Query},
};
use futures_util::stream;
use serde_json::{Value, json};

use super::{
    ApiLimits, Problem, body,
    conditions::lists,
    documents::{self, idempotency_key},
    entry::By,
};
use crate::{
    access::Caller,
    closing::{ARCHIVE, LeftOut, MANIFEST, MERGED, Number, number},
    desk::{
        Desk,
        batches::{Changes, Order, Placed, Taken, WholeFile, forecast},
        reading,
    },
    failure::{Failure, FailureCode, Finding, MOST_FINDINGS, Severity},
    job::JobId,
    ledger::Batch,
};
use handed::{Options, Read, bad_options};

/// How much of an archive is read at a time.
const CHUNK: usize = 64 << 10;

/// 202 with the batch; nothing is stored when a paper is faulty, unless the caller accepts a part.
pub(super) async fn accept(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    options: Result<Query<Options>, actix_web::Error>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let key = idempotency_key(&request)?;
    let options = options.map_err(|_| bad_options())?.into_inner();
    let (media, body, _place) = body::read_many(&request, payload, &limits).await?;
    let (reader, most) = (desk.clone(), limits.max_paper);
    let read = reading::batch(move || handed::read(media, body, options, (reader.workshop(), most)));
    let Read { handed, leniency, request } = read.await?;
    let once = key.map(|key| (key, request));
    let (answer, replayed) = match desk.batches(&caller).accept(Order { handed, leniency, once }).await {
        Ok(Taken::Accepted { batch, left_out }) => {
            let mut answer = view(&batch);
            answer["left_out"] = told_all(&left_out);
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

/// Why papers were left out, in full: only whoever has just sent them reads that. As many findings as an answer lists.
fn told_all(left_out: &[LeftOut]) -> Value {
    let mut room = MOST_FINDINGS;
    let told = left_out.iter().map(|left| {
        let Failure { code, message, message_en, findings, .. } = &left.fault.failure;
        let shown = &findings[..findings.len().min(room)];
        room -= shown.len();
        let mut told = json!({"paper": left.name, "code": code, "message_vi": message, "message_en": message_en,
            "findings": shown});
        match number(left) {
            Some(Number::Request(number)) => told["request"] = json!(number),
            Some(Number::Line(number)) => told["line"] = json!(number),
            None => {}
        }
        let errors = findings[shown.len()..].iter().filter(|finding| finding.severity == Severity::Error);
        let more = errors.count() + left.fault.more;
        if more > 0 {
            told["more"] = json!(more);
        }
        told
    });
    told.collect()
}

/// The faults of all papers, as many as an answer lists, errors first; pointers begin with the paper's place.
fn refused(faults: &[Placed]) -> Failure {
    let (mut errors, mut others) = (Vec::new(), Vec::new());
    let mut wrong = 0;
    for Placed { at, failure, more } in faults {
        let words = (failure.message.as_str(), failure.message_en.as_str());
        let own = Finding::new(failure.code.as_str(), Severity::Error, "", words.0, words.1);
        let findings = if failure.findings.is_empty() { std::slice::from_ref(&own) } else { &failure.findings };
        wrong += more;
        for finding in findings {
            let is_error = finding.severity == Severity::Error;
            wrong += usize::from(is_error);
            let listed = if is_error { &mut errors } else { &mut others };
            if listed.len() < MOST_FINDINGS {
                let mut finding = finding.clone();
                finding.pointers.iter_mut().for_each(|pointer| pointer.insert_str(0, at));
                listed.push(finding);
            }
        }
    }
    let more = wrong - errors.len();
    errors.append(&mut others);
    let mut failure = Failure::invalid_document(errors);
    failure.message = format!("Lô có {wrong} lỗi cần sửa trước khi lập văn bản.");
    failure.message_en = format!("The batch has {wrong} error(s).");
    if more == 0 {
        return failure;
    }
    failure.hint(format!("Danh sách chưa nêu {more} lỗi nữa; sửa đúng vị trí đã nêu rồi gửi lại, chưa có gì được lưu."))
}

pub(super) fn batch_id(id: &str) -> Result<JobId, Failure> {
    id.parse().map_err(|_| {
        Failure::new(FailureCode::BatchNotFound, "Không có lô này.", "There is no such batch.")
            .hint("Kiểm tra mã lô trong tiêu đề Location khi gửi.")
    })
}
