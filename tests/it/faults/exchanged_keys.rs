//! A key is exchanged and ended while requests come in under it.

use std::{
    sync::{
        Mutex, RwLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::sleep,
    time::Duration,
};

use super::{House, LEASE, PATIENT, client, request};
use crate::support::programs::{Over, json, run, until};

/// Between two requests of one caller.
const PAUSE: Duration = Duration::from_millis(30);

/// One system with several programs, each of which has its key from a setting of its own.
struct Callers<'a> {
    house: &'a House,
    next: AtomicU32,
    /// Answers that opened nothing: which key, and whether it had been ended.
    refused: Mutex<Vec<(String, bool)>>,
    ended: AtomicBool,
}

impl Callers<'_> {
    /// Sends one request after another under the key of this setting, each until it is accepted.
    fn call(&self, setting: &RwLock<String>) {
        let http = client();
        while !self.house.over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let name = format!("request-{number}");
            self.house.answers.asked(&name);
            loop {
                let key = setting.read().expect("not poisoned").clone();
                // Asked before the request goes out: what is refused then was refused too early.
                let ended = self.ended.load(Ordering::SeqCst);
                let url = self.house.url.lock().expect("not poisoned").clone();
                let sent = http.post(format!("{url}/v1/documents")).bearer_auth(&key);
                let sent = sent.header("content-type", "application/json");
                let sent = sent.header("idempotency-key", format!("\"{name}\""));
                let answer = sent.body(request(number)).send().expect("an answer");
                match answer.status().as_u16() {
                    202 => {
                        let id = json(answer)["id"].as_str().expect("an id").to_owned();
                        break self.house.answers.accepted(&name, &id);
                    }
                    401 => {
                        let ended = ended || self.ended.load(Ordering::SeqCst);
                        self.refused.lock().expect("not poisoned").push((key.clone(), ended));
                        // A program that goes on with a wrong key is told to wait; this one asks its operator.
                        until(LEASE, "its operator gives it another key", || {
                            *setting.read().expect("not poisoned") != key
                        });
                    }
                    other => panic!("{other}: {}", answer.text().unwrap_or_default()),
                }
                sleep(PAUSE);
            }
            sleep(PAUSE);
        }
    }

    fn accepted(&self) -> usize {
        self.house.answers.ids().len()
    }
}

#[test]
fn a_key_is_exchanged_and_ended_under_load_and_no_request_is_lost() {
    let house = House::new();
    let keys = |arguments: &[&str]| {
        let told = run(&[&["keys"], arguments, &["--data", house.data().to_str().expect("text")]].concat());
        assert_eq!(told.code, Some(0), "{arguments:?}: {}", told.err);
        told.text().trim().to_owned()
    };
    let old = keys(&["create", "Quản lý hồ sơ", "--scopes", "submit,read"]);
    let old_id = old.split('_').nth(1).expect("an id");
    let service = house.serve(&PATIENT);
    let callers =
        Callers { house: &house, next: AtomicU32::new(0), refused: Mutex::default(), ended: AtomicBool::new(false) };
    let (early, late) = (RwLock::new(old.clone()), RwLock::new(old.clone()));
    let more = |count: usize| {
        let before = callers.accepted();
        until(LEASE, "requests are accepted", || callers.accepted() >= before + count);
    };
    std::thread::scope(|scope| {
        let over = Over(&house.over);
        scope.spawn(|| callers.call(&early));
        scope.spawn(|| callers.call(&late));
        more(10);
        let new = keys(&["rotate", old_id]);
        assert_ne!(new, old);
        more(10);
        early.write().expect("not poisoned").clone_from(&new);
        more(10);
        assert!(callers.refused.lock().expect("not poisoned").is_empty(), "both keys open");
        callers.ended.store(true, Ordering::SeqCst);
        keys(&["revoke", old_id]);
        until(LEASE, "the old key opens nothing", || !callers.refused.lock().expect("not poisoned").is_empty());
        more(5);
        late.write().expect("not poisoned").clone_from(&new);
        more(10);
        drop(over);
    });
    house.over.store(false, Ordering::Relaxed);
    let refused = callers.refused.into_inner().expect("not poisoned");
    assert!(refused.iter().all(|(key, ended)| *key == old && *ended), "refused without need");
    let sent = u64::from(callers.next.into_inner());
    house.all_end(sent, 2 * LEASE);
    house.heard(&service.process);
    house.check(sent);
    println!("keys: {sent} requests, all accepted; {} answers 401, all under the ended key", refused.len());
}
