use super::*;
use crate::{
    access::{Caller, KeyText, Networks, OrganisationId, Scopes},
    job::JobState,
    ledger::{
        CancelOutcome, EraseOutcome, JobFilter, KeyOutcome, Lane, LedgerError, LetterOutcome, NewKey, OnceKey,
        OrganisationChange, RevokeOutcome, Shelf, Shelves,
    },
};

const NEVER: Option<Duration> = None;

fn named(id: &str) -> OrganisationId {
    id.parse().unwrap()
}

async fn organisation(ledger: &Ledger, id: &str) -> OrganisationId {
    let change = OrganisationChange { name: Some("Sở Nội vụ".into()), ..OrganisationChange::default() };
    ledger.add_organisation(&named(id), &change).await.unwrap().expect("new").id
}

fn new_key(organisation: &OrganisationId, lifetime: Option<Duration>) -> NewKey {
    NewKey {
        organisation: organisation.clone(),
        client: "quản lý hồ sơ".into(),
        scopes: "submit,read".parse().unwrap(),
        networks: "10.0.0.0/8".parse().unwrap(),
        lifetime,
    }
}

async fn made(ledger: &Ledger, new: &NewKey) -> KeyText {
    let text = KeyText::fresh().unwrap();
    assert!(matches!(ledger.make_key(&text, new).await.unwrap(), KeyOutcome::Made(_)));
    text
}

fn shelf_of(ledger: &Ledger, organisation: &OrganisationId) -> Shelf {
    let caller = Caller::with_key(organisation.clone(), Scopes::all(), KeyText::fresh().unwrap().id);
    Shelves::new(ledger.clone()).of(&caller)
}

async fn an_organisation_is_added_once_and_changed(store: Store) {
    let ledger = store.fresh().await;
    let id = organisation(&ledger, "so-noi-vu").await;
    assert!(ledger.add_organisation(&id, &OrganisationChange::default()).await.unwrap().is_none());
    let networks: Networks = "10.2.0.0/16".parse().unwrap();
    let change = OrganisationChange {
        max_waiting: Some(Some(7)),
        requests_per_minute: Some(Some(60)),
        networks: Some(networks.clone()),
        name: None,
        lane: Some(Lane::Department),
    };
    let changed = ledger.change_organisation(&id, &change).await.unwrap().expect("there");
    assert_eq!(
        (changed.name.as_str(), changed.max_waiting, changed.requests_per_minute),
        ("Sở Nội vụ", Some(7), Some(60))
    );
    let all = ledger.organisations().await.unwrap();
    assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["local", "so-noi-vu"]);
    assert_eq!((&all[1], &all[1].networks), (&changed, &networks));
    assert_eq!((all[0].lane, all[1].lane), (Lane::Common, Lane::Department));
    let back = OrganisationChange { max_waiting: Some(None), ..OrganisationChange::default() };
    assert_eq!(ledger.change_organisation(&id, &back).await.unwrap().unwrap().max_waiting, None);
    assert!(ledger.change_organisation(&named("khong-co"), &back).await.unwrap().is_none());
}

/// Its process may be gone at any moment.
async fn an_organisation_is_there_with_its_networks_or_not_at_all(store: Store) {
    let ledger = store.fresh().await;
    let networks: Networks = "10.2.0.0/16".parse().unwrap();
    let change = OrganisationChange { networks: Some(networks.clone()), ..OrganisationChange::default() };
    for waits in 0.. {
        let id = named(&format!("to-chuc-{waits}"));
        let ended = let_go_after(waits, ledger.add_organisation(&id, &change)).await;
        let kept = ledger.organisations().await.unwrap().into_iter().find(|one| one.id == id);
        assert!(kept.is_none_or(|kept| kept.networks == networks), "let go after {waits} waits");
        if ended.is_some() {
            break;
        }
    }
}

async fn a_key_is_kept_as_a_hash_and_found_by_its_id(store: Store) {
    let ledger = store.fresh().await;
    assert!(!ledger.has_keys().await.unwrap());
    let id = organisation(&ledger, "tinh-a").await;
    let text = made(&ledger, &new_key(&id, NEVER)).await;
    assert!(ledger.has_keys().await.unwrap());
    let known = ledger.known_key(&text.id).await.unwrap().expect("there");
    assert!(text.matches(&known.secret_sha256) && !known.revoked && known.left.is_none());
    assert_eq!((&known.organisation, known.scopes.to_string().as_str()), (&id, "submit,read"));
    assert_eq!(known.networks.to_string(), "10.0.0.0/8");
    assert!(ledger.known_key(&KeyText::fresh().unwrap().id).await.unwrap().is_none());
    let none = KeyText::fresh().unwrap();
    let unknown = new_key(&named("khong-co"), NEVER);
    assert_eq!(ledger.make_key(&none, &unknown).await.unwrap(), KeyOutcome::UnknownOrganisation);

    ledger.touch_key(&text.id).await.unwrap();
    let used = ledger.keys(Some(&id)).await.unwrap().remove(0).last_used_at.expect("noted");
    ledger.touch_key(&text.id).await.unwrap();
    assert_eq!(ledger.keys(None).await.unwrap().remove(0).last_used_at, Some(used), "once a minute");
    assert!(ledger.keys(Some(&OrganisationId::local())).await.unwrap().is_empty());
}

