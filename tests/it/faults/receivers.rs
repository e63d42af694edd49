//! Webhooks' receivers that are down, slow, lying, or somebody else (F12): each gets what it can take, none holds another
//! up, and nobody is called who was not meant.

use std::{collections::BTreeSet, net::TcpListener, time::Duration};

use tdkt_reports::ledger::DeliveryRecord;

use crate::support::{
    chance::{self, Chance},
    programs::{Service, until},
    receiver::{Authority, Heard, Manner, Receiver},
    webhooks::Desk,
};

const PATIENCE: Duration = Duration::from_secs(90);
/// The schedule of these tests, and its waits in milliseconds. A wait that a host asks for is kept up to the next.
const SCHEDULE: &str = "0s 1s 2s 2s 2s 2s";
const WAITS: [i64; 5] = [1_000, 2_000, 2_000, 2_000, 2_000];
const FINE: &str = "204 No Content";

/// What has to come of every event for a receiver.
enum Fate {
    /// Taken, at this try.
    TakenAt(usize),
    /// Never heard; every try ends with this fault.
    Unheard(&'static str),
    /// Refused at the first try.
    Refused(i64),
}

struct Case {
    name: String,
    receiver: Receiver,
    fate: Fate,
    /// The least wait between two tries that the receiver asks for, in milliseconds.
    asks: i64,
    webhook: String,
    events: BTreeSet<String>,
}

impl Case {
    fn new(name: &str, receiver: Receiver, fate: Fate) -> Self {
        let (webhook, events) = (String::new(), BTreeSet::new());
        Self { name: name.to_owned(), receiver, fate, asks: 0, webhook, events }
    }

    /// Fails so often in this manner, then takes.
    fn late(name: &str, failures: usize, manner: Manner) -> Self {
        let decides = move |_: &Heard, times| if times > failures { Manner::says(FINE) } else { manner.clone() };
        Self::new(name, Receiver::that(decides), Fate::TakenAt(failures + 1))
    }

    fn has_met(&self, log: &[DeliveryRecord]) -> bool {
        log.iter().all(|record| match self.fate {
            Fate::TakenAt(_) => record.state == "delivered",
            Fate::Unheard(_) => !record.tries.is_empty(),
            Fate::Refused(_) => record.state == "failed",
        })
    }

