//! Who may do what, and whose jobs they see: every operation against every sort of key.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tdkt_reports::{
    access::{KeyText, OrganisationId, Scope},
    api::contract,
    ledger::{Ledger, LedgerLimits, NewKey, OrganisationChange},
};
use tempfile::TempDir;

use super::support::{
    papers::{self, repository},
    programs::{Redis, Service, json, run, until},
};

/// What an operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Submit,
    Read,
    Admin,
}

use Needs::{Admin, Nothing, Read, Submit};

/// Every operation. A new one without a row here fails the test.
const OPERATIONS: &[(&str, &str, Needs)] = &[
    ("POST", "/v1/documents", Submit),
    ("POST", "/v1/documents/check", Submit),
    ("POST", "/v1/documents/preview", Submit),
    ("GET", "/v1/jobs", Read),
    ("GET", "/v1/jobs/{id}", Read),
    ("DELETE", "/v1/jobs/{id}", Submit),
    ("POST", "/v1/jobs/{id}:requeue", Admin),
    ("DELETE", "/v1/jobs/{id}/data", Admin),
    ("GET", "/v1/jobs/{id}/document", Read),
    ("GET", "/v1/jobs/{id}/metadata", Read),
    ("POST", "/v1/batches", Submit),
    ("GET", "/v1/batches/{id}", Read),
    ("POST", "/v1/batches/{id}:cancel", Submit),
    ("POST", "/v1/batches/{id}:resume", Admin),
    ("GET", "/v1/batches/{id}/manifest.json", Read),
    ("GET", "/v1/batches/{id}/archive.zip", Read),
    ("GET", "/v1/batches/{id}/merged.pdf", Read),
    ("GET", "/v1/batches/{id}/lineage.json", Read),
    ("GET", "/v1/batches/{id}/differences", Read),
    ("GET", "/v1/batches/{id}/events", Read),
    ("GET", "/v1/events", Read),
    ("GET", "/v1/jobs/{id}/events", Read),
    ("GET", "/v1/webhooks", Admin),
    ("POST", "/v1/webhooks", Admin),
    ("GET", "/v1/webhooks/{id}", Admin),
    ("DELETE", "/v1/webhooks/{id}", Admin),
    ("POST", "/v1/webhooks/{id}:rotate", Admin),
    ("POST", "/v1/webhooks/{id}:test", Admin),
    ("POST", "/v1/webhooks/{id}:enable", Admin),
    ("POST", "/v1/webhooks/{id}:disable", Admin),
    ("GET", "/v1/webhooks/{id}/deliveries", Admin),
    ("POST", "/v1/webhooks/{id}/deliveries/{event}:redeliver", Admin),
    ("POST", "/v1/webhooks/{id}:redeliver", Admin),
    ("POST", "/v1/papers/extract", Submit),
    ("POST", "/v1/papers/verify", Submit),
    ("POST", "/v1/papers/check", Submit),
    ("POST", "/v1/people:find", Admin),
    ("POST", "/v1/people:export", Admin),
    ("POST", "/v1/people:erase", Admin),
    ("GET", "/v1/register/units/{id}", Read),
    ("PUT", "/v1/register/units/{id}", Admin),
    ("GET", "/v1/register/units/{id}/history", Read),
    ("GET", "/v1/register/blocs/{id}", Read),
    ("PUT", "/v1/register/blocs/{id}", Admin),
    ("GET", "/v1/register/blocs/{id}/history", Read),
    ("GET", "/v1/register/blocs/{id}/years/{year}", Read),
    ("PUT", "/v1/register/blocs/{id}/years/{year}", Admin),
    ("GET", "/v1/register/blocs/{id}/years/{year}/history", Read),
    ("GET", "/v1/register/reports/{id}", Read),
    ("PUT", "/v1/register/reports/{id}", Admin),
    ("GET", "/v1/register/reports/{id}/history", Read),
    ("GET", "/v1/sources", Read),
    ("GET", "/v1/sources/{id}", Read),
    ("PUT", "/v1/sources/{id}", Admin),
    ("GET", "/v1/sources/{id}/history", Read),
    ("POST", "/v1/sources/{id}:pull", Admin),
    ("GET", "/v1/periods/{id}", Read),
    ("PUT", "/v1/periods/{id}", Admin),
    ("GET", "/v1/periods/{id}/history", Read),
    ("GET", "/v1/register/units", Read),
    ("GET", "/v1/register/blocs", Read),
    ("GET", "/v1/blocs/{id}/submissions/{period}", Read),
    ("POST", "/v1/blocs/{id}/submissions/{period}", Submit),
    ("GET", "/v1/blocs/{id}/submissions/{period}/history", Read),
    ("GET", "/v1/blocs/{id}/carry-over/{period}", Read),
    ("GET", "/v1/schedules", Read),
    ("GET", "/v1/schedules/{id}", Read),
    ("PUT", "/v1/schedules/{id}", Admin),
    ("GET", "/v1/schedules/{id}/history", Read),
    ("GET", "/v1/schedules/{id}/runs", Read),
    ("GET", "/v1/periods/{id}/status", Read),
    ("POST", "/v1/periods/{id}:close", Admin),
    ("GET", "/v1/periods/{id}/submissions", Read),
    ("GET", "/v1/periods/{id}/adjustments", Read),
    ("GET", "/v1/kinds", Nothing),
    ("GET", "/v1/kinds/{kind}/schema", Nothing),
    ("GET", "/v1/kinds/{kind}/samples/{name}", Nothing),
    ("GET", "/v1/editions", Nothing),
    ("GET", "/v1/editions/{id}", Nothing),
    ("GET", "/v1/openapi.json", Nothing),
    ("GET", "/v1/capabilities", Nothing),
    ("GET", "/docs", Nothing),
    ("GET", "/problems/{code}", Nothing),
    ("GET", "/metrics", Admin),
    ("GET", "/livez", Nothing),
    ("GET", "/readyz", Nothing),
];

