//! What is held of a person: found, given out, erased.

use super::{Access, Answer, BODY, Operation, post, refer};
use crate::{api::people, failure::FailureCode as F};

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let group = vec![
        post("/v1/people:find", "findPerson", people::find)
            .named("Tìm dữ liệu của một người", "Find the jobs that hold something of a person")
            .answers(Answer::json("PersonFound", "The jobs, the oldest first, and where the name stands in each.")),
        post("/v1/people:export", "exportPerson", people::export)
            .named("Xuất dữ liệu của một người", "Give out what is held of a person")
            .answers(Answer::json("PersonFound", "The jobs, with the entry around each name and each text that has it.")),
        post("/v1/people:erase", "erasePerson", people::erase)
            .named("Xóa dữ liệu của một người", "Erase every ended job that holds something of a person")
            .says("Request and document of each such job go; times, hashes and the audit stay, with a salted hash of the name.")
            .answers(Answer::json("PersonErased", "What became of each job.")),
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