    fn check(&self, log: &[DeliveryRecord]) {
        let name = &self.name;
        let posted: BTreeSet<String> = log.iter().map(|record| record.id.clone()).collect();
        assert_eq!(posted, self.events, "{name}: as many deliveries as events");
        let heard: BTreeSet<String> = self.receiver.heard().iter().map(|heard| heard.id().to_owned()).collect();
        for record in log {
            match self.fate {
                Fate::TakenAt(place) => {
                    assert_eq!(record.tries.len(), place, "{name}: {record:#?}");
                    assert!(heard.contains(&record.id), "{name}");
                }
                Fate::Unheard(fault) => {
                    let all = record.tries.iter().all(|tried| tried.fault.as_deref() == Some(fault));
                    assert!(all && heard.is_empty(), "{name}: {record:#?}");
                }
                Fate::Refused(status) => {
                    assert_eq!((record.tries.len(), record.tries[0].status), (1, Some(status)), "{name}");
                }
            }
            for (place, pair) in record.tries.windows(2).enumerate() {
                let waited = (pair[1].at - pair[0].at).num_milliseconds();
                let least = (WAITS[place] * 4 / 5).max(self.asks);
                assert!(waited >= least, "{name}: try {} after {waited} ms, not {least}", place + 2);
            }
        }
    }
}

#[test]
fn f12_receivers_that_are_down_slow_lying_or_others_get_what_they_can_take() {
    let mut chance = Chance::new(chance::seed());
    // Longer than most wait; the long size is as long as may be waited (15 s, less the way).
    let slow = Duration::from_secs(if chance::long() { 14 } else { 11 });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let authority = Authority::in_folder(folder.path());
    let trap = Receiver::start();
    let down = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();

    let mut failures = || 1 + usize::try_from(chance.below(3)).expect("few");
    let status = |line: &str| Manner::Says(format!("{line}\r\n"));
    let away = |to: &str| Manner::Says(format!("302 Found\r\nLocation: {to}\r\n"));
    let asking = |seconds: &str| Manner::Says(format!("429 Too Many Requests\r\nRetry-After: {seconds}\r\n"));
    let mut cases = vec![
        Case::late("500", failures(), status("500 Internal Server Error")),
        Case::late("408", failures(), status("408 Request Timeout")),
        Case { asks: 2_000, ..Case::late("429, Retry-After 2", 1, asking("2")) },
        Case { asks: 2_000, ..Case::late("429, Retry-After 10^9", 1, asking("1000000000")) },
        Case::late("302 to a neighbour", failures(), away(&trap.url())),
        Case::late(
            "307 to the metadata of a cloud",
            failures(),
            Manner::Says("307 Temporary Redirect\r\nLocation: http://169.254.169.254/latest/\r\n".into()),
        ),
        Case::late("hangs up", failures(), Manner::HangsUp),
        Case::late("endless body", 0, Manner::says(FINE)),
        Case::late("answers late", 0, Manner::says(FINE)),
        Case::new("400", Receiver::that(|_, _| Manner::says("400 Bad Request")), Fate::Refused(400)),
        Case::new("410", Receiver::that(|_, _| Manner::says("410 Gone")), Fate::Refused(410)),
        Case::new("TLS, our authority", Receiver::with(&authority.certificate("IP:127.0.0.1")), Fate::TakenAt(1)),
        Case::new(
            "TLS, another's name",
            Receiver::with(&authority.certificate("DNS:khac.tinh.vn")),
            Fate::Unheard("certificate"),
        ),
        Case::new("TLS, self-signed", Receiver::with(&authority.self_signed()), Fate::Unheard("certificate")),
    ];
    for case in &mut cases {
        match case.name.as_str() {
            "endless body" => case.receiver = Receiver::that(|_, _| Manner::Endless),
            "answers late" => case.receiver = Receiver::that(move |_, _| Manner::Waits(slow, format!("{FINE}\r\n"))),
            _ => {}
        }
    }
    let [silent, dripping, quick] = [
        Receiver::that(|_, _| Manner::Silent),
        Receiver::that(|_, _| Manner::Drips(Duration::from_millis(500))),
        Receiver::start(),
    ];
    let others = [silent.port, dripping.port, quick.port, trap.port, down];
    let ports: Vec<u16> = cases.iter().map(|case| case.receiver.port).chain(others).collect();
    let listed = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let file = authority.file();
    let service = Service::start_on(
        &folder.path().join("data"),
        &[
            &["--work", "false", "--webhook-lab", "true", "--webhook-ports", &listed],
            &["--webhook-schedule", SCHEDULE, "--webhook-ca", file.to_str().expect("text")][..],
        ]
        .concat(),
    );
    let desk = Desk::beside(service.data(), ports);

    // Two hold all the calls that they may have, then the others' events come.
    let held: Vec<(String, &Receiver)> =
        [("im-lang", &silent), ("nho-giot", &dripping)].map(|(name, it)| (desk.add(name, &it.url()), it)).into();
    for (webhook, _) in &held {
        (0..8).for_each(|_| drop(desk.trial(webhook)));
    }
    until(PATIENCE, "their calls hang", || held.iter().all(|(_, receiver)| receiver.calls() == 4));
    let served = desk.add("nhanh", &quick.url());
    for (number, case) in cases.iter_mut().enumerate() {
        case.webhook = desk.add(&format!("don-vi-{number}"), &case.receiver.url());
        let events = if matches!(case.fate, Fate::Refused(410)) { 1 } else { 1 + chance.below(3) };
        case.events = (0..events).map(|_| desk.trial(&case.webhook)).collect();
    }
    let lost = desk.add("vang", &format!("http://127.0.0.1:{down}/hook"));
    (0..2).for_each(|_| drop(desk.trial(&lost)));
    (0..20).for_each(|_| drop(desk.trial(&served)));
    until(PATIENCE, "the quick one has its events", || quick.calls() == 20);
    let still = held.iter().all(|(webhook, receiver)| {
        receiver.calls() == 4 && desk.log(webhook).iter().all(|record| record.tries.is_empty())
    });
    assert!(still, "served while the others hang, not after");

    let [first, last] = [quick.heard()[0].at, quick.heard()[19].at];
    println!("20 events to the quick one within {:.1?}, while 8 calls to others hang", last.duration_since(first));

    // Nobody is at home, twice for each event; then somebody is.
    let tried = |webhook: &str| desk.log(webhook).iter().map(|record| record.tries.len()).min().unwrap_or(0);
    until(PATIENCE, "tried in vain", || tried(&lost) >= 2);
    let back = Receiver::at(down);
    until(PATIENCE, "delivered once it is back", || desk.log(&lost).iter().all(|record| record.state == "delivered"));
    let ids: BTreeSet<String> = back.heard().iter().map(|heard| heard.id().to_owned()).collect();
    assert_eq!(ids, desk.log(&lost).iter().map(|record| record.id.clone()).collect());
    let first = desk.log(&lost)[0].tries[0].clone();
    assert_eq!((first.status, first.fault.as_deref()), (None, Some("no-connection")));

    for case in &cases {
        until(PATIENCE, &case.name, || case.has_met(&desk.log(&case.webhook)));
    }
    println!("| receiver | events | tries of each | calls | last fault |");
    for case in &cases {
        let log = desk.log(&case.webhook);
        let tries: Vec<usize> = log.iter().map(|record| record.tries.len()).collect();
        let last = log[0].tries.last().and_then(|tried| tried.fault.clone()).unwrap_or_else(|| "-".into());
        println!("| {} | {} | {tries:?} | {} | {last} |", case.name, case.events.len(), case.receiver.calls());
        case.check(&log);
        let gone = desk.show(&case.webhook).disabled_why;
        assert_eq!(gone.as_deref(), matches!(case.fate, Fate::Refused(410)).then_some("gone"), "{}", case.name);
    }
    assert_eq!(trap.connections(), 0, "no redirect is followed");
    let endless = cases.iter().find(|case| case.name == "endless body").expect("there");
    let (each, events) = (endless.receiver.written() / endless.events.len() as u64, endless.events.len());
    println!("of a body without an end {each} bytes were taken or lay in buffers, in each of {events} calls");
    assert!(each < 32 << 20);
    if chance::long() {
        for (webhook, _) in &held {
            until(PATIENCE, "the calls that hang are given up", || {
                desk.log(webhook).iter().filter(|record| !record.tries.is_empty()).count() >= 4
            });
            let log = desk.log(webhook);
            let faults: BTreeSet<_> =
                log.iter().flat_map(|record| &record.tries).map(|tried| tried.fault.as_deref()).collect();
            assert_eq!(faults, BTreeSet::from([Some("no-answer-in-time")]));
        }
    }
    let said = service.process.said();
    assert!(!said.contains("/hook") && !said.contains("whsec_"), "an address or a secret in the log");
}
