use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::{
    access::OrganisationId,
    fingerprint,
    ledger::{LedgerLimits, NewEntry, NewSubmission},
    register::{Base, PeriodId, RunOutcome},
};

struct House {
    ledger: Ledger,
    book: RegisterBook,
    _folder: TempDir,
}

impl House {
    /// Two blocs, of which one has sent.
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
        let book = ledger.register_of(&OrganisationId::local(), "test");
        let house = Self { ledger, book, _folder: folder };
        for bloc in ["a", "b"] {
            house.put(Sort::Bloc, bloc, json!({"name": bloc, "form": "bloc"})).await;
        }
        let sent = NewSubmission {
            beside: crate::register::Beside::default(),
            id: "1".into(),
            period: "2026-H1".parse().unwrap(),
            bloc: "a".into(),
            content: "{}".into(),
            sha256: "x".into(),
            adjustment: None,
        };
        house.book.submit(&sent, &Base::Nothing).await.unwrap();
        house
    }

    async fn put(&self, sort: Sort, id: &str, body: Value) {
        let body = body.to_string();
        let new = NewEntry { sort, id: id.into(), sha256: fingerprint::of(body.as_bytes()), body };
        self.book.put_entry(&new, &Base::Nothing).await.unwrap();
    }

    /// The schedule, as if it had been written at that time.
    async fn scheduled(&self, body: Value, written_at: &str) -> Entry {
        self.put(Sort::Schedule, "s", body).await;
        let entry = self.book.entry(Sort::Schedule, "s").await.unwrap().unwrap();
        Entry { written_at: at(written_at), ..entry }
    }

    async fn outcomes(&self) -> Vec<(DateTime<Utc>, RunOutcome)> {
        let runs = self.book.schedule_runs("s", 100).await.unwrap();
        runs.into_iter().rev().map(|run| (run.due_at, run.outcome)).collect()
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// 8 in the morning of every working day, in Vietnam 01:00 UTC.
fn reminding() -> Value {
    json!({"cron": "0 8 * * 1-5", "action": "remind", "period": "2026-H1"})
}

#[test]
fn the_next_time_is_reckoned_in_the_zone_of_the_schedule() {
    let schedule = Schedule::read(&reminding()).unwrap();
    // 20 November 2026 is a Friday.
    assert_eq!(schedule.next_after(at("2026-11-20T00:59:59Z")), Some(at("2026-11-20T01:00:00Z")));
    assert_eq!(schedule.next_after(at("2026-11-20T01:00:00Z")), Some(at("2026-11-23T01:00:00Z")));
    let leap = json!({"cron": "30 23 29 2 *", "action": "close", "period": "2028"});
    let leap = Schedule::read(&leap).unwrap();
    assert_eq!(leap.next_after(at("2026-01-01T00:00:00Z")), Some(at("2028-02-29T16:30:00Z")));
    let paused = json!({"cron": "0 8 * * *", "action": "remind", "period": "2026", "paused": true});
    assert_eq!(Schedule::read(&paused).unwrap().next_after(at("2026-01-01T00:00:00Z")), None);
    let elsewhere = json!({"cron": "0 8 * * *", "time_zone": "UTC", "action": "remind", "period": "2026"});
    let elsewhere = Schedule::read(&elsewhere).unwrap();
    assert_eq!(elsewhere.next_after(at("2026-01-01T00:00:00Z")), Some(at("2026-01-01T08:00:00Z")));
}

#[test]
fn every_fault_of_a_schedule_is_told() {
    let wrong = json!({"cron": "61 8 * * *", "time_zone": "Asia/Saigonn", "action": "remind", "period": "2026-H9"});
    let faults = Schedule::read(&wrong).unwrap_err();
    let places: Vec<&str> = faults.iter().map(|fault| fault.pointers[0].as_str()).collect();
    assert_eq!(places, ["/cron", "/time_zone", "/period"]);
    for cron in ["* * * * * *", "0 0 8 * * * 2026", "", "một giờ"] {
        assert!(Schedule::read(&json!({"cron": cron, "action": "remind", "period": "2026"})).is_err(), "{cron}");
    }
}

#[tokio::test]
async fn a_time_is_answered_once_however_often_and_by_how_many_the_clock_is_looked_at() {
    let house = House::open().await;
    let entry = house.scheduled(reminding(), "2026-11-19T02:00:00Z").await;
    assert_eq!(follow(&house.book, &entry, at("2026-11-20T00:59:00Z")).await.unwrap(), None, "not yet");
    let hands = (0..16).map(|hand| {
        let (book, entry) = (house.book.clone(), entry.clone());
        let now = at("2026-11-20T01:00:00Z") + TimeDelta::seconds(hand);
        async move { follow(&book, &entry, now).await.unwrap() }
    });
    let runs: Vec<ScheduleRun> = futures_util::future::join_all(hands).await.into_iter().flatten().collect();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].outcome, runs[0].missing.as_slice()), (RunOutcome::Reminded, ["b".to_owned()].as_slice()));
    assert_eq!(house.outcomes().await, [(at("2026-11-20T01:00:00Z"), RunOutcome::Reminded)]);
    assert!(follow(&house.book, &entry, at("2026-11-23T01:00:01Z")).await.unwrap().is_some(), "the next one");
    house.ledger.close().await;
}