/// An id that no job has.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A service with two organisations, a finished job of the first, and keys of every sort.
struct House {
    service: Service,
    job: String,
    /// Opens everything of the first organisation.
    own: String,
    /// Opens everything of the second.
    foreign: String,
    submit: String,
    read: String,
    admin: String,
    expired: String,
    revoked: String,
    elsewhere: String,
    _folder: TempDir,
}

impl House {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let [own, foreign, submit, read, admin, expired, revoked, elsewhere] = runtime.block_on(async {
            let place = folder.path().join("ledger.sqlite");
            let ledger = Ledger::open(place.as_path(), LedgerLimits::default()).await.expect("the ledger opens");
            for organisation in ["tinh-a", "tinh-b"] {
                let id: OrganisationId = organisation.parse().expect("a name");
                ledger.add_organisation(&id, &OrganisationChange::default()).await.expect("stored").expect("new");
            }
            let mut keys = Vec::new();
            for (organisation, scopes, networks, lifetime) in [
                ("tinh-a", "submit,read,admin", "", None),
                ("tinh-b", "submit,read,admin", "", None),
                ("tinh-a", "submit", "", None),
                ("tinh-a", "read", "", None),
                ("tinh-a", "admin", "", None),
                ("tinh-a", "submit,read,admin", "", Some(Duration::ZERO)),
                ("tinh-a", "submit,read,admin", "", None),
                ("tinh-a", "submit,read,admin", "192.0.2.0/24", None),
            ] {
                let text = KeyText::fresh().expect("chance");
                let new = NewKey {
                    organisation: organisation.parse().expect("a name"),
                    client: format!("client {}", keys.len()),
                    scopes: scopes.parse().expect("scopes"),
                    networks: networks.parse().expect("networks"),
                    lifetime,
                };
                ledger.make_key(&text, &new).await.expect("stored");
                keys.push(text);
            }
            ledger.revoke_key(&keys[6].id).await.expect("stored");
            ledger.close().await;
            let keys: Vec<String> = keys.iter().map(KeyText::reveal).collect();
            keys.try_into().expect("eight keys")
        });
        let service = Service::start_on(folder.path(), &["--log", "debug"]);
        let mut house = Self {
            service,
            job: String::new(),
            own,
            foreign,
            submit,
            read,
            admin,
            expired,
            revoked,
            elsewhere,
            _folder: folder,
        };
        house.job = house.accept(&house.own, papers::sample("minimal"));
        until(Duration::from_secs(90), "the paper is made", || house.get(&house.own, &house.job)["done"] == true);
        house
    }

    fn accept(&self, key: &str, body: &str) -> String {
        let request = self.ask("POST", "/v1/documents", Some(key)).header("content-type", "application/json");
        let response = request.body(body.to_owned()).send().expect("an answer");
        assert_eq!(response.status(), 202);
        json(response)["id"].as_str().expect("an id").to_owned()
    }

    fn get(&self, key: &str, id: &str) -> Value {
        json(self.ask("GET", &format!("/v1/jobs/{id}"), Some(key)).send().expect("an answer"))
    }

    fn ask(&self, method: &str, path: &str, key: Option<&str>) -> RequestBuilder {
        self.ask_from(Ipv4Addr::LOCALHOST, method, path, key)
    }

    /// From another address of this machine, so that wrong keys are not counted together.
    fn ask_from(&self, from: Ipv4Addr, method: &str, path: &str, key: Option<&str>) -> RequestBuilder {
        let client = Client::builder().local_address(IpAddr::V4(from)).timeout(Duration::from_secs(60)).build();
        let method = method.parse().expect("a method");
        let request = client.expect("a client").request(method, format!("{}{path}", self.service.url));
        match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }
}

