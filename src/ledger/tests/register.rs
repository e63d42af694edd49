use super::*;
use crate::{
    access::OrganisationId,
    ledger::{CloseOutcome, Demand, Errand, Missing, NewEntry, NewSubmission, PutOutcome, RegisterBook, SubmitOutcome},
    register::{Base, PeriodId, RunOutcome, Sort},
};

fn book(ledger: &Ledger, organisation: &str) -> RegisterBook {
    ledger.register_of(&organisation.parse::<OrganisationId>().unwrap(), "test")
}

fn unit(body: &str) -> NewEntry {
    NewEntry { sort: Sort::Unit, id: "snv".into(), body: body.into(), sha256: crate::fingerprint::of(body.as_bytes()) }
}

fn half() -> PeriodId {
    "2026-H1".parse().unwrap()
}

fn submission(bloc: &str, content: &str) -> NewSubmission {
    NewSubmission {
        beside: crate::register::Beside::default(),
        id: JobId::fresh().to_string(),
        period: half(),
        bloc: bloc.into(),
        content: content.into(),
        sha256: crate::fingerprint::of(content.as_bytes()),
        adjustment: None,
    }
}

fn adjusting(bloc: &str, content: &str) -> NewSubmission {
    NewSubmission { adjustment: Some(("sai số".into(), Vec::new())), ..submission(bloc, content) }
}

async fn send(book: &RegisterBook, new: NewSubmission) -> SubmitOutcome {
    let base = match book.submission(new.period, &new.bloc).await.unwrap() {
        Some(_) => Base::Something,
        None => Base::Nothing,
    };
    book.submit(&new, &base).await.unwrap()
}

