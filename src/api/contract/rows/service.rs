//! The service about itself.

use serde_json::json;

use super::{Access, Answer, Operation, get, refer};
use crate::{
    api::{health, metrics, problem_page, self_description},
    failure::FailureCode as F,
};

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        get("/v1/openapi.json", "showContract", self_description::openapi)
            .named("Mô tả giao diện (OpenAPI 3.1)", "This document")
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::json("OpenApi", "The document.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"])),
        get("/v1/capabilities", "showCapabilities", self_description::can)
            .named("Dịch vụ này làm được gì", "Kinds, editions, limits, fonts, build and standards")
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::json("Capabilities", "What this installation can do.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"])),
        get("/docs", "readContract", self_description::page)
            .named("Trang hướng dẫn giao diện", "This document as a page for people")
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::new(200, "The page.").of("text/html", json!({"type": "string"})).with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"])),
        get("/problems/{code}", "explainProblem", problem_page::explain)
            .named("Giải thích một mã lỗi", "What a problem means and what to do, Vietnamese and English")
            .says("The page behind a problem's `type`: HTML for browsers, JSON for `Accept: application/json`, else Markdown.")
            .at("code", json!({"type": "string", "examples": ["queue-full"]}), "The problem's code.")
            .answers(
                Answer::new(200, "The explanation.")
                    .of("text/markdown", json!({"type": "string"}))
                    .of("text/html", json!({"type": "string"}))
                    .of("application/json", refer("ProblemExplanation")),
            )
            .problems(&[F::NotFound]),
        get("/livez", "isAlive", health::live)
            .named("Tiến trình còn trả lời", "The process answers")
            .answers(Answer::json("Alive", "It does.")),
        get("/readyz", "isReady", health::ready)
            .named("Dịch vụ sẵn sàng nhận việc", "Jobs can be kept")
            .answers(Answer::json("Readiness", "They can."))
            .problems(&[F::StoreUnavailable, F::ServiceStopping]),
    ];
    let open = group.into_iter().map(|row| row.for_whom(Access::Open));
    let watched = get("/metrics", "showMetrics", metrics::show)
        .named("Số đo cho Prometheus", "Counts and times in the OpenMetrics text format")
        .says(
            "Without ids, organisations or names. Not found where `metrics_listen` gives them an address of their own.",
        )
        .for_whom(Access::Admin)
        .answers(Answer::new(200, "The metrics.").of("application/openmetrics-text", json!({"type": "string"})))
        .problems(&[F::NotFound]);
    open.chain([watched]).map(|row| row.tag("service")).collect()
}
