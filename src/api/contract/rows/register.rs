//! The register of a province: entries, what blocs send, periods.

use actix_web::{http::Method, web};
use serde_json::{Value, json};

use super::{Access, Answer, BODY, Operation, get, post, refer};
use crate::{
    api::{periods, register, sources, submissions},
    failure::FailureCode as F,
};

/// What reading an entry may refuse with.
const ENTRY: [F; 2] = [F::NotInRegister, F::StoreUnavailable];
/// What writing may refuse with besides.
const WRITE: [F; 4] = [F::PreconditionRequired, F::ChangedMeanwhile, F::MalformedJson, F::InvalidDocument];
const VERSIONS: &str = "Nothing is overwritten: a write is a new version upon the one that If-Match names (If-None-Match: * for the first). \
    Sending what the newest version says already changes nothing.";

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let mut group = entries();
    group.extend(sent());
    group.extend(of_periods());
    group.into_iter().map(|row| row.tag("register")).collect()
}

fn id() -> Value {
    json!({"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$", "examples": ["khoi-06"]})
}

fn year() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}$", "examples": ["2026"]})
}

fn period() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}(-H[12])?$", "examples": ["2026-H1", "2026"]})
}

/// The three operations of one entry.
macro_rules! entry {
    ($path:literal, $about:ident, $name:literal, $what:literal, $schema:literal, $at:expr) => {{
        let at: fn(Operation) -> Operation = $at;
        [
            at(get($path, concat!("show", $name), register::show::<register::$about>))
                .named(concat!("Xem ", $what), concat!("Show the newest version: ", $name))
                .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
                .answers(Answer::json("RegisterEntry", "The entry.").with(&["ETag"]))
                .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
                .problems(&ENTRY),
            at(put($path, concat!("put", $name), web::put().to(register::put::<register::$about>)))
                .named(concat!("Ghi ", $what), concat!("Write a version: ", $name))
                .says(VERSIONS)
                .for_whom(Access::Admin)
                .takes("application/json", refer($schema), "The entry.")
                .answers(Answer::json("RegisterEntry", "A later version, or nothing had to be written.").with(&["ETag"]))
                .answers(
                    Answer::new(201, "The first version.").of("application/json", refer("RegisterEntry")).with(&["ETag"]),
                )
                .problems(&ENTRY)
                .problems(&WRITE)
                .problems(&[F::BadParameter])
                .problems(&BODY),
            at(get(concat!($path, "/history"), concat!("history", $name), register::history::<register::$about>))
                .named(concat!("Các phiên bản của ", $what), concat!("Every version, the oldest first: ", $name))
                .answers(Answer::json("RegisterEntryList", "The versions."))
                .problems(&ENTRY),
        ]
    }};
}

fn entries() -> Vec<Operation> {
    let lists = [
        get("/v1/register/units", "listUnits", register::all::<register::Unit>)
            .named("Các đơn vị", "Units, by id")
            .answers(Answer::json("RegisterEntryList", "The newest version of each."))
            .problems(&[F::StoreUnavailable]),
        get("/v1/register/blocs", "listBlocs", register::all::<register::Bloc>)
            .named("Các khối, cụm thi đua", "Blocs, by id")
            .answers(Answer::json("RegisterEntryList", "The newest version of each."))
            .problems(&[F::StoreUnavailable]),
    ];
    let one = |operation: Operation| operation.at("id", id(), "Of the entry.");
    let of_year =
        |operation: Operation| operation.at("id", id(), "Of the bloc.").at("year", year(), "The working year.");
    let of_period = |operation: Operation| operation.at("id", period(), "A half or a whole year.");
    let mut group = Vec::from(lists);
    group.extend(entry!("/v1/register/units/{id}", Unit, "Unit", "đơn vị", "RegisterUnit", one));
    group.extend(entry!("/v1/register/blocs/{id}", Bloc, "Bloc", "khối, cụm", "RegisterBloc", one));
    group.extend(entry!(
        "/v1/register/blocs/{id}/years/{year}",
        BlocYear,
        "BlocYear",
        "năm thi đua của khối, cụm",
        "RegisterBlocYear",
        of_year
    ));
    group.extend(entry!("/v1/periods/{id}", Period, "Period", "kỳ báo cáo", "RegisterPeriod", of_period));
    group.extend(entry!("/v1/schedules/{id}", Schedule, "Schedule", "lịch tự động", "RegisterSchedule", one));
    let of_report = |operation: Operation| operation.at("id", year(), "The year.");
    group.extend(entry!(
        "/v1/register/reports/{id}",
        Report,
        "Report",
        "phần tỉnh tự viết của báo cáo tổng hợp",
        "RegisterReport",
        of_report
    ));
    group.extend(entry!("/v1/sources/{id}", Source, "Source", "nguồn số liệu", "RegisterSource", one));
    group.push(
        get("/v1/sources", "listSources", register::all::<register::Source>)
            .named("Các nguồn số liệu", "Sources, by id")
            .answers(Answer::json("RegisterEntryList", "The newest version of each."))
            .problems(&[F::StoreUnavailable]),
    );
    group.push(
        post("/v1/sources/{id}:pull", "pullSource", sources::pull)
            .named("Đọc số liệu từ nguồn", "Read what blocs have in a source, and keep it as if it had been sent")
            .says(
                "Bloc by bloc; what is wrong with one keeps no other back. Pointers of a bloc's faults are places in what \
                 the source said. Networks beside the public ones have to be opened for the organisation.",
            )
            .for_whom(Access::Admin)
            .at("id", id(), "Of the source.")
            .takes("application/json", refer("SourcePull"), "What is to be read.")
            .answers(Answer::json("PulledList", "What came of each bloc."))
            .problems(&ENTRY)
            .problems(&[F::BadParameter, F::MalformedJson, F::InvalidDocument])
            .problems(&BODY),
    );
    group
}

