//! Batches: many requests at once.

use serde_json::{Value, json};

use super::{Access, Answer, BODY, DATA, Operation, bytes, get, post, refer};
use crate::{api::batches, failure::FailureCode as F};

const JSON: &str = "application/json";
const ID: &str = "id";
const ID_SAYS: &str = "Of the batch, as Location names it.";
const ONE: [F; 2] = [F::BatchNotFound, F::StoreUnavailable];

fn id() -> Value {
    refer("JobId")
}

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        post("/v1/batches", "submitBatch", batches::accept)
            .named("Gửi một lô yêu cầu", "Accept many requests at once")
            .says(
                "Every request is checked before one is stored; all faults come in one 422, with pointers that begin with \
                 /requests/N. With `accept_partial` the faulty ones are left out and named. Each request becomes a job.",
            )
            .for_whom(Access::Submit)
            .takes(JSON, refer("BatchRequest"), "The requests, in their order.")
            .answers(Answer::new(202, "The batch.").of(JSON, refer("Batch")).with(&["Location"]))
            .problems(&BODY)
            .problems(&DATA)
            .problems(&[
                F::BadParameter,
                F::MissingGlyph,
                F::TemplateFault,
                F::QuotaExceeded,
                F::QueueFull,
                F::StorageFull,
                F::StoreUnavailable,
                F::ServiceStopping,
                F::PressUnavailable,
            ]),
        get("/v1/batches/{id}", "showBatch", batches::show)
            .named("Xem một lô", "Show a batch, counted from its jobs")
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("Batch", "The batch."))
            .problems(&ONE),
        post("/v1/batches/{id}:cancel", "cancelBatch", batches::cancel)
            .named("Hủy một lô", "Withdraw what has not ended")
            .for_whom(Access::Submit)
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("Batch", "The batch."))
            .problems(&ONE),
        post("/v1/batches/{id}:resume", "resumeBatch", batches::resume)
            .named("Làm lại phần lỗi của một lô", "Let failed and dead jobs of a batch begin anew, and no others")
            .for_whom(Access::Admin)
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("Batch", "The batch."))
            .problems(&ONE),
        get("/v1/batches/{id}/manifest.json", "showBatchManifest", batches::manifest)
            .named("Danh mục văn bản của một lô", "What each part is, with its SHA-256")
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("BatchManifest", "The list; the same for the same papers."))
            .problems(&ONE)
            .problems(&[F::JobNotFinished]),
        get("/v1/batches/{id}/archive.zip", "fetchBatchArchive", batches::archive)
            .named("Tải cả lô", "Fetch all papers and the manifest as one ZIP file")
            .says("The same papers give the same bytes.")
            .at(ID, id(), ID_SAYS)
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::new(200, "The file.").of("application/zip", bytes()).with(&["ETag", "Content-Disposition"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&ONE)
            .problems(&[F::JobNotFinished, F::DataErased]),
    ];
    group.into_iter().map(|row| row.tag("batches")).collect()
}
