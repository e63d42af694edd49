//! What is held of a person: found, given out, erased.

use super::{Access, Answer, BODY, Operation, post, refer};
use crate::{api::people, failure::FailureCode as F};

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        post("/v1/people:find", "findPerson", people::find)
            .named("Tìm dữ liệu của một người", "Find what holds something of a person")
            .answers(Answer::json("PersonFound", "Jobs, the oldest first, then versions of the register; and where the name stands in each.")),
        post("/v1/people:export", "exportPerson", people::export)
            .named("Xuất dữ liệu của một người", "Give out what is held of a person")
            .answers(Answer::json("PersonFound", "The same, with the entry around each name and each text that has it.")),
        post("/v1/people:erase", "erasePerson", people::erase)
            .named("Xóa dữ liệu của một người", "Erase what is held of a person")
            .says(
                "Request and document of each ended job go; in the register the name, what stands \
                 beside it of the person, and each text that has it are written over. Figures, times, hashes and the audit \
                 stay, with a salted hash of the name.",
            )
            .answers(Answer::json("PersonErased", "What became of each job and each version.")),
    ];
    let shared = |row: Operation| {
        row.tag("people")
            .for_whom(Access::Admin)
            .takes("application/json", refer("Person"), "The name, in the body and never in the address.")
            .problems(&BODY)
            .problems(&[F::MalformedJson, F::BadParameter, F::StoreUnavailable])
    };
    group.into_iter().map(shared).collect()
}
