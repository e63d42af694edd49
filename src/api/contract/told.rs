//! What registered addresses get: an entry of the document's `webhooks` for each type of event.

use serde_json::{Map, Value, json};

use super::operation::refer;
use crate::{
    failure::FailureCode,
    job::{
        JobState,
        event::{EventType, TRIAL},
    },
};

/// Of the examples.
const JOB: &str = "01991f3e-6a54-7c31-9d0e-5f6f0f2b7a10";
const EVENT: &str = "01991f3e-6b1c-7f02-8a4e-1b8f5c0d9e21";
const WEBHOOK: &str = "01991f3d-2f77-7b6a-b3c4-0c9d8e7f6a55";
const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const WHEN: &str = "2026-07-24T08:30:15.250Z";

/// `webhooks`: name → what is sent.
pub(super) fn webhooks() -> Map<String, Value> {
    let mut all: Map<String, Value> = EventType::ALL.into_iter().map(entry).collect();
    all.insert(TRIAL.to_owned(), trial());
    all
}

fn entry(kind: EventType) -> (String, Value) {
    let Told { vietnamese, english, tells } = told(kind);
    let (is, mut data) = match tells {
        Tells::Job(state, also) => {
            let mut data = json!({"job_id": JOB, "state": state, "href": format!("/v1/jobs/{JOB}")});
            for member in also {
                data[*member] = match *member {
                    "sha256" => json!(SHA256),
                    _ => json!(FailureCode::RenderTimeout.as_str()),
                };
            }
            let required: Vec<&str> = ["job_id", "state"].iter().chain(also).copied().collect();
            (json!({"properties": {"state": {"const": state}}, "required": required}), data)
        }
        Tells::Other(required, data) => (json!({"required": required}), data),
    };
    data["event_id"] = json!(EVENT);
    data["sequence"] = json!(3);
    let example = json!({"type": kind, "timestamp": WHEN, "data": data});
    let schema = json!({"allOf": [refer("Event"), {"properties": {"type": {"const": kind}, "data": is}}]});
    (kind.as_str().to_owned(), sent((kind.as_str(), vietnamese, english), schema, example))
}

struct Told {
    vietnamese: &'static str,
    english: &'static str,
    tells: Tells,
}

/// What an event is about.
enum Tells {
    /// Where the change led, and members of `data` that only some types have.
    Job(JobState, &'static [&'static str]),
    /// Members that `data` has, and an example.
    Other(&'static [&'static str], Value),
}

fn told(kind: EventType) -> Told {
    use Tells::{Job, Other};
    let (vietnamese, english, tells) = match kind {
        EventType::Accepted => ("Đã nhận việc", "The job was stored.", Job(JobState::Accepted, &[])),
        EventType::Started => ("Bắt đầu kết xuất", "A worker began a render.", Job(JobState::Running, &[])),
        EventType::Waiting => (
            "Việc chờ lại",
            "The render gave no paper yet, or its worker was lost; the job waits again. `code` says why, if anything failed.",
            Job(JobState::Accepted, &[]),
        ),
        EventType::Succeeded => (
            "Đã có văn bản",
            "The paper is there: `GET {href}/document`. Its SHA-256 is `sha256`.",
            Job(JobState::Succeeded, &["sha256"]),
        ),
        EventType::Failed => ("Không lập được văn bản", "It ended without a paper.", Job(JobState::Failed, &["code"])),
        EventType::Dead => {
            ("Việc được để riêng", "It was set aside; an operator decides.", Job(JobState::Dead, &["code"]))
        }
        EventType::Cancelled => ("Đã rút hoặc bỏ việc", "It was withdrawn or given up.", Job(JobState::Cancelled, &[])),
        EventType::Requeued => ("Làm lại từ đầu", "An operator lets it begin anew.", Job(JobState::Accepted, &[])),
        EventType::BatchEnded => (
            "Lô đã xong",
            "Every job of the batch has ended; `counts` says how. Once, unless jobs of it begin anew.",
            Other(
                &["batch_id", "counts"],
                json!({"batch_id": JOB, "counts": {"succeeded": 121}, "href": format!("/v1/batches/{JOB}")}),
            ),
        ),
        EventType::Reminder => (
            "Nhắc gửi số liệu",
            "Blocs, by their ids, that have not sent for the period: `awaited` are in time, `overdue` are late.",
            Other(
                &["period", "awaited", "overdue", "schedule"],
                json!({"period": "2026-H1", "awaited": [], "overdue": ["khoi-06"],
                    "schedule": "nhac-2026-h1", "href": "/v1/periods/2026-H1/status"}),
            ),
        ),
    };
    Told { vietnamese, english, tells }
}

fn trial() -> Value {
    let example = json!({"type": TRIAL, "timestamp": WHEN, "data": {"event_id": EVENT, "webhook_id": WEBHOOK}});
    let says = "A trial that `POST /v1/webhooks/{id}:test` asked for. It tells of no job.";
    sent((TRIAL, "Sự kiện thử", says), refer("TrialEvent"), example)
}

/// One call, whatever it tells.
fn sent((name, vietnamese, english): (&str, &str, &str), schema: Value, example: Value) -> Value {
    let header = |name: &str, required: bool, says: &str| json!({"name": name, "in": "header", "required": required, "description": says, "schema": {"type": "string"}});
    let answer = |says: &str| json!({"description": says});
    let id: String = name.split('.').map(capital).collect();
    json!({"post": {
        "operationId": format!("receive{id}"),
        "tags": ["events"],
        "summary": vietnamese,
        "description": format!(
            "{english}\n\nSigned by Standard Webhooks 1.0.0. It may come more than once, always under the same webhook-id."
        ),
        "parameters": [
            header("webhook-id", true, "The event's id, the same in every try."),
            header("webhook-timestamp", true, "Seconds since 1970 of this try; refuse what is older than five minutes."),
            header(
                "webhook-signature",
                true,
                "`v1,` and the Base64 of HMAC-SHA256 over id.timestamp.body; several apart by spaces while a secret is exchanged.",
            ),
            header("traceparent", false, "Where this call stands in the trace that the job came with (W3C Trace Context)."),
        ],
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": schema,
            "examples": {name: {"summary": vietnamese, "value": example}},
        }}},
        "responses": {
            "2XX": answer("Delivered."),
            "3XX": answer("Not followed; tried again."),
            "410": answer("The webhook is disabled."),
            "4XX": answer("Not tried again; but 408 and 429 are."),
            "5XX": answer("Tried again, after Retry-After up to the next wait of the schedule."),
        },
    }})
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
