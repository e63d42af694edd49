use uuid::Uuid;

use super::*;
use crate::{
    access::OrganisationId,
    job::event::EventType as E,
    ledger::{
        Condition, Forbearance, NewWebhook, OrganisationChange, Outbox, Parcel, Sent, Tried, WebhookOutcome, Which,
    },
};

const PATIENT: Forbearance = Forbearance { rest: Duration::ZERO, longest_rest: Duration::ZERO, disable_after: LONG };
const WELL: Tried = Tried { took: Duration::ZERO, status: Some(200), fault: None };
const ILL: Tried = Tried { took: Duration::ZERO, status: None, fault: Some("no-connection") };

fn organisation(name: &str) -> OrganisationId {
    name.parse().unwrap()
}

async fn hook(ledger: &Ledger, name: &str, types: &[E]) -> String {
    let organisation = organisation(name);
    ledger.add_organisation(&organisation, &OrganisationChange::default()).await.unwrap();
    let (url, secret) = ("https://hook.tinh.vn/x".into(), "sealed".into());
    let new = NewWebhook { organisation, url, types: types.to_vec(), secret };
    match ledger.add_webhook(Uuid::now_v7(), &new).await.unwrap() {
        WebhookOutcome::Added(webhook) => webhook.id,
        other => panic!("{other:?}"),
    }
}

async fn accepted(ledger: &Ledger, organisation: &str, number: usize) {
    for _ in 0..number {
        accept_for(ledger, organisation).await;
    }
    ledger.number_events().await.unwrap();
}

async fn parcels(ledger: &Ledger) -> Vec<Parcel> {
    ledger.lease_parcels(100, LONG).await.unwrap()
}

async fn an_event_is_posted_once_to_each_who_wants_it_and_to_no_stranger(store: Store) {
    let ledger = store.fresh().await;
    let (all, ends) = (hook(&ledger, "a", &E::ALL).await, hook(&ledger, "a", &[E::Succeeded]).await);
    let (other, off) = (hook(&ledger, "b", &E::ALL).await, hook(&ledger, "a", &E::ALL).await);
    assert!(ledger.disable_webhook(None, &off).await.unwrap());
    accepted(&ledger, "a", 1).await;
    assert_eq!(ledger.number_events().await.unwrap(), 0);
    let found = parcels(&ledger).await;
    assert_eq!(found.iter().map(|parcel| parcel.webhook.as_str()).collect::<Vec<_>>(), [all.as_str()]);
    assert!(found[0].body.contains("job.accepted") && !found[0].body.contains("Quyết định"), "{}", found[0].body);
    assert!(parcels(&ledger).await.is_empty(), "leased");
    let a = organisation("a");
    assert_eq!(ledger.webhooks(Some(&a)).await.unwrap().len(), 3);
    for foreign in [&other, "x"] {
        assert!(ledger.webhook(Some(&a), foreign).await.unwrap().is_none());
        assert!(ledger.deliveries((Some(&a), foreign), None, 9).await.unwrap().is_none());
        assert!(!ledger.rotate_secret(Some(&a), foreign, ("s", LONG)).await.unwrap());
        assert!(!ledger.remove_webhook(Some(&a), foreign).await.unwrap());
        assert!(!ledger.disable_webhook(Some(&a), foreign).await.unwrap());
        assert!(ledger.post_trial(Some(&a), foreign).await.unwrap().is_none());
        assert!(ledger.redeliver((Some(&a), foreign), &Which::Range(1, 9)).await.unwrap().is_none());
    }
    assert!(ledger.deliveries((None, &ends), None, 9).await.unwrap().unwrap().is_empty());
}

