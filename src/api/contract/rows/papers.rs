//! Finished PDF files: what they carry, whether it is true, whether they keep to the decree.

use super::{Access, Answer, BODY, Operation, bytes, post, refer};
use crate::{api::papers, failure::FailureCode as F};

const PDF: &str = "application/pdf";
const FILE: &str = "The file. It is read in a render child that is ended afterwards; nothing is stored.";
/// What can be wrong with a file.
const READING: [F; 5] =
    [F::UnreadablePaper, F::EncryptedPaper, F::PaperTooHeavy, F::PressUnavailable, F::MissingSandbox];

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        post("/v1/papers/extract", "extractPaper", papers::extract)
            .named("Trích dữ liệu mà tệp PDF mang theo", "The data that a PDF carries")
            .answers(Answer::json("ExtractedData", "The data and what decided the bytes."))
            .problems(&[F::PaperWithoutData]),
        post("/v1/papers/verify", "verifyPaper", papers::verify)
            .named("Đối chiếu tệp PDF với dữ liệu nó mang theo", "Whether that data gives the PDF's bytes")
            .answers(Answer::json("Verification", "What rendering the data once more has shown."))
            .problems(&[F::PaperWithoutData]),
        post("/v1/papers/check", "checkPaper", papers::check)
            .named("Đo thể thức một tệp PDF", "Measure any PDF against Decree 30/2020/NĐ-CP")
            .asks("form", refer("LayoutForm"), "What to take it for; unless said, by the type name on its first page.")
            .answers(Answer::json("LayoutCheck", "Every breach of the layout law."))
            .problems(&[F::BadParameter]),
    ];
    let complete = |row: Operation| {
        row.tag("papers").for_whom(Access::Submit).takes(PDF, bytes(), FILE).problems(&BODY).problems(&READING)
    };
    group.into_iter().map(complete).collect()
}