fn put(path: &'static str, id: &'static str, route: actix_web::Route) -> Operation {
    Operation::new(Method::PUT, path, id, route)
}

fn sent() -> Vec<Operation> {
    let at = |operation: Operation| {
        operation.at("id", id(), "Of the bloc.").at("period", period(), "A half or a whole year.")
    };
    vec![
        at(get("/v1/blocs/{id}/submissions/{period}", "showSubmission", submissions::show))
            .named("Xem số liệu một khối, cụm đã gửi", "Show what a bloc sent")
            .asks("version", json!({"type": "integer", "minimum": 1}), "Another version than the newest.")
            .header("If-None-Match", json!({"type": "string"}), "Entity tags that need no answer.")
            .answers(Answer::json("BlocSubmission", "The submission.").with(&["ETag"]))
            .answers(Answer::new(304, "If-None-Match lists it.").with(&["ETag"]))
            .problems(&ENTRY)
            .problems(&[F::BadParameter]),
        at(post("/v1/blocs/{id}/submissions/{period}", "sendSubmission", submissions::send))
            .named("Gửi số liệu của một khối, cụm", "Send a bloc's content for a period")
            .says(
                "The `content` of a six-month review (halves) or of an annual summary (years), checked like a paper of that \
                 kind and against the register, all faults at once. A closed period takes it only with \
                 `adjustment.reason`: it becomes a numbered adjustment with its difference.",
            )
            .for_whom(Access::Submit)
            .takes("application/json", refer("RegisterSubmission"), "The content.")
            .answers(Answer::json("BlocSubmission", "The newest version says the same.").with(&["ETag"]))
            .answers(
                Answer::new(201, "Kept as a new version.").of("application/json", refer("BlocSubmission")).with(&["ETag"]),
            )
            .problems(&ENTRY)
            .problems(&WRITE)
            .problems(&[F::PeriodClosed, F::PeriodOpen, F::BadParameter, F::NoEdition, F::TemplateFault])
            .problems(&BODY),
        at(get("/v1/blocs/{id}/submissions/{period}/history", "historySubmission", submissions::history))
            .named("Các phiên bản đã gửi", "Every version, the oldest first, without the contents")
            .answers(Answer::json("BlocSubmissionList", "The versions."))
            .problems(&ENTRY)
            .problems(&[F::BadParameter]),
        at(get("/v1/blocs/{id}/carry-over/{period}", "carryOver", submissions::carry_over))
            .named("Bản thảo báo cáo năm từ số liệu đã có", "The draft of a year's summary that the register can give")
            .says(
                "Counts of the half-years added up, targets with their plan, last year for comparison; `lineage` tells the \
                 submissions behind each figure, `findings` what is missing and what a person has to add.",
            )
            .answers(Answer::json("CarryOver", "The draft, its lineage and its findings."))
            .problems(&ENTRY)
            .problems(&[F::BadParameter]),
    ]
}

fn of_periods() -> Vec<Operation> {
    let at = |operation: Operation| operation.at("id", period(), "A half or a whole year.");
    vec![
        at(get("/v1/periods/{id}/status", "showPeriodStatus", periods::status))
            .named("Ai đã gửi, ai trễ hạn, ai còn thiếu", "Who has sent, who is late, who is missing")
            .answers(Answer::json("PeriodStatus", "The period as it stands."))
            .problems(&[F::BadParameter, F::StoreUnavailable]),
        at(post("/v1/periods/{id}:close", "closePeriod", periods::close))
            .named("Chốt số liệu", "Fix a period's figures")
            .says("What was sent is frozen under one hash. Closing again changes nothing. The body may be left out.")
            .for_whom(Access::Admin)
            .may_take("application/json", refer("RegisterClosing"), "Whether it is closed while blocs are missing.")
            .answers(Answer::json("PeriodClosing", "The close."))
            .problems(&[
                F::BadParameter,
                F::PeriodIncomplete,
                F::MalformedJson,
                F::InvalidDocument,
                F::StoreUnavailable,
            ])
            .problems(&BODY),
        at(get("/v1/periods/{id}/submissions", "listSubmissions", periods::submissions))
            .named("Số liệu đã gửi của một kỳ", "The newest version of what each bloc sent, without the contents")
            .answers(Answer::json("BlocSubmissionList", "By bloc."))
            .problems(&[F::BadParameter, F::StoreUnavailable]),
        at(get("/v1/periods/{id}/adjustments", "listAdjustments", periods::adjustments))
            .named("Các điều chỉnh sau khi chốt", "Changes after the close, by number")
            .answers(Answer::json("BlocSubmissionList", "Each with its difference."))
            .problems(&[F::BadParameter, F::StoreUnavailable]),
        get("/v1/schedules", "listSchedules", periods::schedules)
            .named("Các lịch tự động", "Schedules with their next time and their last run")
            .answers(Answer::json("ScheduleList", "By id."))
            .problems(&[F::StoreUnavailable]),
        get("/v1/schedules/{id}/runs", "listScheduleRuns", periods::runs)
            .named("Các lần chạy của một lịch", "What a schedule did, the last first")
            .at("id", id(), "Of the schedule.")
            .answers(Answer::json("ScheduleRunList", "Up to 200 runs."))
            .problems(&ENTRY),
    ]
}