/// An address of this machine for each number.
fn address(number: usize) -> Ipv4Addr {
    let number = u32::try_from(number).expect("a small number");
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 1).to_bits() + number)
}

/// The path of an operation, with an id where it takes one.
fn path(template: &str, id: &str) -> String {
    // A stream that does not wait for more.
    let ending = template.replace("/v1/events", "/v1/events?follow=false").replace("{event}", NOBODY);
    let edition = ending.replace("/v1/editions/{id}", "/v1/editions/E3");
    let kind = edition.replace("{kind}", "six-month-review").replace("{name}", "minimal");
    let dated = kind.replace("{year}", "2026").replace("{period}", "2026-h1");
    dated.replace("{id}", id).replace("{code}", "queue-full")
}

fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&response.text().expect("a body")).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn every_operation_has_a_row() {
    let row = |method: &str, path: &str, scope: Option<&str>| format!("{method} {path}: {}", scope.unwrap_or("open"));
    let listed: BTreeSet<String> = OPERATIONS
        .iter()
        .map(|(method, path, needs)| {
            let scope = match needs {
                Nothing => None,
                Submit => Some("submit"),
                Read => Some("read"),
                Admin => Some("admin"),
            };
            row(method, path, scope)
        })
        .collect();
    let served: BTreeSet<String> = contract::table()
        .iter()
        .map(|operation| row(operation.method(), operation.path(), operation.access().scope().map(Scope::as_str)))
        .collect();
    assert_eq!(listed, served, "OPERATIONS above against the table of the contract");
}