async fn to_one_address_four_are_under_way_and_a_lost_lease_writes_nothing(store: Store) {
    let ledger = store.fresh().await;
    let slow = hook(&ledger, "slow", &[E::Accepted]).await;
    hook(&ledger, "quick", &[E::Accepted]).await;
    accepted(&ledger, "slow", 9).await;
    let old = ledger.lease_parcels(100, Duration::ZERO).await.unwrap();
    assert_eq!(old.len(), 4);
    accepted(&ledger, "quick", 2).await;
    let found = parcels(&ledger).await;
    assert_eq!(found.iter().filter(|parcel| parcel.webhook == slow).count(), 4);
    assert_eq!(found.len(), 6, "whoever is quick does not wait");
    assert!(!ledger.end_parcel(&old[0], WELL, (Sent::Delivered, PATIENT)).await.unwrap(), "an old fence");
    for parcel in &found {
        assert!(ledger.end_parcel(parcel, WELL, (Sent::Delivered, PATIENT)).await.unwrap());
        assert!(!ledger.end_parcel(parcel, WELL, (Sent::Delivered, PATIENT)).await.unwrap(), "once");
    }
    let log = ledger.deliveries((None, &slow), None, 100).await.unwrap().unwrap();
    assert_eq!(log.iter().filter(|record| record.state == "delivered").count(), 4);
    assert!(log.iter().all(|record| record.tries.len() == usize::from(record.state == "delivered")));
    let unknown = ledger.deliveries((None, &slow), Some("unknown"), 2).await.unwrap().unwrap();
    assert!(unknown.is_empty(), "behind nothing there is nothing, not the first page again");
    let page = ledger.deliveries((None, &slow), Some(&log[2].id), 2).await.unwrap().unwrap();
    assert_eq!(page, log[3..5]);
}

async fn an_address_that_fails_rests_is_tried_singly_and_is_given_up_in_the_end(store: Store) {
    let ledger = store.fresh().await;
    let id = hook(&ledger, "a", &[E::Accepted]).await;
    accepted(&ledger, "a", 8).await;
    let mut tries = 0;
    while tries < 5 {
        for parcel in parcels(&ledger).await {
            assert!(ledger.end_parcel(&parcel, ILL, (Sent::Again(Duration::ZERO), PATIENT)).await.unwrap());
            tries += 1;
        }
    }
    assert!(ledger.webhook(None, &id).await.unwrap().unwrap().failing_since.is_some());
    let one = parcels(&ledger).await;
    assert_eq!(one.len(), 1, "carefully");
    let resting = Forbearance { rest: LONG, longest_rest: LONG, ..PATIENT };
    assert!(ledger.end_parcel(&one[0], ILL, (Sent::Again(Duration::ZERO), resting)).await.unwrap());
    assert!(parcels(&ledger).await.is_empty(), "it rests");
    assert!(ledger.enable_webhook(None, &id).await.unwrap());
    let four = parcels(&ledger).await;
    assert_eq!(four.len(), 4);
    let impatient = Forbearance { disable_after: Duration::ZERO, ..PATIENT };
    assert!(ledger.end_parcel(&four[0], ILL, (Sent::GivenUp, impatient)).await.unwrap());
    let given_up = ledger.webhook(None, &id).await.unwrap().unwrap();
    assert_eq!(given_up.disabled_why.as_deref(), Some("failing"));
    assert!(ledger.end_parcel(&four[1], WELL, (Sent::Delivered, PATIENT)).await.unwrap(), "it was under way");
    assert!(parcels(&ledger).await.is_empty());
    let gone = hook(&ledger, "g", &[E::Accepted]).await;
    accepted(&ledger, "g", 1).await;
    assert!(ledger.end_parcel(&parcels(&ledger).await[0], WELL, (Sent::Gone, PATIENT)).await.unwrap());
    assert_eq!(ledger.webhook(None, &gone).await.unwrap().unwrap().disabled_why.as_deref(), Some("gone"));
}

