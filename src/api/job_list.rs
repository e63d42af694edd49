//! `GET /v1/jobs`: pages of jobs, the newest first (RFC 8288 for the next page).

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Query},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use super::{Problem, entry::By};
use crate::{
    desk::Desk,
    failure::{Failure, FailureCode},
    job::{JobId, JobState, view::JobView},
    ledger::JobFilter,
};

const PAGE: u32 = 50;
/// Jobs on one page.
pub const LARGEST_PAGE: u32 = 200;

/// Which jobs, and from where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    state: Option<JobState>,
    kind: Option<String>,
    accepted_after: Option<DateTime<Utc>>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// 200 with a page of jobs and, where there are more, the address of the next.
pub(super) async fn list(
    By(caller): By,
    desk: Data<Desk>,
    query: Result<Query<ListQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let ListQuery { state, kind, accepted_after, limit, cursor } = query.map_err(|_| bad_list())?.into_inner();
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(bad_list());
    }
    let before = cursor.as_deref().map(|cursor| read_cursor(cursor).ok_or_else(bad_list)).transpose()?;
    // One more than asked for tells whether there is a next page.
    let since = accepted_after.map(JobId::first_of);
    let filter = JobFilter { organisation: None, state, kind: kind.clone(), before, since, limit: limit + 1 };
    let mut jobs = desk.of(&caller).jobs(&filter).await?;
    let more = jobs.len() > limit as usize;
    jobs.truncate(limit as usize);
    let next = jobs.last().filter(|_| more).map(|job| cursor_after(job.id));
    let views: Vec<JobView> = jobs.iter().map(JobView::from).collect();
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(next) = &next {
        let mut address = format!("/v1/jobs?limit={limit}");
        let filters = [
            ("state", state.map(|state| state.as_str().to_owned())),
            ("kind", kind),
            ("accepted_after", accepted_after.map(|from| from.to_rfc3339_opts(SecondsFormat::Millis, true))),
        ];
        for (name, value) in filters {
            let value = value.map(|value| format!("&{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC)));
            address.push_str(&value.unwrap_or_default());
        }
        response.insert_header((header::LINK, format!("<{address}&cursor={next}>; rel=\"next\"")));
    }
    Ok(response.json(json!({"data": views, "next_cursor": next})))
}

/// A cursor is nobody's business but ours; version first, so that it may change.
fn cursor_after(job: JobId) -> String {
    URL_SAFE_NO_PAD.encode(format!("1:{job}"))
}

fn read_cursor(cursor: &str) -> Option<JobId> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix("1:")?.parse().ok()
}

fn bad_list() -> Problem {
    Failure::new(
        FailureCode::BadParameter,
        "Tham số liệt kê việc không đúng.",
        "The parameters are state, kind, accepted_after (RFC 3339), limit from 1 to 200, and the cursor of the page before.",
    )
    .hint("Ví dụ: ?state=dead&limit=50; trang sau lấy từ `next_cursor` hoặc tiêu đề Link.")
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_another_text_is_none() {
        let job = JobId::fresh();
        assert_eq!(read_cursor(&cursor_after(job)), Some(job));
        for wrong in ["", "x", "MTo", &URL_SAFE_NO_PAD.encode("2:x"), &job.to_string()] {
            assert_eq!(read_cursor(wrong), None, "{wrong}");
        }
    }
}