#[test]
fn every_operation_asks_for_its_key() {
    let house = House::open();
    let wrong = KeyText::fresh().expect("chance").reveal();
    let mut number = 0;
    for (method, template, needs) in OPERATIONS {
        // A body that gets no further than the check.
        let send = |key: Option<&str>, number: &mut usize| {
            *number += 1;
            let request = house.ask_from(address(*number), method, &path(template, NOBODY), key);
            let request = request.header("content-type", "application/json").body("{}");
            let response = request.send().expect("an answer");
            let challenge = response.headers().get("www-authenticate").is_some();
            let (status, code) = code(response);
            assert_eq!(challenge, status == 401 || code == "scope-missing", "{method} {template}: {status} {code}");
            (status, code)
        };
        let refused = |status: u16, code: &str| (status, code.to_owned());
        let passes = |(status, code): (u16, String)| {
            assert!(![401, 403, 429, 500].contains(&status), "{method} {template}: {status} {code}");
        };
        if *needs == Nothing {
            passes(send(None, &mut number));
            passes(send(Some(&wrong), &mut number));
            continue;
        }
        assert_eq!(send(None, &mut number), refused(401, "key-missing"), "{method} {template}");
        for (sort, key) in [("wrong", &wrong), ("expired", &house.expired), ("revoked", &house.revoked)] {
            assert_eq!(send(Some(key), &mut number), refused(401, "key-refused"), "{method} {template}, {sort}");
        }
        assert_eq!(send(Some(&house.elsewhere), &mut number), refused(403, "network-refused"), "{method} {template}");
        for (scope, key) in [(Submit, &house.submit), (Read, &house.read), (Admin, &house.admin)] {
            let answer = send(Some(key), &mut number);
            if *needs == scope {
                passes(answer);
            } else {
                assert_eq!(answer, refused(403, "scope-missing"), "{method} {template} with {scope:?}");
            }
        }
    }
    let said = house.service.process.said();
    for key in [&wrong, &house.own, &house.submit, &house.expired, &house.revoked, &house.elsewhere] {
        assert!(!said.contains(&key[14..]), "the log tells a secret");
    }
}