async fn what_was_sent_or_never_posted_is_sent_again_under_the_same_ids(store: Store) {
    let ledger = store.fresh().await;
    accepted(&ledger, "a", 2).await;
    let id = hook(&ledger, "a", &[E::Accepted]).await;
    accepted(&ledger, "a", 1).await;
    let first = parcels(&ledger).await;
    assert_eq!(first.len(), 1);
    assert!(ledger.end_parcel(&first[0], WELL, (Sent::Delivered, PATIENT)).await.unwrap());
    assert_eq!(ledger.redeliver((None, &id), &Which::One("x".into())).await.unwrap(), Some(0));
    assert_eq!(ledger.redeliver((None, &id), &Which::One(first[0].message_id.clone())).await.unwrap(), Some(1));
    assert_eq!(ledger.redeliver((None, &id), &Which::Range(1, 2)).await.unwrap(), Some(2));
    assert_eq!(ledger.redeliver((None, &id), &Which::Range(1, 3)).await.unwrap(), Some(0), "they wait");
    let ends = hook(&ledger, "a", &[E::Succeeded]).await;
    assert_eq!(
        ledger.redeliver((None, &ends), &Which::Range(1, 3)).await.unwrap(),
        Some(0),
        "it asked for other types"
    );
    let again = parcels(&ledger).await;
    assert_eq!(again.len(), 3);
    assert!(again.iter().any(|parcel| parcel.message_id == first[0].message_id && parcel.body == first[0].body));
    ledger.post_trial(None, &id).await.unwrap().unwrap();
    assert!(parcels(&ledger).await[0].body.contains("webhook.test"));
    assert_eq!(ledger.forget_deliveries(Duration::ZERO).await.unwrap(), 0, "all wait");
    assert!(ledger.remove_webhook(None, &id).await.unwrap());
    assert!(!ledger.end_parcel(&again[0], WELL, (Sent::Delivered, PATIENT)).await.unwrap());
}

async fn after_an_exchange_both_secrets_sign_until_the_old_ones_time_is_over(store: Store) {
    let ledger = store.fresh().await;
    let id = hook(&ledger, "a", &[E::Accepted]).await;
    assert!(ledger.rotate_secret(None, &id, ("second", LONG)).await.unwrap());
    accepted(&ledger, "a", 1).await;
    assert_eq!(parcels(&ledger).await[0].secrets, ["second", "sealed"]);
    assert!(ledger.rotate_secret(None, &id, ("third", Duration::ZERO)).await.unwrap());
    accepted(&ledger, "a", 1).await;
    assert_eq!(parcels(&ledger).await[0].secrets, ["third"]);
    for _ in 1..10 {
        hook(&ledger, "a", &[]).await;
    }
    let new = NewWebhook { organisation: organisation("a"), url: "x".into(), types: Vec::new(), secret: "s".into() };
    assert_eq!(ledger.add_webhook(Uuid::now_v7(), &new).await.unwrap(), WebhookOutcome::TooMany);
    let reach = "10.0.0.0/8".parse().unwrap();
    assert!(ledger.set_reach(&organisation("a"), &reach).await.unwrap());
    assert_eq!(ledger.reach(&organisation("a")).await.unwrap(), Some(reach));
    assert_eq!(ledger.reach(&organisation("nobody")).await.unwrap(), None);
}

async fn the_outbox_says_what_waits_and_how_the_webhooks_are(store: Store) {
    let ledger = store.fresh().await;
    assert_eq!(ledger.outbox().await.unwrap(), Outbox::default());
    accept_for(&ledger, "a").await;
    let outbox = ledger.outbox().await.unwrap();
    assert_eq!((outbox.unnumbered, outbox.oldest_unnumbered.is_some(), outbox.waiting), (1, true, 0));
    let ids = [hook(&ledger, "a", &[E::Accepted]).await, hook(&ledger, "b", &[E::Accepted]).await];
    accepted(&ledger, "a", 2).await;
    accepted(&ledger, "b", 1).await;
    let outbox = ledger.outbox().await.unwrap();
    assert_eq!((outbox.unnumbered, outbox.oldest_unnumbered, outbox.waiting), (0, None, 4));
    assert!(outbox.oldest_waiting.is_some() && outbox.unserved.is_some(), "{outbox:?}");
    // What is under way waits for its receiver, not for us.
    let resting = Forbearance { rest: LONG, longest_rest: LONG, ..PATIENT };
    let mut leased = parcels(&ledger).await;
    assert_eq!((leased.len(), ledger.outbox().await.unwrap().unserved), (4, None));
    leased.retain(|parcel| parcel.webhook == ids[0]);
    assert!(ledger.end_parcel(&leased[0], ILL, (Sent::Again(LONG), resting)).await.unwrap());
    assert_eq!(ledger.outbox().await.unwrap().webhooks(Condition::Failing), 1);
    assert!(ledger.end_parcel(&leased[1], ILL, (Sent::GivenUp, resting)).await.unwrap());
    accepted(&ledger, "a", 3).await;
    for parcel in leased[2..].iter().chain(&parcels(&ledger).await) {
        assert!(ledger.end_parcel(parcel, ILL, (Sent::Again(Duration::ZERO), resting)).await.unwrap());
    }
    let outbox = ledger.outbox().await.unwrap();
    assert_eq!((outbox.webhooks(Condition::Resting), outbox.webhooks(Condition::Well)), (1, 1), "{outbox:?}");
    assert_eq!((outbox.waiting, outbox.unserved), (6, None), "{outbox:?}");
    assert!(ledger.disable_webhook(None, &ids[0]).await.unwrap());
    let outbox = ledger.outbox().await.unwrap();
    assert_eq!((outbox.webhooks(Condition::Disabled), outbox.waiting), (1, 1), "{outbox:?}");
    assert!(ledger.enable_webhook(None, &ids[0]).await.unwrap());
    assert!(ledger.outbox().await.unwrap().unserved.is_some());
    let gone = parcels(&ledger).await.into_iter().find(|parcel| parcel.webhook == ids[0]).unwrap();
    assert!(ledger.end_parcel(&gone, WELL, (Sent::Gone, PATIENT)).await.unwrap());
    assert_eq!(ledger.outbox().await.unwrap().webhooks(Condition::GivenUp), 1);
}

