//! Data in: accepted, checked, or shown at once.

use serde_json::json;

use super::{Access, Answer, BODY, DATA, Operation, RENDER, bytes, post, refer};
use crate::{api::documents, failure::FailureCode as F};

const JSON: &str = "application/json";
const REQUEST: &str = "UTF-8, put into NFC. Leave out what you do not know: an unknown field, an empty text and a key that stands twice are errors.";

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        post("/v1/documents", "submitDocument", documents::accept)
            .named("Gửi dữ liệu để lập văn bản", "Accept data and make a job")
            .says(
                "When it answers 202, the job is on disk. If the connection breaks before the answer, send the request \
                 again under the same `Idempotency-Key` and there is one job. The data is checked in three rounds \
                 (schema and characters; cross-checks; gaps in the words); the first round with an error ends in 422 \
                 with all its findings, and nothing is stored.",
            )
            .for_whom(Access::Submit)
            .header(
                "Idempotency-Key",
                json!({"type": "string", "pattern": "^(\"[!#-\\[\\]-~]{1,255}\"|[!#-\\[\\]-~]{1,255})$"}),
                "One string for each document, in quotes or not; a fresh UUID is best. Under a known key the same data \
                 (as JSON) gives the first job again, other data 422. Remembered for 24 hours. After the expired draft \
                 draft-ietf-httpapi-idempotency-key-header-07.",
            )
            .header(
                "Prefer",
                json!({"type": "string", "examples": ["wait=10"]}),
                "`wait=10`: answer 200 with the job if it ends within so many seconds (RFC 7240; at most 30).",
            )
            .header(
                "traceparent",
                json!({"type": "string", "examples": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]}),
                "Where the caller is in a trace (W3C Trace Context); kept with the job. What is none is passed over.",
            )
            .takes(JSON, refer("DocumentRequest"), REQUEST)
            .answers(Answer::json("Job", "The job, which ended while `Prefer: wait` waited.").with(&[
                "Location",
                "Content-Location",
                "Preference-Applied",
                "Idempotency-Replayed",
            ]))
            .answers(
                Answer::new(202, "The job; its document is made in the background.").of(JSON, refer("Job")).with(&[
                    "Location",
                    "Retry-After",
                    "Preference-Applied",
                    "Idempotency-Replayed",
                ]),
            )
            .problems(&BODY)
            .problems(&DATA)
            .problems(&[
                F::BadParameter,
                F::MissingGlyph,
                F::TemplateFault,
                F::IdempotencyInProgress,
                F::IdempotencyKeyReused,
                F::QuotaExceeded,
                F::QueueFull,
                F::StorageFull,
                F::StoreUnavailable,
                F::ServiceStopping,
            ]),
        post("/v1/documents/check", "checkDocument", documents::check)
            .named("Kiểm tra dữ liệu, không lập văn bản", "Check data; nothing is stored")
            .for_whom(Access::Submit)
            .takes(JSON, refer("DocumentRequest"), REQUEST)
            .answers(Answer::json("CheckResult", "No finding is an error."))
            .problems(&BODY)
            .problems(&DATA)
            .problems(&[F::MissingGlyph, F::TemplateFault]),
        post("/v1/documents/preview", "previewDocument", documents::preview)
            .named("Xem trước bản dự thảo", "Render the data as a draft at once; nothing is stored")
            .for_whom(Access::Submit)
            .asks("format", json!({"type": "string", "enum": ["pdf", "png"], "default": "pdf"}), "What to answer with.")
            .asks("page", json!({"type": "integer", "minimum": 1, "default": 1}), "Page of the PNG.")
            .asks(
                "ppi",
                json!({"type": "number", "minimum": 36, "maximum": 300, "default": 110}),
                "Resolution of the PNG.",
            )
            .takes(JSON, refer("DocumentRequest"), REQUEST)
            .answers(
                Answer::new(200, "The draft, or one page of it. A dossier's PNG is of its index.")
                    .of("application/pdf", bytes())
                    .of("application/zip", bytes())
                    .of("image/png", bytes())
                    .with(&["X-Page-Count", "X-Finding-Count"]),
            )
            .problems(&BODY)
            .problems(&DATA)
            .problems(&RENDER)
            .problems(&[F::BadParameter]),
    ];
    group.into_iter().map(|row| row.tag("documents")).collect()
}