#[tokio::test]
async fn of_many_missed_times_one_is_made_up_for_or_one_is_noted_as_missed() {
    let house = House::open().await;
    let entry = house.scheduled(reminding(), "2026-11-02T02:00:00Z").await;
    let back = at("2026-11-20T05:00:00Z");
    assert!(follow(&house.book, &entry, back).await.unwrap().is_some());
    assert_eq!(follow(&house.book, &entry, back).await.unwrap(), None);
    assert_eq!(house.outcomes().await, [(at("2026-11-20T01:00:00Z"), RunOutcome::Reminded)]);

    let house = House::open().await;
    let mut body = reminding();
    body["missed"] = json!("skip");
    let entry = house.scheduled(body, "2026-11-02T02:00:00Z").await;
    follow(&house.book, &entry, back).await.unwrap();
    follow(&house.book, &entry, at("2026-11-23T01:09:00Z")).await.unwrap();
    let expected = [("2026-11-20T01:00:00Z", RunOutcome::Missed), ("2026-11-23T01:00:00Z", RunOutcome::Reminded)];
    assert_eq!(house.outcomes().await, expected.map(|(due, outcome)| (at(due), outcome)));
}

#[tokio::test]
async fn a_closing_run_closes_once_and_a_schedule_written_later_does_not_run_for_the_past() {
    let house = House::open().await;
    let closing = json!({"cron": "0 17 20 7 *", "action": "close", "period": "2026-H1"});
    let entry = house.scheduled(closing, "2026-07-20T10:00:00Z").await;
    assert_eq!(follow(&house.book, &entry, at("2026-12-01T00:00:00Z")).await.unwrap(), None, "written at the time");
    let earlier = Entry { written_at: at("2026-07-01T00:00:00Z"), ..entry };
    let run = follow(&house.book, &earlier, at("2026-07-20T10:00:30Z")).await.unwrap().unwrap();
    assert_eq!((run.outcome, run.missing), (RunOutcome::Incomplete, vec!["b".to_owned()]));
    assert_eq!(house.book.closing("2026-H1".parse().unwrap()).await.unwrap(), None);

    let house = House::open().await;
    let closing = json!({"cron": "0 17 20 7 *", "action": "close", "period": "2026-H1", "accept_missing": true});
    let entry = house.scheduled(closing, "2026-07-01T00:00:00Z").await;
    let run = follow(&house.book, &entry, at("2026-07-20T10:00:30Z")).await.unwrap().unwrap();
    assert_eq!(run.outcome, RunOutcome::Closed);
    let kept = house.book.closing("2026-H1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((kept.missing, kept.closed_by), (vec!["b".to_owned()], "test".to_owned()));
    let next_year = follow(&house.book, &entry, at("2027-07-20T10:00:30Z")).await.unwrap().unwrap();
    assert_eq!(next_year.outcome, RunOutcome::AlreadyClosed);
}

#[tokio::test]
async fn every_organisations_schedules_are_looked_at() {
    let house = House::open().await;
    house.put(Sort::Schedule, "s", reminding()).await;
    let other = house.ledger.register_of(&"bac-ninh".parse().unwrap(), "test");
    let body = reminding().to_string();
    let new = NewEntry { sort: Sort::Schedule, id: "t".into(), sha256: "x".into(), body };
    other.put_entry(&new, &Base::Nothing).await.unwrap();
    let mut found: Vec<String> =
        house.ledger.schedules().await.unwrap().into_iter().map(|(_, entry)| entry.id).collect();
    found.sort();
    assert_eq!(found, ["s", "t"]);
    assert!(look(&house.ledger).await.unwrap().is_empty(), "written a moment ago");
}

#[tokio::test]
async fn a_reminder_is_about_those_who_have_not_sent_and_knows_who_is_late() {
    let house = House::open().await;
    let reminded = async |due: &str| {
        let seen = house.book.entry(Sort::Period, "2026-H1").await.unwrap();
        if seen.is_none() {
            house.put(Sort::Period, "2026-H1", json!({"due": due})).await;
        }
        match errand(&house.book, &Schedule::read(&reminding()).unwrap()).await.unwrap() {
            Some(Errand::Remind { due, awaited, overdue, .. }) => (due.map(|due| due.to_string()), awaited, overdue),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reminded("2020-01-01").await, (Some("2020-01-01".into()), vec![], vec!["b".to_owned()]));
}

/// Takes nothing of `b`.
#[derive(Default)]
struct Sources {
    asked: AtomicUsize,
    store_is_away: AtomicBool,
}

impl Reader for Sources {
    fn read<'a>(&'a self, _book: RegisterBook, source: &'a str, period: PeriodId) -> Reading<'a> {
        assert_eq!((source, period.to_string().as_str()), ("tinh", "2026-H1"));
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { (!self.store_is_away.load(Ordering::SeqCst)).then(|| vec!["b".to_owned()]) })
    }
}

fn pulling() -> Value {
    json!({"cron": "0 6 * * *", "action": "pull", "period": "2026-H1", "source": "tinh"})
}

#[tokio::test]
async fn a_source_is_read_once_at_its_time_by_a_process_that_can() {
    let house = House::open().await;
    let entry = house.scheduled(pulling(), "2026-07-01T00:00:00Z").await;
    let (reader, now) = (Sources::default(), at("2026-07-02T23:30:00Z"));
    assert!(follow(&house.book, &entry, now).await.unwrap().is_none(), "left to those who can");
    let run = sources::follow((&house.book, &reader), &entry, now).await.unwrap().expect("its time has come");
    assert_eq!((run.outcome, run.missing), (RunOutcome::Pulled, vec!["b".to_owned()]));
    assert!(sources::follow((&house.book, &reader), &entry, now).await.unwrap().is_none());
    assert_eq!(reader.asked.load(Ordering::SeqCst), 1);
    let kept = house.book.schedule_runs("s", 5).await.unwrap();
    assert_eq!((kept.len(), kept[0].outcome), (1, RunOutcome::Pulled));
    let entry = Entry { body: reminding(), ..entry };
    assert!(sources::follow((&house.book, &reader), &entry, now).await.unwrap().is_none(), "left to the other hand");
}

#[tokio::test]
async fn what_a_process_died_over_is_read_again_a_few_times_and_ends() {
    let house = House::open().await;
    let entry = house.scheduled(pulling(), "2026-07-01T00:00:00Z").await;
    let (reader, now) = (Sources::default(), at("2026-07-02T23:30:00Z"));
    let due = at("2026-07-02T23:00:00Z");
    let lost = house.book.begin_pull("s", due, Duration::ZERO).await.unwrap().expect("nobody was there before");
    let run = sources::follow((&house.book, &reader), &entry, now).await.unwrap().expect("it is read again");
    assert_eq!((run.due_at, run.outcome), (due, RunOutcome::Pulled));
    // Who was thought dead writes nothing.
    assert_eq!(house.book.end_pull(&lost, (RunOutcome::Pulled, Vec::new())).await.unwrap(), None);
    assert!(!house.book.hold_pull(&lost, Duration::ZERO).await.unwrap());
    assert_eq!(house.book.schedule_runs("s", 1).await.unwrap()[0].missing, ["b"]);

    // Three have died over it.
    let house = House::open().await;
    let entry = house.scheduled(pulling(), "2026-07-01T00:00:00Z").await;
    let mut pull = house.book.begin_pull("s", due, Duration::ZERO).await.unwrap().expect("the first");
    for _ in 0..2 {
        pull = house.book.begin_pull_again(&pull, Duration::ZERO).await.unwrap().expect("another");
    }
    assert_eq!(sources::follow((&house.book, &reader), &entry, now).await.unwrap(), None);
    assert_eq!(house.outcomes().await, [(due, RunOutcome::Interrupted)]);
    assert!(sources::follow((&house.book, &reader), &entry, at("2026-07-03T23:30:00Z")).await.unwrap().is_some());

    // A newer time has come, the schedule does something else by now, or it is too late for it.
    let mut skipping = pulling();
    skipping["missed"] = json!("skip");
    for body in [reminding(), skipping] {
        let house = House::open().await;
        let entry = house.scheduled(body, "2026-07-02T23:29:00Z").await;
        house.book.begin_pull("s", due, Duration::ZERO).await.unwrap().expect("nobody was there before");
        assert_eq!(sources::follow((&house.book, &reader), &entry, now).await.unwrap(), None);
        assert_eq!(house.outcomes().await, [(due, RunOutcome::Interrupted)]);
    }
    let house = House::open().await;
    let entry = house.scheduled(pulling(), "2026-07-01T00:00:00Z").await;
    for day in ["2026-07-01T23:00:00Z", "2026-07-02T23:00:00Z"] {
        house.book.begin_pull("s", at(day), Duration::ZERO).await.unwrap().expect("nobody was there before");
    }
    assert!(sources::follow((&house.book, &reader), &entry, now).await.unwrap().is_some());
    sources::follow((&house.book, &reader), &entry, now).await.unwrap();
    let expected = [(at("2026-07-01T23:00:00Z"), RunOutcome::Interrupted), (due, RunOutcome::Pulled)];
    assert_eq!(house.outcomes().await, expected);
}

#[tokio::test]
async fn who_reads_is_left_alone_while_it_gives_signs() {
    let house = House::open().await;
    let entry = house.scheduled(pulling(), "2026-07-01T00:00:00Z").await;
    let (reader, now) = (Sources::default(), at("2026-07-02T23:30:00Z"));
    let long = Duration::from_secs(600);
    let pull = house.book.begin_pull("s", at("2026-07-02T23:00:00Z"), Duration::ZERO).await.unwrap().unwrap();
    assert!(house.book.hold_pull(&pull, long).await.unwrap());
    assert_eq!(house.book.lost_pulls("s").await.unwrap(), []);
    assert_eq!(sources::follow((&house.book, &reader), &entry, now).await.unwrap(), None);
    assert_eq!((reader.asked.load(Ordering::SeqCst), house.outcomes().await[0].1), (0, RunOutcome::Pulling));
}

#[tokio::test]
async fn what_could_not_be_kept_is_read_again() {
    let house = House::open().await;
    let entry = house.scheduled(pulling(), "2026-07-01T00:00:00Z").await;
    let (reader, now) = (Sources::default(), at("2026-07-02T23:30:00Z"));
    reader.store_is_away.store(true, Ordering::SeqCst);
    assert_eq!(sources::follow((&house.book, &reader), &entry, now).await.unwrap(), None);
    let run = house.book.schedule_runs("s", 1).await.unwrap().remove(0);
    assert_eq!(run.outcome, RunOutcome::Pulling, "nothing is told that is not known");
    reader.store_is_away.store(false, Ordering::SeqCst);
    // As if its lease were over.
    assert!(house.book.hold_pull(&crate::ledger::Pull { run, start: 1 }, Duration::ZERO).await.unwrap());
    let again = sources::follow((&house.book, &reader), &entry, now).await.unwrap().expect("it is read again");
    assert_eq!((again.outcome, again.missing), (RunOutcome::Pulled, vec!["b".to_owned()]));
}

#[tokio::test]
async fn a_source_that_hangs_holds_up_no_close_no_other_organisation_and_no_stop() {
    let house = House::open().await;
    let closing = json!({"cron": "* * * * *", "action": "close", "period": "2026-H1", "accept_missing": true});
    house.put(Sort::Schedule, "a", closing).await;
    let mut body = pulling();
    body["cron"] = json!("* * * * *");
    house.put(Sort::Schedule, "s", body.clone()).await;
    let other = house.ledger.register_of(&"bac-ninh".parse().unwrap(), "test");
    let new = NewEntry { sort: Sort::Schedule, id: "s".into(), sha256: "x".into(), body: body.to_string() };
    other.put_entry(&new, &Base::Nothing).await.unwrap();
    house.ledger.write_schedules_earlier().await;

    let reader = Arc::new(HangsAtFirst::default());
    let (stop, stopping) = watch::channel(false);
    let hands = [
        tokio::spawn(keep(house.ledger.clone(), stopping.clone())),
        tokio::spawn(keep_sources(house.ledger.clone(), reader.clone(), stopping)),
    ];
    let outcome = async |book: &RegisterBook, schedule: &str| {
        book.schedule_runs(schedule, 1).await.unwrap().pop().map(|run| run.outcome)
    };
    let all_else = async {
        loop {
            let seen = [outcome(&house.book, "a").await, outcome(&house.book, "s").await, outcome(&other, "s").await];
            let pulls = [seen[1], seen[2]];
            let one_each = pulls.contains(&Some(RunOutcome::Pulling)) && pulls.contains(&Some(RunOutcome::Pulled));
            if seen[0] == Some(RunOutcome::Closed) && one_each {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), all_else).await.expect("nobody waits for the one that hangs");
    stop.send(true).unwrap();
    for hand in hands {
        tokio::time::timeout(Duration::from_secs(10), hand).await.expect("it stops").unwrap();
    }
}

/// Hangs over the first that is asked.
#[derive(Default)]
struct HangsAtFirst(AtomicBool);

impl Reader for HangsAtFirst {
    fn read<'a>(&'a self, _book: RegisterBook, _source: &'a str, _period: PeriodId) -> Reading<'a> {
        let hangs = !self.0.swap(true, Ordering::SeqCst);
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Some(Vec::new())
        })
    }
}
