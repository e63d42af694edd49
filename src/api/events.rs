//! `GET /v1/events` and `/v1/jobs/{id}/events`: events as they come (server-sent events).
//!
//! A reader that comes back with `Last-Event-ID` misses nothing and gets nothing twice: the number is the event's place
//! among its organisation's, and the stream reads on from there. A number that this ledger has not given is refused: its
//! reader would wait, and miss what comes up to it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    web::{Bytes, Data, Path, Query},
};
use futures_util::stream;
use serde::Deserialize;

use super::{Problem, batches::batch_id, entry::By, jobs::job_id};
use crate::{
    access::{Caller, OrganisationId},
    desk::{Counter, Desk},
    failure::{Failure, FailureCode},
    gate::Gate,
    job::{JobId, event::Event},
};

/// Streams that are open in this process, by organisation.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<OrganisationId, usize>>>);

/// Streams of one organisation in one process.
const MOST: usize = 16;
/// Events read at once.
const PAGE: u32 = 200;
/// A comment after so long a silence keeps proxies from closing the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A stream ends after so long, and its reader comes back: so streams spread over the processes of a service.
const LONGEST: Duration = Duration::from_secs(60);
/// What a reader is told first: come back after two seconds.
const GREETING: &str = "retry: 2000\n\n";

/// One place among [`MOST`].
struct Place {
    streams: Streams,
    organisation: OrganisationId,
}

impl Streams {
    fn take(&self, organisation: &OrganisationId) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let streams = open.entry(organisation.clone()).or_default();
        if *streams >= MOST {
            return None;
        }
        *streams += 1;
        Some(Place { streams: self.clone(), organisation: organisation.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(streams) = open.get_mut(&self.organisation) {
            *streams -= 1;
            if *streams == 0 {
                open.remove(&self.organisation);
            }
        }
    }
}

/// `?follow=false`: end when all is told that there is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FollowQuery {
    follow: Option<bool>,
}

/// 200 with a stream of the organisation's events.
pub(super) async fn all(
    By(caller): By,
    desk: Data<Desk>,
    gate: Data<Gate>,
    streams: Data<Streams>,
    query: Result<Query<FollowQuery>, actix_web::Error>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let follow = query.map_err(|_| bad_follow())?.follow.unwrap_or(true);
    let (newest, seen) = last_seen(&request, &desk.of(&caller)).await?;
    let after = seen.unwrap_or(newest);
    let ends = if follow { Ends::Never } else { Ends::WhenAllIsTold };
    open(&request, Feed::new((desk, gate), caller, ends, after), &streams)
}

/// 200 with a stream of one job's events from its beginning on; it ends with the job.
pub(super) async fn of_job(
    By(caller): By,
    desk: Data<Desk>,
    gate: Data<Gate>,
    streams: Data<Streams>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let job = desk.of(&caller).job(job_id(&id)?, Duration::ZERO).await?;
    let (_newest, seen) = last_seen(&request, &desk.of(&caller)).await?;
    let after = seen.unwrap_or(0);
    open(&request, Feed::new((desk, gate), caller, Ends::WithJob(job.id), after), &streams)
}

/// 200 with a stream of a batch's events and those of its jobs; it ends with the batch.
pub(super) async fn of_batch(
    By(caller): By,
    (desk, gate): (Data<Desk>, Data<Gate>),
    streams: Data<Streams>,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let batch = desk.batches(&caller).batch(batch_id(&id)?).await?;
    let (_newest, seen) = last_seen(&request, &desk.of(&caller)).await?;
    let after = seen.unwrap_or(0);
    open(&request, Feed::new((desk, gate), caller, Ends::WithBatch(batch.id), after), &streams)
}

fn open(request: &HttpRequest, feed: Feed, streams: &Streams) -> Result<HttpResponse, Problem> {
    let place = streams.take(feed.caller.organisation()).ok_or_else(too_many)?;
    let told = stream::unfold((feed, place), |(mut feed, place)| async move {
        let piece = feed.next().await?;
        Some((Ok::<Bytes, actix_web::Error>(Bytes::from(piece)), (feed, place)))
    });
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "text/event-stream"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    Ok(response.streaming(told))
}

/// The number of the newest event, and where a reader stopped.
async fn last_seen(request: &HttpRequest, counter: &Counter<'_>) -> Result<(i64, Option<i64>), Problem> {
    let value = request.headers().get("Last-Event-ID");
    let seen = value.map(|value| number(value).ok_or_else(bad_number)).transpose()?;
    let newest = counter.last_event().await?;
    match seen {
        Some(seen) if seen > newest => Err(ahead(seen, newest)),
        Some(_) | None => Ok((newest, seen)),
    }
}