async fn a_client_has_two_active_keys_at_most(store: Store) {
    let ledger = store.fresh().await;
    let id = organisation(&ledger, "tinh-a").await;
    let (first, second) = (made(&ledger, &new_key(&id, NEVER)).await, KeyText::fresh().unwrap());
    let KeyOutcome::Made(successor) = ledger.rotate_key(&first.id, &second, LONG).await.unwrap() else {
        panic!("not rotated")
    };
    assert_eq!((successor.client.as_str(), successor.expires_at), ("quản lý hồ sơ", None));
    let left = ledger.known_key(&first.id).await.unwrap().unwrap().left.expect("it ends");
    assert!(left <= LONG && left > LONG / 2, "{left:?}");
    let third = KeyText::fresh().unwrap();
    assert_eq!(ledger.make_key(&third, &new_key(&id, NEVER)).await.unwrap(), KeyOutcome::TwoActive);
    assert_eq!(ledger.rotate_key(&second.id, &third, LONG).await.unwrap(), KeyOutcome::TwoActive);
    assert_eq!(ledger.revoke_key(&first.id).await.unwrap(), RevokeOutcome::Revoked);
    assert_eq!(ledger.revoke_key(&first.id).await.unwrap(), RevokeOutcome::AlreadyRevoked);
    assert_eq!(ledger.revoke_key(&third.id).await.unwrap(), RevokeOutcome::Unknown);
    assert!(ledger.known_key(&first.id).await.unwrap().unwrap().revoked);
    assert_eq!(ledger.rotate_key(&first.id, &third, LONG).await.unwrap(), KeyOutcome::NoSuchKey);
    assert!(matches!(ledger.rotate_key(&second.id, &third, LONG).await.unwrap(), KeyOutcome::Made(_)));
    // One that has run out is not active.
    let other = NewKey { client: "khác".into(), ..new_key(&id, Some(Duration::ZERO)) };
    made(&ledger, &other).await;
    made(&ledger, &other).await;
    let over = made(&ledger, &other).await;
    assert_eq!(ledger.known_key(&over.id).await.unwrap().unwrap().left, Some(Duration::ZERO));
    ledger.seal_audit().await.unwrap();
    assert!(ledger.verify_audit().await.unwrap().broken_at.is_none());
}

async fn a_shelf_reaches_no_other_organisations_jobs(store: Store) {
    let ledger = store.fresh().await;
    let (a, b) = (organisation(&ledger, "a").await, organisation(&ledger, "b").await);
    let (own, other) = (shelf_of(&ledger, &a), shelf_of(&ledger, &b));
    let job = own.accept(new_job()).await.unwrap();
    assert_eq!(job.organisation, "a", "whatever the new job said");
    assert!(other.find(job.id).await.unwrap().is_none());
    assert!(other.watch(job.id, LONG).await.unwrap().is_none(), "and there is nothing to wait for");
    assert!(
        other
            .list(&JobFilter { limit: 9, organisation: Some("a".into()), ..JobFilter::default() })
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(other.cancel(job.id).await.unwrap(), CancelOutcome::Unknown);
    assert_eq!(other.requeue(job.id).await.unwrap(), LetterOutcome::Unknown);
    assert_eq!(other.drop_dead(job.id).await.unwrap(), LetterOutcome::Unknown);
    assert_eq!(other.erase(job.id).await.unwrap(), EraseOutcome::Unknown);
    assert_eq!(own.find(job.id).await.unwrap().unwrap().state, JobState::Accepted, "nothing was touched");
    let key = OnceKey { organisation: "a".into(), key_sha256: "k".into(), fingerprint: "f".into(), keep: LONG };
    own.accept_once(new_job(), &key).await.unwrap();
    assert!(other.find_once(&key).await.unwrap().is_none());
    let audit = ledger.audit_of(job.id).await.unwrap();
    assert!(audit[0].detail.as_deref().is_some_and(|by| by.starts_with("http key ")), "{audit:?}");
    assert_eq!(own.cancel(job.id).await.unwrap(), CancelOutcome::Cancelled);
}

async fn an_organisations_own_quota_comes_before_the_settings(store: Store) {
    let ledger = store.fresh().await;
    let (a, b) = (organisation(&ledger, "a").await, organisation(&ledger, "b").await);
    let one = OrganisationChange { max_waiting: Some(Some(1)), ..OrganisationChange::default() };
    ledger.change_organisation(&a, &one).await.unwrap();
    let (own, other) = (shelf_of(&ledger, &a), shelf_of(&ledger, &b));
    own.accept(new_job()).await.unwrap();
    assert!(matches!(own.accept(new_job()).await, Err(LedgerError::OverQuota { waiting: 1, limit: 1 })));
    other.accept(new_job()).await.unwrap();
    other.accept(new_job()).await.unwrap();
}

on_both_stores!(
    an_organisation_is_added_once_and_changed,
    an_organisation_is_there_with_its_networks_or_not_at_all,
    a_key_is_kept_as_a_hash_and_found_by_its_id,
    a_client_has_two_active_keys_at_most,
    a_shelf_reaches_no_other_organisations_jobs,
    an_organisations_own_quota_comes_before_the_settings,
);