async fn a_receiver_with_as_many_calls_as_it_may_have_is_not_kept_waiting_by_us(store: Store) {
    let ledger = store.fresh().await;
    hook(&ledger, "slow", &[E::Accepted]).await;
    accepted(&ledger, "slow", 5).await;
    assert!(ledger.outbox().await.unwrap().unserved.is_some(), "nothing is under way");
    let leased = parcels(&ledger).await;
    assert_eq!((leased.len(), ledger.outbox().await.unwrap().unserved), (4, None), "the fifth waits for the receiver");
    assert!(ledger.end_parcel(&leased[0], WELL, (Sent::Delivered, PATIENT)).await.unwrap());
    assert!(ledger.outbox().await.unwrap().unserved.is_some(), "there is room for the fifth");
    // Whoever fails has one at a time.
    accepted(&ledger, "slow", 2).await;
    for parcel in leased[1..].iter().chain(&parcels(&ledger).await) {
        assert!(ledger.end_parcel(parcel, ILL, (Sent::Again(Duration::ZERO), PATIENT)).await.unwrap());
    }
    for _ in 0..2 {
        for parcel in parcels(&ledger).await {
            assert!(ledger.end_parcel(&parcel, ILL, (Sent::Again(Duration::ZERO), PATIENT)).await.unwrap());
        }
    }
    assert_eq!(ledger.outbox().await.unwrap().webhooks(Condition::Failing), 1);
    assert!(ledger.outbox().await.unwrap().unserved.is_some());
    assert_eq!((parcels(&ledger).await.len(), ledger.outbox().await.unwrap().unserved), (1, None));
}

async fn a_delivery_knows_where_its_job_s_caller_was_in_a_trace(store: Store) {
    let ledger = store.fresh().await;
    let id = hook(&ledger, "a", &[E::Accepted]).await;
    let trace = crate::traces::TraceContext::read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    ledger.accept(NewJob { organisation: "a".into(), trace, ..new_job() }).await.unwrap();
    accepted(&ledger, "a", 1).await;
    ledger.post_trial(None, &id).await.unwrap();
    let traces: Vec<_> = parcels(&ledger).await.into_iter().map(|parcel| parcel.trace).collect();
    assert_eq!(traces, [trace, None, None]);
}

on_both_stores!(
    the_outbox_says_what_waits_and_how_the_webhooks_are,
    a_receiver_with_as_many_calls_as_it_may_have_is_not_kept_waiting_by_us,
    a_delivery_knows_where_its_job_s_caller_was_in_a_trace,
    an_event_is_posted_once_to_each_who_wants_it_and_to_no_stranger,
    to_one_address_four_are_under_way_and_a_lost_lease_writes_nothing,
    an_address_that_fails_rests_is_tried_singly_and_is_given_up_in_the_end,
    what_was_sent_or_never_posted_is_sent_again_under_the_same_ids,
    after_an_exchange_both_secrets_sign_until_the_old_ones_time_is_over,
);