fn number(value: &HeaderValue) -> Option<i64> {
    value.to_str().ok()?.parse().ok().filter(|number| *number >= 0)
}

fn bad_number() -> Problem {
    Failure::new(
        FailureCode::BadParameter,
        "Tiêu đề Last-Event-ID phải là số thứ tự sự kiện.",
        "Last-Event-ID is the number of an event.",
    )
    .hint("Gửi lại giá trị id: của sự kiện cuối cùng đã nhận.")
    .into()
}

/// Of another organisation, another service, or of a ledger that was put back by other means than `restore`.
fn ahead(seen: i64, newest: i64) -> Problem {
    Failure::new(
        FailureCode::BadParameter,
        format!("Tiêu đề Last-Event-ID là {seen}, nhưng sổ việc chỉ có sự kiện của đơn vị đến số {newest}."),
        format!("Last-Event-ID is {seen}; the organisation's events end with number {newest}."),
    )
    .hint("Xem lại các việc bằng GET /v1/jobs, rồi mở luồng không kèm Last-Event-ID.")
    .into()
}

fn bad_follow() -> Problem {
    Failure::new(
        FailureCode::BadParameter,
        "Tham số “follow” là true hoặc false.",
        "The parameter follow is true or false.",
    )
    .hint("Ví dụ: ?follow=false")
    .into()
}

fn too_many() -> Problem {
    Failure::new(
        FailureCode::QuotaExceeded,
        "Đơn vị đang mở quá nhiều luồng sự kiện.",
        "The organisation has too many streams of events open.",
    )
    .hint("Đóng bớt luồng, hoặc dùng một luồng cho cả đơn vị.")
    .into()
}

/// When a stream ends, if not before for other reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Never,
    WhenAllIsTold,
    WithJob(JobId),
    WithBatch(JobId),
}

/// One reader's way through the events.
struct Feed {
    desk: Data<Desk>,
    gate: Data<Gate>,
    caller: Caller,
    ends: Ends,
    after: i64,
    read: VecDeque<Event>,
    opened: Instant,
    spoke: Option<Instant>,
}

impl Feed {
    fn new((desk, gate): (Data<Desk>, Data<Gate>), caller: Caller, ends: Ends, after: i64) -> Self {
        Self { desk, gate, caller, ends, after, read: VecDeque::new(), opened: Instant::now(), spoke: None }
    }

    /// The next piece of text; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        if self.spoke.is_none() {
            return self.say(GREETING.to_owned());
        }
        loop {
            // Whose key was revoked hears no more; where that cannot be known, the reader comes back.
            if !self.gate.still_admits(&self.caller).await.unwrap_or(false) {
                return None;
            }
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence;
                return self.say(written(&event));
            }
            if self.opened.elapsed() >= LONGEST || self.desk.is_parting() {
                return None;
            }
            let counter = self.desk.of(&self.caller);
            let read = match self.ends {
                Ends::Never | Ends::WhenAllIsTold => counter.events_after(None, self.after, PAGE).await,
                Ends::WithJob(job) => counter.events_after(Some(job), self.after, PAGE).await,
                Ends::WithBatch(batch) => counter.events_of_batch(batch, self.after, PAGE).await,
            };
            // A store that does not answer ends the stream; its reader comes back.
            self.read = read.ok()?.into();
            if !self.read.is_empty() {
                continue;
            }
            if self.is_told_all().await {
                return None;
            }
            if self.spoke.is_some_and(|spoke| spoke.elapsed() >= HEARTBEAT) {
                return self.say(":\n\n".to_owned());
            }
            self.desk.of(&self.caller).events_numbered().await;
        }
    }

    /// Whether what this stream follows has ended and its last event was told.
    async fn is_told_all(&self) -> bool {
        let counter = self.desk.of(&self.caller);
        let told = match self.ends {
            Ends::Never => return false,
            Ends::WhenAllIsTold => return true,
            Ends::WithBatch(batch) => counter.batch_is_told(batch, self.after).await,
            Ends::WithJob(job) => counter.newest_event(job).await.map(|newest| match newest {
                Some((number, kind)) => kind.is_end() && number.is_some_and(|number| number <= self.after),
                // Events older than they are kept are gone, and with them the stream.
                None => true,
            }),
        };
        // A store that does not answer ends the stream; its reader comes back.
        told.unwrap_or(true)
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a stream gives")]
    fn say(&mut self, text: String) -> Option<String> {
        self.spoke = Some(Instant::now());
        Some(text)
    }
}

fn written(event: &Event) -> String {
    // JSON has no line breaks of its own.
    format!("id: {}\nevent: {}\ndata: {}\n\n", event.sequence, event.kind.as_str(), event.told())
}