async fn a_version_stands_upon_the_one_that_was_seen_and_none_is_lost(store: Store) {
    let ledger = store.fresh().await;
    let book = book(&ledger, "local");
    let PutOutcome::Written(first) = book.put_entry(&unit(r#"{"name":"A"}"#), &Base::Nothing).await.unwrap() else {
        panic!("not written")
    };
    assert_eq!((first.version, first.written_by.as_str()), (1, "test"));
    let seen = Base::OneOf(vec![first.tag().as_str().into()]);
    let second = book.put_entry(&unit(r#"{"name":"B"}"#), &seen).await.unwrap();
    assert!(matches!(second, PutOutcome::Written(ref entry) if entry.version == 2), "{second:?}");
    // The second officer, who saw the first version too.
    let stale = book.put_entry(&unit(r#"{"name":"C"}"#), &seen).await.unwrap();
    assert!(matches!(stale, PutOutcome::Stale(Some(ref entry)) if entry.version == 2), "{stale:?}");
    let again = book.put_entry(&unit(r#"{"name":"B"}"#), &seen).await.unwrap();
    assert!(matches!(again, PutOutcome::Unchanged(_)), "sent again because the answer was lost: {again:?}");
    let history = book.entry_history(Sort::Unit, "snv").await.unwrap();
    let names: Vec<&str> = history.iter().filter_map(|entry| entry.body["name"].as_str()).collect();
    assert_eq!(names, ["A", "B"]);
    assert_eq!(book.entries(Sort::Unit).await.unwrap(), history[1..]);
}

async fn twenty_officers_who_saw_the_same_version_write_one(store: Store) {
    let ledger = store.fresh().await;
    let book = book(&ledger, "local");
    book.put_entry(&unit("{}"), &Base::Nothing).await.unwrap();
    let tag = book.entry(Sort::Unit, "snv").await.unwrap().unwrap().tag();
    let writes = (0..20).map(|officer| {
        let (book, base) = (book.clone(), Base::OneOf(vec![tag.as_str().into()]));
        async move { book.put_entry(&unit(&format!(r#"{{"officer":{officer}}}"#)), &base).await.unwrap() }
    });
    let outcomes = futures_util::future::join_all(writes).await;
    let written = outcomes.iter().filter(|outcome| matches!(outcome, PutOutcome::Written(_))).count();
    assert_eq!((written, book.entry_history(Sort::Unit, "snv").await.unwrap().len()), (1, 2));
}

async fn a_closed_period_takes_adjustments_only_and_numbers_them(store: Store) {
    let ledger = store.fresh().await;
    let book = book(&ledger, "local");
    let expected = ["a".to_owned(), "b".to_owned()];
    send(&book, submission("a", "[1]")).await;
    assert_eq!(send(&book, adjusting("a", "[0]")).await, SubmitOutcome::Open);
    let refused = book.close_period(half(), &expected, Missing::Refused).await.unwrap();
    assert_eq!(refused, CloseOutcome::Incomplete(vec!["b".into()]));
    let CloseOutcome::Closed(closing) = book.close_period(half(), &expected, Missing::Accepted).await.unwrap() else {
        panic!("not closed")
    };
    assert_eq!((closing.missing.as_slice(), closing.submissions.len()), (&expected[1..], 1));
    let again = book.close_period(half(), &[], Missing::Refused).await.unwrap();
    assert_eq!(again, CloseOutcome::AlreadyClosed(closing.clone()));
    assert_eq!(send(&book, submission("a", "[2]")).await, SubmitOutcome::Closed);
    for (number, new) in [(1, adjusting("a", "[2]")), (2, adjusting("b", "[3]")), (3, adjusting("a", "[4]"))] {
        let outcome = send(&book, new).await;
        let SubmitOutcome::Stored(stored) = outcome else { panic!("{outcome:?}") };
        assert_eq!(stored.adjustment.unwrap().number, number);
    }
    assert_eq!(book.closing(half()).await.unwrap(), Some(closing), "an adjustment leaves the close as it was");
    let versions = book.submissions(half(), Some("a")).await.unwrap();
    assert_eq!(versions.iter().map(|one| one.version).collect::<Vec<_>>(), [1, 2, 3]);
    ledger.seal_audit().await.unwrap();
    assert_eq!(ledger.verify_audit().await.unwrap().broken_at, None);
}

async fn a_close_among_senders_holds_exactly_what_came_before_it(store: Store) {
    let ledger = store.fresh().await;
    let book = book(&ledger, "local");
    let sending = (0..24).map(|number| {
        let book = book.clone();
        async move {
            let outcome = send(&book, submission(&format!("k{number:02}"), &format!("[{number}]"))).await;
            matches!(outcome, SubmitOutcome::Stored(_))
        }
    });
    let closing = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        book.close_period(half(), &[], Missing::Accepted).await.unwrap()
    };
    let (stored, closing) = tokio::join!(futures_util::future::join_all(sending), closing);
    let CloseOutcome::Closed(closing) = closing else { panic!("{closing:?}") };
    let kept = book.submissions(half(), None).await.unwrap();
    assert_eq!(kept.len(), stored.iter().filter(|stored| **stored).count());
    let frozen: Vec<&str> = closing.submissions.iter().map(|frozen| frozen.bloc.as_str()).collect();
    assert_eq!(frozen, kept.iter().map(|one| one.bloc.as_str()).collect::<Vec<_>>());
}

async fn another_organisations_register_is_not_there(store: Store) {
    let ledger = store.fresh().await;
    let (own, other) = (book(&ledger, "local"), book(&ledger, "bac-ninh"));
    own.put_entry(&unit("{}"), &Base::Nothing).await.unwrap();
    send(&own, submission("a", "[1]")).await;
    own.close_period(half(), &[], Missing::Accepted).await.unwrap();
    assert_eq!(other.entry(Sort::Unit, "snv").await.unwrap(), None);
    assert!(other.entries(Sort::Unit).await.unwrap().is_empty());
    assert!(other.entry_history(Sort::Unit, "snv").await.unwrap().is_empty());
    assert_eq!(other.submission(half(), "a").await.unwrap(), None);
    assert!(other.submissions(half(), None).await.unwrap().is_empty());
    assert_eq!(other.closing(half()).await.unwrap(), None);
    // The same names are free there.
    assert!(matches!(send(&other, submission("a", "[1]")).await, SubmitOutcome::Stored(_)));
    assert!(matches!(other.put_entry(&unit("{}"), &Base::Nothing).await.unwrap(), PutOutcome::Written(_)));
}

async fn a_time_of_a_schedule_is_answered_once_by_two_processes(store: Store) {
    let hosts = [store.fresh().await, store.fresh().await];
    let due_at = "2026-07-20T10:00:00Z".parse().unwrap();
    send(&book(&hosts[0], "local"), submission("a", "[1]")).await;
    let hands = (0..12).map(|hand| {
        let book = book(&hosts[hand % 2], "local");
        async move {
            let (expected, accepts_missing) = (vec!["b".to_owned()], Missing::Accepted);
            let errand = Errand::Close { period: half(), expected, accepts_missing };
            book.run_schedule("chot", due_at, &errand).await.unwrap()
        }
    });
    let runs: Vec<_> = futures_util::future::join_all(hands).await.into_iter().flatten().collect();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].outcome.as_str(), runs[0].missing.as_slice()), ("closed", ["b".to_owned()].as_slice()));
    let book = book(&hosts[1], "local");
    assert_eq!(book.schedule_runs("chot", 10).await.unwrap(), runs);
    assert!(book.closing(half()).await.unwrap().is_some());
}

async fn a_source_is_read_by_one_process_and_by_another_when_that_gives_no_sign(store: Store) {
    let hosts = [store.fresh().await, store.fresh().await];
    let books = [book(&hosts[0], "local"), book(&hosts[1], "local")];
    let due_at = "2026-07-20T10:00:00Z".parse().unwrap();
    let first = books[0].begin_pull("doc", due_at, LONG).await.unwrap().unwrap();
    assert_eq!(books[1].begin_pull("doc", due_at, LONG).await.unwrap(), None, "answered");
    assert_eq!(books[1].lost_pulls("doc").await.unwrap(), []);
    assert_eq!(books[1].begin_pull_again(&first, LONG).await.unwrap(), None, "it is held");
    // No sign any more: of those who begin it again one does.
    assert!(books[0].hold_pull(&first, Duration::ZERO).await.unwrap());
    let lost = books[1].lost_pulls("doc").await.unwrap();
    assert_eq!(lost, std::slice::from_ref(&first));
    let again = futures_util::future::join_all(books.each_ref().map(|book| book.begin_pull_again(&lost[0], LONG)));
    let again: Vec<_> = again.await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!((again.len(), again[0].start), (1, 2));
    let nothing = (RunOutcome::Pulled, Vec::new());
    assert!(!books[0].hold_pull(&first, LONG).await.unwrap());
    assert_eq!(books[0].end_pull(&first, nothing.clone()).await.unwrap(), None, "it was thought dead");
    assert!(books[1].end_pull(&again[0], (RunOutcome::Pulled, vec!["b".into()])).await.unwrap().is_some());
    assert_eq!(books[1].end_pull(&again[0], nothing).await.unwrap(), None, "it has ended");
    let runs = books[0].schedule_runs("doc", 10).await.unwrap();
    assert_eq!(
        (runs.len(), runs[0].outcome, runs[0].missing.as_slice()),
        (1, RunOutcome::Pulled, ["b".to_owned()].as_slice())
    );
    assert_eq!(book(&hosts[0], "bac-ninh").lost_pulls("doc").await.unwrap(), []);
}

async fn what_is_written_over_keeps_its_hash_and_the_audit_says_so(store: Store) {
    let ledger = store.fresh().await;
    let (own, other) = (book(&ledger, "local"), book(&ledger, "bac-ninh"));
    own.put_entry(&unit(r#"{"name":"A"}"#), &Base::Nothing).await.unwrap();
    send(&own, submission("a", "[1]")).await;
    let CloseOutcome::Closed(closing) = own.close_period(half(), &[], Missing::Accepted).await.unwrap() else {
        panic!("not closed")
    };
    send(&own, adjusting("a", "[2]")).await;
    send(&other, submission("a", "[3]")).await;
    let organisation = "local".parse::<OrganisationId>().unwrap();
    let places = ledger.kept_places(Some(&organisation)).await.unwrap();
    assert_eq!((places.len(), ledger.kept_places(None).await.unwrap().len()), (3, 4));
    let before = own.submissions(half(), Some("a")).await.unwrap();
    for place in &places {
        let kept = ledger.kept(place).await.unwrap().unwrap();
        let demand = Demand { proof: "person SALT HASH", by: "test" };
        assert!(!ledger.write_over(place, |_| None, demand).await.unwrap(), "nothing to write over");
        let without = |body: &serde_json::Value| {
            assert_eq!(*body, kept.body);
            let mut body = body.clone();
            for pointer in ["/body/name", "/content/0", "/adjustment/reason"] {
                body.pointer_mut(pointer).into_iter().for_each(|text| *text = "x".into());
            }
            Some(body)
        };
        assert!(ledger.write_over(place, without, demand).await.unwrap());
    }
    ledger.settle_erasure().await.unwrap();
    let entry = own.entry(Sort::Unit, "snv").await.unwrap().unwrap();
    assert_eq!((&entry.body["name"], entry.erased_at.is_some()), (&"x".into(), true));
    let after = own.submissions(half(), Some("a")).await.unwrap();
    assert_eq!(after[1].adjustment.as_ref().unwrap().reason, "x");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&after.sha256, after.content[0].as_str()), (&before.sha256, Some("x")));
        assert_ne!(before.tag(), after.tag(), "nobody keeps the old one in its place");
    }
    assert_eq!(own.closing(half()).await.unwrap(), Some(closing));
    let again = send(&own, submission("a", "[2]")).await;
    assert!(matches!(again, SubmitOutcome::Unchanged(_)), "sent again it does not come back: {again:?}");
    assert!(other.submission(half(), "a").await.unwrap().unwrap().erased_at.is_none());
    let audited = ledger.audit_of(after[0].id.parse().unwrap()).await.unwrap();
    let erased = audited.iter().find(|row| row.action == "erase-person").unwrap();
    assert_eq!(erased.detail.as_deref(), Some("person SALT HASH, version 1, by test"));
    assert_eq!(ledger.verify_audit().await.unwrap().broken_at, None);
}

async fn a_person_that_a_batch_names_is_written_over_in_it(store: Store) {
    let ledger = store.fresh().await;
    let caller = crate::access::Caller::at_this_machine();
    let shelf = crate::ledger::Shelves::new(ledger.clone()).of(&caller);
    let new = crate::ledger::NewBatch {
        id: JobId::fresh(),
        parts: Vec::new(),
        left_out: serde_json::json!([]),
        missing: Vec::new(),
        outline: r#"{"submissions":[{"adjustment":{"number":1,"reason":"Lò Thị Ẩn"}}]}"#.into(),
        subject: None,
    };
    let id = new.id;
    shelf.accept_batch(new, None).await.unwrap();
    let places = ledger.kept_places(None).await.unwrap();
    assert_eq!(places.len(), 1, "{places:?}");
    let without = |body: &serde_json::Value| {
        let mut body = body.clone();
        *body.pointer_mut("/outline/submissions/0/adjustment/reason")? = "x".into();
        Some(body)
    };
    assert!(ledger.write_over(&places[0], without, Demand { proof: "person", by: "test" }).await.unwrap());
    let kept = shelf.batch_outline(id).await.unwrap().unwrap();
    assert!(!kept.contains("Ẩn") && kept.contains("\"x\""), "{kept}");
}

async fn a_reminder_tells_ids_of_blocs_and_nothing_of_people(store: Store) {
    let ledger = store.fresh().await;
    let book = ledger.register_of(&OrganisationId::local(), "test");
    let errand = crate::ledger::Errand::Remind {
        period: half(),
        due: chrono::NaiveDate::from_ymd_opt(2026, 7, 15),
        awaited: vec!["a".into()],
        overdue: vec!["b".into()],
    };
    let due_at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    assert!(book.run_schedule("s", due_at, &errand).await.unwrap().is_some());
    assert!(book.run_schedule("s", due_at, &errand).await.unwrap().is_none(), "answered once");
    ledger.number_events().await.unwrap();
    let shelf = crate::ledger::Shelves::new(ledger.clone()).of(&crate::access::Caller::at_this_machine());
    let told: Vec<_> = shelf.events_after(None, 0, 10).await.unwrap().iter().map(|event| event.told()).collect();
    assert_eq!((told.len(), &told[0]["type"]), (1, &serde_json::json!("period.reminder")), "{told:?}");
    let mut data = told[0]["data"].clone();
    data.as_object_mut().unwrap().remove("event_id");
    let wanted = serde_json::json!({"sequence": 1, "period": "2026-H1", "due": "2026-07-15", "awaited": ["a"],
        "overdue": ["b"], "schedule": "s", "href": "/v1/periods/2026-H1/status"});
    assert_eq!(data, wanted);
}

on_both_stores! {
    a_person_that_a_batch_names_is_written_over_in_it,
    what_is_written_over_keeps_its_hash_and_the_audit_says_so,
    a_reminder_tells_ids_of_blocs_and_nothing_of_people,
    a_time_of_a_schedule_is_answered_once_by_two_processes,
    a_source_is_read_by_one_process_and_by_another_when_that_gives_no_sign,
    a_version_stands_upon_the_one_that_was_seen_and_none_is_lost,
    twenty_officers_who_saw_the_same_version_write_one,
    a_closed_period_takes_adjustments_only_and_numbers_them,
    a_close_among_senders_holds_exactly_what_came_before_it,
    another_organisations_register_is_not_there,
}