/// Everything of an answer but what is its own: the request's id, the time, and what is left of the caller's requests.
fn likeness(response: Response) -> (u16, BTreeSet<(String, String)>, Value) {
    let headers =
        response.headers().iter().filter(|(name, _)| !["date", "x-request-id", "ratelimit"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
    let headers: BTreeSet<(String, String)> = headers.collect();
    let status = response.status().as_u16();
    let mut body: Value = serde_json::from_str(&response.text().expect("a body")).unwrap_or_default();
    for own in ["instance", "request_id"] {
        if let Some(body) = body.as_object_mut() {
            body.remove(own);
        }
    }
    (status, headers, body)
}

#[test]
fn a_foreign_job_is_no_job_in_all_respects() {
    let house = House::open();
    let etag = format!("\"{}\"", house.get(&house.own, &house.job)["document"]["sha256"].as_str().expect("a hash"));
    let mut seen = 0;
    for (method, template, _) in OPERATIONS.iter().filter(|(_, template, _)| template.contains("/jobs/{id}")) {
        for query in ["", "?wait=5"] {
            let ask = |key: &str, id: &str| {
                let request = house.ask(method, &format!("{}{query}", path(template, id)), Some(key));
                // Who knows the hash of another's paper learns nothing by it.
                likeness(request.header("if-none-match", etag.as_str()).send().expect("an answer"))
            };
            let (foreign, unknown) = (ask(&house.foreign, &house.job), ask(&house.foreign, NOBODY));
            assert_eq!(foreign, unknown, "{method} {template}{query}");
            assert_eq!(foreign.0, 404, "{method} {template}{query}");
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
    let own = house.get(&house.own, &house.job);
    assert_eq!(own["state"], "succeeded", "nothing was done to it: {own:#}");

    let listed = |key: &str| json(house.ask("GET", "/v1/jobs", Some(key)).send().expect("an answer"))["data"].clone();
    assert_eq!(listed(&house.foreign), json!([]));
    assert_eq!(listed(&house.own).as_array().expect("a list").len(), 1);
}

#[test]
fn the_same_key_and_the_same_paper_of_two_organisations_are_two() {
    let house = House::open();
    let submit = |key: &str| {
        let request = house.ask("POST", "/v1/documents", Some(key)).header("content-type", "application/json");
        let response = request.header("idempotency-key", "one").body(papers::sample("minimal")).send();
        let response = response.expect("an answer");
        assert_eq!(response.status(), 202);
        let replayed = response.headers().contains_key("idempotency-replayed");
        (json(response)["id"].as_str().expect("an id").to_owned(), replayed)
    };
    let (own, foreign) = (submit(&house.own), submit(&house.foreign));
    assert!(own.0 != foreign.0 && !own.1 && !foreign.1, "{own:?} {foreign:?}");
    assert_eq!(submit(&house.foreign), (foreign.0.clone(), true));
    for (key, id) in [(&house.own, &own.0), (&house.foreign, &foreign.0)] {
        until(Duration::from_secs(90), "the paper is made", || house.get(key, id)["done"] == true);
    }
    // One file in the archive; it stays as long as anybody has it.
    for id in [&own.0, &house.job] {
        let erased = house.ask("DELETE", &format!("/v1/jobs/{id}/data"), Some(&house.own)).send().expect("an answer");
        assert_eq!(erased.status(), 200);
    }
    let kept = house.ask("GET", &format!("/v1/jobs/{}/document", foreign.0), Some(&house.foreign)).send();
    let kept = kept.expect("an answer");
    assert_eq!(kept.status(), 200);
    assert!(kept.bytes().expect("a body").starts_with(b"%PDF-"));
}

#[test]
fn wrong_keys_are_counted_by_address_and_a_right_one_still_opens() {
    let house = House::open();
    let wrong = KeyText::fresh().expect("chance").reveal();
    let guess = |from| house.ask_from(from, "GET", "/v1/jobs", Some(&wrong)).send().expect("an answer");
    for _ in 0..10 {
        assert_eq!(guess(address(1)).status(), 401);
    }
    let answer = guess(address(1));
    let wait: u64 = answer.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(code(answer), (429, "too-many-wrong-keys".to_owned()));
    assert_eq!(guess(address(2)).status(), 401, "another address is another's");
    let own = house.ask_from(address(1), "GET", "/v1/jobs", Some(&house.own)).send().expect("an answer");
    assert_eq!(own.status(), 200, "the key was known before");
}

#[test]
fn a_key_opens_from_the_moment_it_is_made_until_it_is_revoked() {
    let service = Service::start(&["--work", "false"]);
    let data = service.data().to_str().expect("text").to_owned();
    let command = |arguments: &[&str]| {
        let outcome = run(&[arguments, &["--data", &data]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        outcome
    };
    assert_eq!(service.get("/v1/jobs").status(), 200, "a first look");
    let passed_on = service.request("GET", "/v1/jobs").header("x-forwarded-for", "192.0.2.1").send();
    assert_eq!(code(passed_on.expect("an answer")), (401, "key-missing".to_owned()), "not for those behind a proxy");
    command(&["organisations", "add", "so-noi-vu", "--name", "Sở Nội vụ"]);
    let made = command(&["keys", "create", "Quản lý hồ sơ", "--organisation", "so-noi-vu"]);
    let key = made.text().trim().to_owned();
    assert!(!made.err.contains(&key[14..]), "only on standard output: {}", made.err);
    let ask = || service.request("GET", "/v1/jobs").bearer_auth(&key).send().expect("an answer").status().as_u16();
    assert_eq!(ask(), 200);
    until(Duration::from_secs(30), "without a key nobody comes in any more", || {
        service.get("/v1/jobs").status() == 401
    });
    let listed: Value = serde_json::from_str(command(&["keys", "list", "--json"]).text()).expect("JSON");
    assert_eq!((&listed[0]["client"], &listed[0]["active"]), (&json!("Quản lý hồ sơ"), &json!(true)));
    assert!(listed[0].get("secret_sha256").is_none() && listed[0].get("key").is_none(), "{listed:#}");
    until(Duration::from_secs(30), "its use is noted", || {
        let listed: Value = serde_json::from_str(command(&["keys", "list", "--json"]).text()).expect("JSON");
        listed[0]["last_used_at"].is_string()
    });
    command(&["keys", "revoke", listed[0]["id"].as_str().expect("an id")]);
    until(Duration::from_secs(30), "the revoked key opens nothing", || ask() == 401);
    assert_eq!(service.get("/v1/jobs").status(), 401, "and the first look is over for good");
}

#[test]
fn an_organisation_that_asks_too_often_waits_and_looking_does_not_count() {
    let house = House::open();
    let data = house.service.data().to_str().expect("text");
    let set = run(&["organisations", "set", "tinh-a", "--own-requests-per-minute", "3", "--data", data]);
    assert_eq!(set.code, Some(0), "{}", set.err);
    let check = |key: &str| {
        let request = house.ask("POST", "/v1/documents/check", Some(key)).header("content-type", "application/json");
        request.body(papers::sample("minimal")).send().expect("an answer")
    };
    let header = |response: &Response, name: &str| {
        response.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
    };
    // The gate knows the bound before for two seconds yet.
    until(Duration::from_secs(30), "the bound is known", || {
        header(&check(&house.own), "ratelimit-policy").as_deref() == Some("\"default\";q=3;w=60")
    });
    let mut last = check(&house.submit);
    for _ in 0..3 {
        last = check(&house.submit);
    }
    let wait: u64 = header(&last, "retry-after").expect("when").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(header(&last, "ratelimit").is_some_and(|state| state.starts_with("\"default\";r=0;t=")));
    assert_eq!(code(last), (429, "rate-limited".to_owned()), "whatever the organisation's key");
    assert_eq!(check(&house.foreign).status(), 200, "another organisation has its own");
    for _ in 0..10 {
        let looked = house.ask("GET", &format!("/v1/jobs/{}", house.job), Some(&house.own)).send().expect("an answer");
        assert_eq!((looked.status().as_u16(), header(&looked, "ratelimit")), (200, None));
    }
}

/// The desk holds shelves and no ledger, and only the gate makes callers: what the compiler does not see is read here.
#[test]
fn nothing_reaches_around_the_shelf() {
    let text = |path: &str| std::fs::read_to_string(repository(path)).expect("readable");
    let desk = text("src/desk.rs");
    assert!(desk.contains("ledger: Shelves,"), "the desk holds shelves");
    for (path, forbidden) in [("src/desk/counter.rs", "desk.ledger"), ("src/desk/counter.rs", "&Ledger")] {
        assert!(!text(path).contains(forbidden), "{path}: {forbidden}");
    }
    let mut folders = vec![repository("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
            let inside = entry.strip_prefix(repository("")).expect("inside").to_string_lossy().into_owned();
            if entry.is_dir() {
                folders.push(entry);
            } else if !["src/gate", "src/access", "src/ledger/tests"].iter().any(|room| inside.starts_with(room)) {
                let text = std::fs::read_to_string(&entry).expect("readable");
                for makes in ["Caller::with_key(", "Caller::at_this_machine("] {
                    assert!(!text.contains(makes), "{inside} makes a caller");
                }
            }
        }
    }
}

#[test]
fn a_key_is_exchanged_under_load_and_no_request_is_lost() {
    let redis = Redis::start();
    let service = Service::start(&["--redis-url", &redis.address()]);
    let data = service.data().to_str().expect("text").to_owned();
    let command = |arguments: &[&str]| -> Value {
        let outcome = run(&[arguments, &["--data", &data, "--json"]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        serde_json::from_str(outcome.text()).expect("JSON")
    };
    command(&["organisations", "set", "local", "--own-requests-per-minute", "1000000"]);
    let old = command(&["keys", "create", "phần mềm"]);
    let current = std::sync::Mutex::new(old["key"].as_str().expect("a key").to_owned());
    let stop = std::sync::atomic::AtomicBool::new(false);
    let accepted = std::sync::Mutex::new(Vec::new());
    let count = || accepted.lock().expect("not poisoned").len();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let key = current.lock().expect("not poisoned").clone();
                    let request = service.request("POST", "/v1/documents").bearer_auth(key);
                    let request = request.header("content-type", "application/json").body(papers::sample("minimal"));
                    let response = request.send().expect("an answer");
                    let (status, body) = (response.status().as_u16(), json(response));
                    assert_eq!(status, 202, "{body:#}");
                    let id = body["id"].as_str().expect("an id").to_owned();
                    accepted.lock().expect("not poisoned").push(id);
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        let more = |why: &str| {
            let before = count();
            until(Duration::from_secs(60), why, || count() >= before + 12);
        };
        more("requests with the first key");
        let new = command(&["keys", "rotate", old["id"].as_str().expect("an id")]);
        more("requests with the first key while there are two");
        *current.lock().expect("not poisoned") = new["key"].as_str().expect("a key").to_owned();
        more("requests with the second key while there are two");
        command(&["keys", "revoke", old["id"].as_str().expect("an id")]);
        more("requests with the second key alone");
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let first = old["key"].as_str().expect("a key");
    until(Duration::from_secs(30), "the first key opens nothing", || {
        service.request("GET", "/v1/jobs").bearer_auth(first).send().expect("an answer").status() == 401
    });
    let ids = accepted.into_inner().expect("not poisoned");
    let books = service.books();
    until(Duration::from_secs(90), "every job ended", || {
        books.counts().get("succeeded").is_some_and(|succeeded| *succeeded == ids.len() as u64)
    });
    books.each_succeeded_with_one_file(&ids);
}

/// What one stream has told; the end of it closes the channel.
fn listen(service: &Service, key: &str) -> std::sync::mpsc::Receiver<String> {
    use std::io::{BufRead, BufReader, Write};
    let address = service.url.strip_prefix("http://").expect("an address").to_owned();
    let mut stream = std::net::TcpStream::connect(&address).expect("connected");
    let head = format!("GET /v1/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("written");
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // The last chunk.
            if line == "0" || told.send(line).is_err() {
                return;
            }
        }
    });
    heard
}

/// Whether the stream has ended; what it told until then is dropped.
fn is_over(stream: &std::sync::mpsc::Receiver<String>) -> bool {
    loop {
        match stream.try_recv() {
            Ok(_) => {}
            Err(std::sync::mpsc::TryRecvError::Empty) => return false,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => return true,
        }
    }
}

#[test]
fn a_stream_ends_with_its_key_and_not_with_anothers() {
    let service = Service::start(&["--work", "false"]);
    let data = service.data().to_str().expect("text").to_owned();
    let command = |arguments: &[&str]| -> Value {
        let outcome = run(&[arguments, &["--data", &data, "--json"]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        serde_json::from_str(outcome.text()).expect("JSON")
    };
    let (stays, goes) = (command(&["keys", "create", "ở lại"]), command(&["keys", "create", "ra đi"]));
    let text = |key: &Value| key["key"].as_str().expect("a key").to_owned();
    let begun = |stream: &std::sync::mpsc::Receiver<String>| {
        let lines: Vec<String> = stream.iter().take_while(|line| !line.starts_with("retry:")).collect();
        assert!(lines[0].starts_with("HTTP/1.1 200"), "{lines:?}");
    };
    // Opened first: it would be the first to end of old age.
    let staying = listen(&service, &text(&stays));
    begun(&staying);
    let going = listen(&service, &text(&goes));
    begun(&going);
    command(&["keys", "revoke", goes["id"].as_str().expect("an id")]);
    until(Duration::from_secs(50), "the stream of the revoked key ends", || is_over(&going));
    assert!(!is_over(&staying), "the other goes on");
    let sent = service.request("POST", "/v1/documents").bearer_auth(text(&stays));
    let sent = sent.header("content-type", "application/json").body(papers::sample("minimal")).send();
    assert_eq!(sent.expect("an answer").status(), 202);
    until(Duration::from_secs(50), "the other hears of a job", || {
        staying.try_recv().is_ok_and(|line| line.starts_with("event: job.accepted"))
    });
}
