use super::*;
use crate::{
    access::{Networks, OrganisationId, Scopes},
    ledger::{KeyOutcome, LedgerLimits, NewKey, OrganisationChange},
};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

struct House {
    ledger: Ledger,
    gate: Gate,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path().join("ledger.sqlite"), LedgerLimits::default()).await.unwrap();
        let gate = Gate::new(ledger.clone(), FirstLook::FromHere, 60);
        House { ledger, gate, _folder: folder }
    }

    async fn key(&self, networks: &str, lifetime: Option<Duration>) -> KeyText {
        let text = KeyText::fresh().unwrap();
        let new = NewKey {
            organisation: OrganisationId::local(),
            client: text.id.to_string(),
            scopes: Scopes::all(),
            networks: networks.parse().unwrap(),
            lifetime,
        };
        assert!(matches!(self.ledger.make_key(&text, &new).await.unwrap(), KeyOutcome::Made(_)));
        text
    }

    async fn show(&self, key: &str) -> Result<Admitted, Refused> {
        self.gate.admit(Shown::Bearer(key), HERE).await
    }

    /// What is known is forgotten, as if its time were over.
    fn forget(&self) {
        for known in lock(&self.gate.inner.known).values_mut() {
            known.read -= KNOWN_FOR;
        }
        *lock(&self.gate.inner.looked_for_keys) = None;
    }
}

#[tokio::test]
async fn the_first_look_ends_with_the_first_key() {
    let house = House::open().await;
    let caller = house.gate.admit(Shown::NothingFromHere, HERE).await.unwrap().caller;
    assert_eq!((caller.organisation(), caller.may(Scope::Admin)), (&OrganisationId::local(), true));
    assert!(matches!(house.gate.admit(Shown::Nothing, HERE).await, Err(Refused::NoKey)));
    let strict = Gate::new(house.ledger.clone(), FirstLook::Refused, 60);
    assert!(matches!(strict.admit(Shown::NothingFromHere, HERE).await, Err(Refused::NoKey)));
    let lab = Gate::new(house.ledger.clone(), FirstLook::FromAnywhere, 60);
    assert!(lab.admit(Shown::Nothing, HERE).await.is_ok());
    let key = house.key("", None).await;
    house.ledger.revoke_key(&key.id).await.unwrap();
    house.forget();
    *lock(&lab.inner.looked_for_keys) = None;
    assert!(matches!(lab.admit(Shown::Nothing, HERE).await, Err(Refused::NoKey)));
    let refused = house.gate.admit(Shown::NothingFromHere, HERE).await;
    assert!(matches!(refused, Err(Refused::NoKey)), "a revoked key does not open the door to everybody");
}

#[tokio::test]
async fn a_key_opens_until_it_runs_out_or_is_revoked() {
    let house = House::open().await;
    let (lasting, short) = (house.key("", None).await, house.key("", Some(Duration::ZERO)).await);
    assert!(house.show(&lasting.reveal()).await.is_ok());
    assert!(matches!(house.show(&short.reveal()).await, Err(Refused::WrongKey)));
    house.ledger.revoke_key(&lasting.id).await.unwrap();
    assert!(house.show(&lasting.reveal()).await.is_ok(), "known for a moment yet");
    house.forget();
    assert!(matches!(house.show(&lasting.reveal()).await, Err(Refused::WrongKey)));
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_are_refused_alike() {
    let house = House::open().await;
    let (key, other) = (house.key("", None).await.reveal(), KeyText::fresh().unwrap().reveal());
    let mixed = format!("{}{}", &key[..14], &other[14..]);
    for wrong in [mixed.as_str(), &other, "", "tdkt_", &key[1..]] {
        let refused = house.show(wrong).await.map(drop).map_err(Failure::from).unwrap_err();
        assert_eq!(refused.code, FailureCode::KeyRefused);
    }
    assert!(matches!(house.gate.admit(Shown::Other, HERE).await, Err(Refused::WrongKey)));
}

#[tokio::test]
async fn a_key_stays_in_its_own_networks_and_its_organisations() {
    let house = House::open().await;
    let key = house.key("127.0.0.0/8, 10.0.0.0/8", None).await.reveal();
    let from = |address: &str| address.parse::<IpAddr>().unwrap();
    let admit = async |address| house.gate.admit(Shown::Bearer(&key), from(address)).await;
    assert!(admit("10.1.2.3").await.is_ok() && admit("127.0.0.1").await.is_ok());
    assert!(matches!(admit("192.0.2.1").await, Err(Refused::WrongNetwork)));
    let networks: Networks = "10.0.0.0/8".parse().unwrap();
    let change = OrganisationChange { networks: Some(networks), ..OrganisationChange::default() };
    house.ledger.change_organisation(&OrganisationId::local(), &change).await.unwrap();
    house.forget();
    assert!(admit("10.1.2.3").await.is_ok());
    assert!(matches!(admit("127.0.0.1").await, Err(Refused::WrongNetwork)));
}

#[tokio::test]
async fn who_guesses_waits_and_who_has_a_key_does_not() {
    let house = House::open().await;
    let (key, later) = (house.key("", None).await.reveal(), house.key("", None).await.reveal());
    assert!(house.show(&key).await.is_ok());
    for _ in 0..10 {
        assert!(matches!(house.show("tdkt_x").await, Err(Refused::WrongKey)));
    }
    assert!(matches!(house.show("tdkt_x").await, Err(Refused::TooManyWrongKeys { .. })));
    house.forget();
    assert!(house.show(&key).await.is_ok(), "whose key is known comes in, also from there");
    let unseen = house.show(&later).await;
    assert!(matches!(unseen, Err(Refused::TooManyWrongKeys { .. })), "keys are not tried through");
    let elsewhere = house.gate.admit(Shown::Bearer(&later), "192.0.2.9".parse().unwrap()).await;
    assert!(elsewhere.is_ok());
}

#[tokio::test]
async fn a_ledger_that_is_away_lets_nobody_in() {
    let house = House::open().await;
    let key = house.key("", None).await.reveal();
    assert!(house.show(&key).await.is_ok());
    house.ledger.close().await;
    house.forget();
    let refused = house.show(&key).await.map(drop).map_err(Failure::from).unwrap_err();
    assert_eq!(refused.code, FailureCode::StoreUnavailable);
}

#[tokio::test]
async fn an_organisation_spends_its_own_bound_whatever_the_key_and_a_first_look_spends_nothing() {
    let house = House::open().await;
    let first = house.gate.admit(Shown::NothingFromHere, HERE).await.unwrap();
    assert_eq!(house.gate.spend(&first), None);
    let (one, other) = (house.key("", None).await.reveal(), house.key("", None).await.reveal());
    let one = house.show(&one).await.unwrap();
    assert_eq!(house.gate.spend(&one).map(|allowance| (allowance.limit, allowance.left)), Some((60, 59)));
    let change = OrganisationChange { requests_per_minute: Some(Some(2)), ..OrganisationChange::default() };
    house.ledger.change_organisation(&OrganisationId::local(), &change).await.unwrap();
    let other = house.show(&other).await.unwrap();
    assert_eq!(house.gate.spend(&other).map(|allowance| (allowance.limit, allowance.left)), Some((2, 1)));
    assert!(house.gate.spend(&other).is_some_and(|allowance| allowance.again_after.is_none()));
    assert!(house.gate.spend(&other).is_some_and(|allowance| allowance.again_after.is_some()));
}
