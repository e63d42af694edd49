//! Events: read as they come, or sent to webhooks.

use serde_json::{Value, json};

use super::{Access, Answer, BODY, Operation, delete, get, post, refer};
use crate::{
    api::{events, webhooks},
    failure::FailureCode as F,
};

const ID: &str = "id";
const ID_SAYS: &str = "Of the webhook.";
const STREAM: &str = "Server-sent events: `id` is the event's number, `event` its type, `data` the JSON that webhooks get. \
                      A stream ends after a minute at the latest, when its key is revoked, and when the service stops; whoever comes back with \
                      `Last-Event-ID` misses nothing and gets nothing twice.";
const ONE_WEBHOOK: [F; 2] = [F::WebhookNotFound, F::StoreUnavailable];

fn text() -> Value {
    json!({"type": "string"})
}

fn last_seen(row: Operation) -> Operation {
    let number = json!({"type": "integer", "minimum": 0});
    row.header("Last-Event-ID", number, "Number of the last event seen; one above the newest is refused.")
        .answers(
            Answer::new(200, "The stream; the schema is of each of its events.")
                .of("text/event-stream", refer("StreamedEvent")),
        )
        .problems(&[F::BadParameter, F::QuotaExceeded, F::StoreUnavailable])
}

pub(in crate::api::contract) fn rows() -> Vec<Operation> {
    let streams = [
        get("/v1/events", "followEvents", events::all)
            .named("Theo dõi sự kiện của đơn vị", "Follow the organisation's events")
            .says(STREAM)
            .asks(
                "follow",
                json!({"type": "boolean", "default": true}),
                "false: the stream ends when all is told that there is.",
            ),
        get("/v1/jobs/{id}/events", "followJob", events::of_job)
            .named("Theo dõi sự kiện của một việc", "Follow one job's events from its beginning to its end")
            .says(STREAM)
            .at(ID, refer("JobId"), "Of the job.")
            .problems(&[F::JobNotFound]),
        get("/v1/batches/{id}/events", "followBatch", events::of_batch)
            .named("Theo dõi sự kiện của một lô", "Follow a batch's events and those of its jobs to its end")
            .says(STREAM)
            .at(ID, refer("BatchId"), "Of the batch.")
            .problems(&[F::BatchNotFound]),
    ];
    let webhooks = [
        get("/v1/webhooks", "listWebhooks", webhooks::list)
            .named("Liệt kê webhook", "List webhooks")
            .answers(Answer::json("WebhookList", "All of them."))
            .problems(&[F::StoreUnavailable]),
        post("/v1/webhooks", "addWebhook", webhooks::add)
            .named("Đăng ký nơi nhận sự kiện", "Register an address that gets events")
            .says("The answer holds the secret, this once. Without types the ends of jobs are sent.")
            .takes("application/json", refer("NewWebhook"), "Where to, and what.")
            .answers(
                Answer::new(201, "The webhook and its secret.")
                    .of("application/json", refer("WebhookWithSecret"))
                    .with(&["Location"]),
            )
            .problems(&BODY)
            .problems(&[
                F::MalformedJson,
                F::WebhookAddressRefused,
                F::TooManyWebhooks,
                F::BadParameter,
                F::StoreUnavailable,
            ]),
        get("/v1/webhooks/{id}", "showWebhook", webhooks::show)
            .named("Xem một webhook", "Show a webhook")
            .at(ID, text(), ID_SAYS)
            .answers(Answer::json("Webhook", "The webhook."))
            .problems(&ONE_WEBHOOK),
        delete("/v1/webhooks/{id}", "removeWebhook", webhooks::remove)
            .named("Xóa webhook", "Remove a webhook and its deliveries")
            .at(ID, text(), ID_SAYS)
            .answers(Answer::new(204, "It is gone."))
            .problems(&ONE_WEBHOOK),
        post("/v1/webhooks/{id}:rotate", "rotateWebhookSecret", webhooks::rotate)
            .named("Đổi khóa bí mật", "Exchange the secret")
            .says("The secret before signs too for 24 hours.")
            .at(ID, text(), ID_SAYS)
            .answers(Answer::json("WebhookSecret", "The new secret, this once."))
            .problems(&ONE_WEBHOOK),
        post("/v1/webhooks/{id}:test", "testWebhook", webhooks::test)
            .named("Gửi sự kiện thử", "Send a trial event")
            .at(ID, text(), ID_SAYS)
            .answers(Answer::new(202, "It will be sent.").of("application/json", refer("PostedTrial")))
            .problems(&ONE_WEBHOOK)
            .problems(&[F::WebhookDisabled]),
        post("/v1/webhooks/{id}:enable", "enableWebhook", webhooks::enable)
            .named("Bật webhook", "Send there again, beginning with what waits")
            .at(ID, text(), ID_SAYS)
            .answers(Answer::json("Webhook", "The webhook."))
            .problems(&ONE_WEBHOOK),
        post("/v1/webhooks/{id}:disable", "disableWebhook", webhooks::disable)
            .named("Tắt webhook", "Send nothing there any more")
            .at(ID, text(), ID_SAYS)
            .answers(Answer::json("Webhook", "The webhook."))
            .problems(&ONE_WEBHOOK),
        get("/v1/webhooks/{id}/deliveries", "listDeliveries", webhooks::deliveries)
            .named("Xem các lượt gửi", "List deliveries, the newest first")
            .at(ID, text(), ID_SAYS)
            .asks(
                "limit",
                json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
                "Deliveries on a page.",
            )
            .asks("cursor", text(), "`next_cursor` of the page before.")
            .answers(Answer::json("DeliveryPage", "A page of deliveries, each with its tries."))
            .problems(&ONE_WEBHOOK)
            .problems(&[F::BadParameter]),
        post("/v1/webhooks/{id}/deliveries/{event}:redeliver", "redeliverEvent", webhooks::redeliver)
            .named("Gửi lại một sự kiện", "Send one event again, under its id")
            .at(ID, text(), ID_SAYS)
            .at("event", text(), "The event's id.")
            .answers(Answer::new(202, "It will be sent.").of("application/json", refer("Redelivered")))
            .problems(&ONE_WEBHOOK)
            .problems(&[F::WebhookDisabled]),
        post("/v1/webhooks/{id}:redeliver", "redeliverRange", webhooks::redeliver_range)
            .named("Gửi lại một khoảng sự kiện", "Send a range of events again, also those that never were sent there")
            .says("At most 1,000 at once; deliveries that wait are left as they are. What was never sent there is, if it is of a type that goes there.")
            .at(ID, text(), ID_SAYS)
            .takes("application/json", refer("EventRange"), "Numbers of events, first and last.")
            .answers(Answer::new(202, "They will be sent.").of("application/json", refer("Redelivered")))
            .problems(&BODY)
            .problems(&ONE_WEBHOOK)
            .problems(&[F::MalformedJson, F::WebhookDisabled]),
    ];
    let streams = streams.into_iter().map(last_seen);
    let webhooks = webhooks.into_iter().map(|row| row.for_whom(Access::Admin));
    streams.chain(webhooks).map(|row| row.tag("events")).collect()
}
