//! `GET /problems/{code}`: the page behind a problem's `type`, for browsers, programs and terminals.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};
use serde_json::{Value, json};

use super::{
    Problem,
    failures::{Explanation, Told, explanation},
    language::Language,
    pages, problem,
};
use crate::failure::{Failure, FailureCode};

/// 200 with what the problem means and what to do, in Vietnamese and English.
pub(super) async fn explain(code: Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let known = FailureCode::ALL.iter().find(|known| known.as_str() == code.as_str());
    let explained = known.and_then(|code| explanation(*code)).ok_or_else(unknown)?;
    let (language, example) = (Language::current(), example(&explained));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::VARY, "accept, accept-language"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_LANGUAGE, "vi, en"));
    Ok(match Form::liked(&request) {
        Form::Page => {
            let page = pages::problem(&explained, &example, language);
            let mut response = response.content_type(pages::MEDIA_TYPE).body(page);
            pages::shut_in(response.headers_mut());
            response
        }
        Form::Json => response.json(as_json(&explained, &example)),
        Form::Markdown => response.content_type("text/markdown; charset=utf-8").body(as_text(&explained, &example)),
    })
}

/// How the page is written.
enum Form {
    Page,
    Json,
    Markdown,
}

impl Form {
    /// The first that the caller names; a browser names HTML, curl nothing.
    fn liked(request: &HttpRequest) -> Self {
        let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let named = accepted.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        let form = |range: &str| match range {
            "text/html" | "application/xhtml+xml" => Some(Form::Page),
            "application/json" | "application/problem+json" => Some(Form::Json),
            "text/markdown" | "text/plain" => Some(Form::Markdown),
            _ => None,
        };
        named.filter_map(form).next().unwrap_or(Form::Markdown)
    }
}

/// A problem with this code, as an answer would say it.
fn example(explained: &Explanation) -> Value {
    let code = explained.code.as_str();
    json!({
        "type": format!("/problems/{code}"),
        "title": explained.vietnamese.meaning,
        "title_en": explained.english.meaning,
        "status": problem::status(explained.code).as_u16(),
        "detail": explained.vietnamese.remedy,
        "code": code,
        "instance": "urn:uuid:01a20002-5058-7482-95fd-24e5c6ef4d7c",
        "request_id": "01a20002-5058-7482-95fd-24e5c6ef4d7c",
        "errors": [],
    })
}

fn as_json(explained: &Explanation, example: &Value) -> Value {
    let told = |told: &Told| json!({"meaning": told.meaning, "remedy": told.remedy, "mover": told.mover});
    json!({"code": explained.code, "status": example["status"], "vi": told(&explained.vietnamese),
        "en": told(&explained.english), "example": example})
}

fn as_text(explained: &Explanation, example: &Value) -> String {
    let told = |told: &Told| format!("{} {} ({})", told.meaning, told.remedy, told.mover);
    format!(
        "# {}\n\n{}\n\n{}\n\n```json\n{example:#}\n```\n",
        explained.code.as_str(),
        told(&explained.vietnamese),
        told(&explained.english)
    )
}

fn unknown() -> Problem {
    Failure::new(FailureCode::NotFound, "Không có mã lỗi này.", "There is no such problem code.")
        .hint("Các mã lỗi nằm trong mô tả giao diện tại /v1/openapi.json, mục ProblemCode.")
        .into()
}
