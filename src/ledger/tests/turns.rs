use super::*;
use crate::ledger::{Asking, Lane, Next, OrganisationChange};

async fn who_asks_what_runs_and_what_comes_next(store: Store) {
    let ledger = store.fresh().await;
    let department = OrganisationChange { lane: Some(Lane::Department), ..OrganisationChange::default() };
    ledger.add_organisation(&"so".parse().unwrap(), &department).await.unwrap().unwrap();
    assert_eq!(ledger.asking().await.unwrap(), []);
    let (first, second) = (accept_for(&ledger, "a").await, accept_for(&ledger, "a").await);
    let other = accept_for(&ledger, "so").await;
    let lease = take(&ledger, first, LONG).await;
    let asking = |organisation: &str, running, lane| Asking { organisation: organisation.into(), running, lane };
    assert_eq!(
        ledger.asking().await.unwrap(),
        [asking("a", 1, Lane::Common), asking("so", 0, Lane::Department)],
        "one that is not among the organisations is common"
    );
    assert_eq!(ledger.waits_for(first).await.unwrap(), None, "it runs");
    assert_eq!(ledger.waits_for(other).await.unwrap().as_deref(), Some("so"));
    assert_eq!(ledger.next_of("a").await.unwrap(), Some(Next { job: second, is_rung: false }));

    // Given back for later, it neither waits nor comes next; a job that was rung for comes before one that was not.
    assert!(ledger.retry(&lease, LONG, &crash(), crate::ledger::Start::Counted).await.unwrap());
    assert_eq!(ledger.waits_for(first).await.unwrap(), None, "its time has not come");
    let third = accept_for(&ledger, "a").await;
    assert_eq!(ledger.due(2, LONG).await.unwrap().jobs.len(), 2);
    ledger.unring(&[second]).await.unwrap();
    assert_eq!(ledger.due(1, LONG).await.unwrap().jobs, [second], "the oldest of whoever has the fewest rings");
    ledger.unring(&[second]).await.unwrap();
    assert_eq!(ledger.due(9, LONG).await.unwrap().jobs.len(), 2);
    ledger.unring(&[second]).await.unwrap();
    assert_eq!(ledger.next_of("a").await.unwrap(), Some(Next { job: third, is_rung: true }));
    take(&ledger, third, LONG).await;
    take(&ledger, second, LONG).await;
    assert_eq!(ledger.next_of("a").await.unwrap(), None);
    assert_eq!(ledger.asking().await.unwrap().len(), 2, "a job whose time has not come asks, too");
}

on_both_stores!(who_asks_what_runs_and_what_comes_next);
