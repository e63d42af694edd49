//! Jobs: followed, fetched, withdrawn, begun anew, erased.

use serde_json::{Value, json};

use super::{Access, Answer, ONE_JOB, Operation, bytes, delete, get, post, refer};
use crate::{
    api::{job_list, jobs},
    failure::FailureCode as F,
};

/// The job's id in the address.
const ID: &str = "id";
const ID_SAYS: &str = "Of the job, as Location names it. Any other text is an unknown job.";

fn id() -> Value {
    refer("JobId")
}

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group =
        vec![
        get("/v1/jobs", "listJobs", job_list::list)
            .named("Liệt kê việc", "List jobs, the newest first")
            .asks("state", refer("JobState"), "Only jobs in this state.")
            .asks("kind", json!({"type": "string"}), "Only jobs of this kind of paper.")
            .asks(
                "accepted_after",
                json!({"type": "string", "format": "date-time"}),
                "Only jobs accepted at this moment or later (RFC 3339, to the millisecond).",
            )
            .asks("limit", json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}), "Jobs on a page.")
            .asks("cursor", json!({"type": "string"}), "`next_cursor` of the page before.")
            .answers(Answer::json("JobPage", "A page of jobs.").with(&["Link"]))
            .problems(&[F::BadParameter, F::StoreUnavailable]),
        get("/v1/jobs/{id}", "showJob", jobs::show)
            .named("Xem một việc", "Show a job, whatever its state")
            .at(ID, id(), ID_SAYS)
            .asks(
                "wait",
                json!({"type": "integer", "minimum": 0}),
                "Answer when the job ends, or after so many seconds (at most 30) with the job as it is then.",
            )
            .answers(Answer::json("Job", "The job.").with(&["Retry-After"]))
            .problems(&ONE_JOB)
            .problems(&[F::BadParameter]),
        delete("/v1/jobs/{id}", "cancelJob", jobs::cancel)
            .named("Hủy một việc", "Withdraw a job")
            .says(
                "A waiting job is cancelled at once; a running one at its worker's next sign of life, unless it has \
                 succeeded by then. A dead job is given up.",
            )
            .for_whom(Access::Submit)
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("Job", "The job, cancelled or about to be."))
            .problems(&ONE_JOB)
            .problems(&[F::JobAlreadyEnded]),
        post("/v1/jobs/{id}:requeue", "requeueJob", jobs::requeue)
            .named("Cho một việc làm lại", "Let a failed or dead job begin anew")
            .for_whom(Access::Admin)
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("Job", "The job, accepted again, with no starts counted."))
            .problems(&ONE_JOB)
            .problems(&[F::JobNotRequeueable, F::DataErased]),
        get("/v1/jobs/{id}/document", "fetchDocument", jobs::document)
            .named("Tải văn bản", "Fetch the finished document")
            .says("PDF/A-2a and PDF/UA-1, or the ZIP file of a dossier. Several ranges give the whole.")
            .at(ID, id(), ID_SAYS)
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .header("If-Match", json!({"type": "string"}), "Entity tags that are wanted alone.")
            .header("Range", json!({"type": "string"}), "One range of bytes.")
            .header("If-Range", json!({"type": "string"}), "The entity tag that the range belongs to.")
            .answers(whole())
            .answers(
                Answer::new(206, "The range.")
                    .of("application/pdf", bytes())
                    .of("application/zip", bytes())
                    .with(&["ETag", "Repr-Digest", "Content-Disposition", "Accept-Ranges", "Content-Range"]),
            )
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .answers(Answer::new(412, "If-Match does not list it.").with(&["ETag"]))
            .answers(Answer::new(416, "The range is outside of the file.").with(&["Content-Range"]))
            .problems(&ONE_JOB)
            .problems(&[F::JobNotFinished, F::JobHasNoDocument, F::DataErased]),
        get("/v1/jobs/{id}/metadata", "showMetadata", jobs::metadata)
            .named("Dữ liệu đặc tả của văn bản", "What a document management system files the document under")
            .says("After Decree 30/2020/NĐ-CP, Annex VI, part II, under neutral names; docs/metadata.md maps them. A field that the document does not say is null.")
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("DocumentMetadata", "Of one paper, or of a dossier with all its papers."))
            .problems(&ONE_JOB)
            .problems(&[F::JobNotFinished, F::JobHasNoDocument, F::DataErased, F::UnreadableJob]),
        delete("/v1/jobs/{id}/data", "eraseJob", jobs::erase)
            .named("Xóa dữ liệu của một việc", "Erase request and document of a job that has ended")
            .says("Times, hashes and the audit stay. Repeating it changes nothing.")
            .for_whom(Access::Admin)
            .at(ID, id(), ID_SAYS)
            .answers(Answer::json("Job", "The job without its data."))
            .problems(&ONE_JOB)
            .problems(&[F::JobNotFinished]),
    ];
    group.into_iter().map(|row| row.tag("jobs")).collect()
}

fn whole() -> Answer {
    Answer::new(200, "The file.").of("application/pdf", bytes()).of("application/zip", bytes()).with(&[
        "ETag",
        "Repr-Digest",
        "Content-Disposition",
        "Accept-Ranges",
    ])
}
