//! `/v1/register/…` and `/v1/periods/{id}`: read an entry, write a version, read all versions.

use std::fmt;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header,
    web::{Data, Path, Payload},
};
use serde_json::{Value, json};

use super::{ApiLimits, Problem, body, conditions, entry::By};
use crate::{
    desk::{Desk, Written},
    register::{Entry, Sort, Tag},
};

/// Which entries an address is about.
pub(super) trait About: fmt::Debug {
    const SORT: Sort;
}

macro_rules! about {
    ($($name:ident),*) => { $(
        #[derive(Debug)]
        pub(super) enum $name {}
        impl About for $name {
            const SORT: Sort = Sort::$name;
        }
    )* };
}
about!(Unit, Bloc, BlocYear, Period, Schedule, Report, Source);

/// The parts of an address, joined: `{id}` or `{id}/{year}`.
type Parts = Path<Vec<String>>;

fn id(parts: &Parts) -> String {
    parts.join("/")
}

pub(super) async fn show<A: About>(
    By(caller): By,
    desk: Data<Desk>,
    request: HttpRequest,
    path: Parts,
) -> Result<HttpResponse, Problem> {
    let entry = desk.register(&caller).entry(A::SORT, &id(&path)).await?;
    Ok(answer(&request, &entry.tag(), &view(&entry)))
}

/// 201 for the first version, 200 for a later one or for none that was needed.
pub(super) async fn put<A: About>(
    By(caller): By,
    desk: Data<Desk>,
    limits: Data<ApiLimits>,
    request: HttpRequest,
    path: Parts,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let base = conditions::base(&request)?;
    let body = body::read(&request, payload, &limits).await?;
    let Written { entry, unchanged } = desk.register(&caller).put(A::SORT, &id(&path), body, &base).await?;
    let mut response = if entry.version == 1 && !unchanged { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(tagged(&mut response, &entry.tag()).json(view(&entry)))
}

pub(super) async fn history<A: About>(By(caller): By, desk: Data<Desk>, path: Parts) -> Result<HttpResponse, Problem> {
    let versions = desk.register(&caller).history(A::SORT, &id(&path)).await?;
    Ok(list(versions.iter().map(view).collect()))
}

/// The newest version of every entry.
pub(super) async fn all<A: About>(By(caller): By, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let entries = desk.register(&caller).entries(A::SORT).await?;
    Ok(list(entries.iter().map(view).collect()))
}

fn view(entry: &Entry) -> Value {
    let mut shown = json!(entry);
    shown["etag"] = json!(entry.tag().as_str());
    shown
}

pub(super) fn list(data: Vec<Value>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"data": data}))
}

/// 200, or 304 where the caller has this version.
pub(super) fn answer(request: &HttpRequest, tag: &Tag, shown: &Value) -> HttpResponse {
    if conditions::lists(request, &header::IF_NONE_MATCH, tag.as_str()) {
        return tagged(&mut HttpResponse::NotModified(), tag).finish();
    }
    tagged(&mut HttpResponse::Ok(), tag).json(shown)
}

pub(super) fn tagged<'a>(response: &'a mut HttpResponseBuilder, tag: &Tag) -> &'a mut HttpResponseBuilder {
    response.insert_header((header::ETAG, tag.as_str())).insert_header((header::CACHE_CONTROL, "no-cache"))
}
