//! Kinds of paper and editions of the law: what this installation knows.

use serde_json::json;

use super::{Access, Answer, Operation, get, refer};
use crate::{
    api::{editions, kinds},
    failure::FailureCode as F,
};

const DAY: &str = "A day: the list holds the edition that governs it; `seen_on` tells what a paper of that day prints.";

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let kind = || json!({"type": "string", "examples": ["six-month-review"]});
    let day = || json!({"type": "string", "format": "date"});
    let tag = || json!({"type": "string"});
    let group = vec![
        get("/v1/kinds", "listKinds", kinds::list)
            .named("Các loại văn bản", "Kinds of paper")
            .header("If-None-Match", tag(), "Entity tags that need no answer.")
            .answers(Answer::json("KindList", "Every kind.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"])),
        get("/v1/kinds/{kind}/schema", "showSchema", kinds::schema)
            .named("Lược đồ JSON của một loại văn bản", "JSON Schema 2020-12 of a request")
            .at("kind", kind(), "Name of the kind.")
            .header("If-None-Match", tag(), "Entity tags that need no answer.")
            .answers(Answer::new(200, "The schema.").of("application/schema+json", refer("KindSchema")).with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&[F::NotFound]),
        get("/v1/kinds/{kind}/samples/{name}", "showSample", kinds::sample)
            .named("Dữ liệu mẫu", "A complete sample request")
            .says("`simple` has all parts, `minimal` the least that is accepted, `overflow` long lists and names, `hostile` markup in every text.")
            .at("kind", kind(), "Name of the kind.")
            .at("name", json!({"type": "string", "examples": ["simple"]}), "Name of the sample.")
            .header("If-None-Match", tag(), "Entity tags that need no answer.")
            .answers(Answer::json("AnyRequest", "A request.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&[F::NotFound, F::UnknownSample]),
        get("/v1/editions", "listEditions", editions::list)
            .named("Các phiên bản pháp luật", "Editions of the law, the oldest first")
            .asks("on", day(), DAY)
            .header("If-None-Match", tag(), "Entity tags that need no answer.")
            .answers(Answer::json("EditionList", "The editions, and the days without one.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&[F::BadParameter, F::NoEdition]),
        get("/v1/editions/{id}", "showEdition", editions::show)
            .named("Một phiên bản pháp luật", "One edition of the law")
            .at("id", json!({"type": "string", "examples": ["E2"]}), "Name of the edition.")
            .asks("on", day(), DAY)
            .header("If-None-Match", tag(), "Entity tags that need no answer.")
            .answers(Answer::json("Edition", "The edition.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&[F::BadParameter, F::NotFound]),
    ];
    group.into_iter().map(|row| row.tag("catalog").for_whom(Access::Open)).collect()
}
