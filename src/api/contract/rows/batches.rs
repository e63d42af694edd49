//! Batches: many requests at once.

use serde_json::{Value, json};

use super::{Access, Answer, BODY, DATA, Operation, bytes, get, post, refer};
use crate::{api::batches, failure::FailureCode as F};

const JSON: &str = "application/json";
const ID: &str = "id";
const ID_SAYS: &str = "Of the batch, as Location names it.";
const ONE: [F; 2] = [F::BatchNotFound, F::StoreUnavailable];

/// What fetching a file of the whole may refuse with.
const WHOLE: [F; 3] = [F::JobNotFinished, F::DataErased, F::TemplateFault];

fn id() -> Value {
    refer("BatchId")
}

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        post("/v1/batches", "submitBatch", batches::accept)
            .named("Gửi một lô yêu cầu", "Accept many requests at once")
            .says(
                "Requests, or what blocs have sent to the register for a period: then blocs that have sent nothing are \
                 named, and the province's report is the last part. Every paper is checked before one is stored; all faults \
                 come in one 422, with pointers that begin with /requests/N or /blocs/ID/papers/N. With `accept_partial` \
                 faulty papers are left out and named. A paper that is there with the same content is kept, every other \
                 becomes a job. Requests may also come one a line, or as a ZIP file of what `batch` takes as a folder: \
                 pointers then begin with /lines/N (from 1) or /files/NAME, and the parameters say what JSON says in its \
                 body. A list of findings ends after 200; `detail`, or `more` of what was left out, says how many errors are not in it.",
            )
            .asks("accept_partial", json!({"type": "boolean"}), "Of lines and ZIP files: leave faulty papers out.")
            .asks("kind", refer("KindNames"), "Of lines and ZIP files: only papers of this kind, or of these.")
            .asks(
                "period",
                json!({"type": "string", "pattern": "^[0-9]{4}(-H[12])?$"}),
                "Of lines and ZIP files: papers that say of which period they are have to be of this one; a year holds its \
                 halves too.",
            )
            .asks("sources", json!({"type": "boolean"}), "Of ZIP files: whether the province's report has the annex of sources.")
            .header(
                "Idempotency-Key",
                json!({"type": "string", "minLength": 1, "maxLength": 257}),
                "Batches under one key are one, for as long as keys are remembered.",
            )
            .for_whom(Access::Submit)
            .takes(JSON, refer("BatchRequest"), "The requests, in their order.")
            .or_takes("application/x-ndjson", json!({"type": "string", "description": "A DocumentRequest a line."}))
            .or_takes("application/zip", bytes())
            .answers(Answer::new(202, "The batch.").of(JSON, refer("Batch")).with(&["Location", "Idempotency-Replayed"]))
            .problems(&BODY)
            .problems(&DATA)
            .problems(&[
                F::BadParameter,
                F::IdempotencyInProgress,
                F::IdempotencyKeyReused,
                F::PeriodIncomplete,
                F::PeriodOpen,
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
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::json("BatchManifest", "The list; the same for the same papers.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&ONE)
            .problems(&WHOLE),
        get("/v1/batches/{id}/archive.zip", "fetchBatchArchive", batches::archive)
            .named("Tải cả lô", "Fetch all papers and the manifest as one ZIP file")
            .says("The same papers give the same bytes.")
            .at(ID, id(), ID_SAYS)
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::new(200, "The file.").of("application/zip", bytes()).with(&["ETag", "Content-Disposition"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&ONE)
            .problems(&WHOLE),
        get("/v1/batches/{id}/merged.pdf", "fetchBatchPages", batches::merged)
            .named("Tải cả lô thành một tệp PDF", "Fetch all pages as one PDF file with bookmarks")
            .says("With contents where the province's report is a part. The same papers give the same bytes.")
            .at(ID, id(), ID_SAYS)
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::new(200, "The file.").of("application/pdf", bytes()).with(&["ETag", "Content-Disposition"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&ONE)
            .problems(&WHOLE),
        get("/v1/batches/{id}/lineage.json", "showBatchLineage", batches::lineage)
            .named("Nguồn của từng con số", "Where each figure of the province's report comes from")
            .says("A source names bloc, submission, place and value; the sources of a figure add up to it.")
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("BatchLineage", "The figures."))
            .problems(&ONE),
        get("/v1/batches/{id}/differences", "showBatchDifferences", batches::differences)
            .named("Khác với lô trước", "What is different from the batch before of the same period, kind and blocs")
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("BatchDifferences", "Papers that are new, different or gone, place by place."))
            .problems(&ONE)
            .problems(&[F::DataErased]),
    ];
    group.into_iter().map(|row| row.tag("batches")).collect()
}
