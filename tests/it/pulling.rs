//! Figures that are read from a system of the province: through the guard, by the declared map, with faults named there.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::blocking::Response;
use serde_json::{Value, json};

use super::support::programs::{Outcome, Service, json, run_in, until};

/// A system of the province: it has figures of `k6`, wrong ones of `k7`, and nothing of others.
struct Source {
    port: u16,
    asked: Arc<AtomicUsize>,
    /// Whoever has it keeps the source from answering.
    gate: Arc<Mutex<()>>,
}

impl Source {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let source =
            Self { port: listener.local_addr().expect("bound").port(), asked: Arc::default(), gate: Arc::default() };
        let (asked, gate) = (Arc::clone(&source.asked), Arc::clone(&source.gate));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                asked.fetch_add(1, Ordering::SeqCst);
                let mut head = Vec::new();
                let mut piece = [0; 1024];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut piece) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => head.extend_from_slice(&piece[..read]),
                    }
                }
                let head = String::from_utf8_lossy(&head);
                let path = head.split(' ').nth(1).unwrap_or_default();
                let (status, body) = match path {
                    "/so-lieu/k6/2026-H1" => ("200 OK", said("Khối Nội chính", 12)),
                    "/so-lieu/k7/2026-H1" => ("200 OK", said("Khối thi đua số 7", -3)),
                    "/so-lieu/k6/2025-H1" => ("200 OK", json!({"l": vec![1; 1_000]}).to_string()),
                    _ => ("404 Not Found", "{}".to_owned()),
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _open = gate.lock().expect("not poisoned");
                let _gone = stream.write_all(answer.as_bytes());
            }
        });
        source
    }

    fn entry(&self) -> Value {
        json!({
            "url": format!("http://127.0.0.1:{}/so-lieu/{{bloc}}/{{period}}", self.port),
            "map": {
                "bloc": {"name": {"$from": "/ten_khoi"}, "form": "bloc"},
                "period": {"year": {"$from": "/nam"}, "part": "first-half"},
                "commendations": {"$each": "/khen", "make": {
                    "form": {"$item": "/loai"}, "honoree": "collective", "count": {"$item": "/so"}}},
            },
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn said(name: &str, count: i64) -> String {
    json!({"ten_khoi": name, "nam": 2026, "khen": [{"loai": "Giấy khen", "so": 5}, {"loai": "Bằng khen", "so": count}]})
        .to_string()
}

fn put(service: &Service, path: &str, body: &Value) -> Response {
    let request = service.request("PUT", path).header("content-type", "application/json").header("if-none-match", "*");
    request.body(body.to_string()).send().expect("an answer")
}

fn pull(service: &Service, asked: &Value) -> Vec<Value> {
    let response = service.post("/v1/sources/tinh:pull", asked.to_string());
    let (status, answer) = (response.status(), json(response));
    assert_eq!(status, 200, "{answer:#}");
    answer["data"].as_array().expect("a list").clone()
}

fn command(service: &Service, port: &str, arguments: &[&str]) -> Outcome {
    let data = service.data().to_str().expect("UTF-8");
    let mut all = arguments.to_vec();
    all.extend_from_slice(&["--data", data, "--webhook-lab", "true", "--webhook-ports", port]);
    run_in(service.data(), &all, b"")
}

#[test]
fn figures_are_read_through_the_guard_and_kept_with_where_they_come_from() {
    let source = Source::open();
    let port = source.port.to_string();
    let service = Service::start(&["--work", "false", "--webhook-lab", "true", "--webhook-ports", &port]);
    let bloc = |name: &str, alias: &str| json!({"name": name, "aliases": [alias], "form": "bloc"});
    for (id, name, alias) in
        [("k6", "Khối thi đua số 6", "Khối Nội chính"), ("k7", "Khối thi đua số 7", "Khối Tư pháp")]
    {
        assert_eq!(put(&service, &format!("/v1/register/blocs/{id}"), &bloc(name, alias)).status(), 201);
    }
    let wrong = json!({"url": format!("http://a:b@127.0.0.1:{port}/{{bloc}}"), "map": {"bloc": {"$lua": "x"}}});
    let told = put(&service, "/v1/sources/tinh", &wrong);
    assert_eq!(told.status(), 422);
    let told = json(told);
    let places: Vec<&Value> = told["errors"].as_array().expect("a list").iter().map(|one| &one["pointer"]).collect();
    assert_eq!(places, ["/url", "/map"], "{told:#}");
    assert_eq!(put(&service, "/v1/sources/tinh", &source.entry()).status(), 201);

    // A network that was not opened for the organisation is not called.
    let asked = json!({"period": "2026-H1"});
    let shut = pull(&service, &asked);
    assert_eq!(shut.len(), 2, "{shut:?}");
    for one in &shut {
        assert_eq!((&one["outcome"], &one["failure"]["code"]), (&json!("refused"), &json!("source-unavailable")));
    }
    assert_eq!(source.asked(), 0, "connections");
    let opened = command(&service, &port, &["webhooks", "reach", "local", "127.0.0.0/8"]);
    assert_eq!(opened.code, Some(0), "{}", opened.err);

    let pulled = pull(&service, &asked);
    assert_eq!(
        (&pulled[0]["bloc"], &pulled[0]["outcome"], &pulled[0]["version"]),
        (&json!("k6"), &json!("kept"), &json!(1))
    );
    let kept = json(service.get("/v1/blocs/k6/submissions/2026-H1"));
    assert_eq!(kept["content"]["commendations"][1], json!({"form": "Bằng khen", "honoree": "collective", "count": 12}));
    assert_eq!((&kept["origin"], &kept["sent_by"]), (&json!({"source": "tinh", "version": 1}), &json!("http")));
    // What is wrong is told of the place in what the source said, and keeps no other bloc back.
    assert_eq!(pulled[1]["outcome"], "refused", "{:#}", pulled[1]);
    let findings = pulled[1]["failure"]["findings"].as_array().expect("a list");
    assert!(findings.iter().any(|finding| finding["pointers"][0] == "/khen/1/so"), "{findings:#?}");
    assert_eq!(service.get("/v1/blocs/k7/submissions/2026-H1").status(), 404);
    let stranger = service.post("/v1/sources/tinh:pull", json!({"period": "2026-H1", "blocs": ["la"]}).to_string());
    assert_eq!(json(stranger)["errors"][0]["pointer"], "/blocs/0");

    // Once more: nothing new there. The command does the same.
    let again = pull(&service, &json!({"period": "2026-H1", "blocs": ["k6"]}));
    assert_eq!((again.len(), &again[0]["outcome"]), (1, &json!("unchanged")));
    let same = command(&service, &port, &["register", "pull", "tinh", "2026-H1", "--bloc", "k6"]);
    assert_eq!((same.code, same.text()), (Some(0), "k6\tkhông có gì thay đổi\n"), "{}", same.err);
    let partly = command(&service, &port, &["register", "pull", "tinh", "2026-H1"]);
    assert_eq!(partly.code, Some(1), "{}", partly.err);
    assert!(partly.err.contains("/khen/1/so"), "{}", partly.err);
    // A period without figures there: the source's 404 is no figure.
    let none = pull(&service, &json!({"period": "2026-H2", "blocs": ["k6"]}));
    assert_eq!(none[0]["failure"]["code"], "source-unavailable");

    // A map that multiplies what the source says, and one that finds nothing where an item points.
    let each = |make: Value| json!({"$each": "/l", "make": make});
    let mut multiplying = source.entry();
    multiplying["map"] = json!({"a": each(each(each(each(json!({"$item": ""})))))});
    assert_eq!(put(&service, "/v1/sources/nhan", &multiplying).status(), 201);
    let mut lost = source.entry();
    lost["map"]["notes"] = json!({"$each": "/khen", "make": {"$find": "/bang", "at": "/so", "take": "/ten"}});
    assert_eq!(put(&service, "/v1/sources/lac", &lost).status(), 201);
    for (source, period, code, place) in
        [("nhan", "2025-H1", "register-source", json!("")), ("lac", "2026-H1", "H02", json!("/khen/0/so"))]
    {
        let asked = json!({"period": period, "blocs": ["k6"]});
        let told = json(service.post(&format!("/v1/sources/{source}:pull"), asked.to_string()));
        let failure = &told["data"][0]["failure"];
        assert_eq!(failure["code"], "invalid-document", "{told:#}");
        let findings = failure["findings"].as_array().expect("a list");
        let found = findings.iter().find(|finding| finding["code"] == code);
        assert_eq!(found.unwrap_or_else(|| panic!("{told:#}"))["pointers"][0], place, "{told:#}");
    }

    // A schedule that lacks its source is told so.
    let lacking = json!({"cron": "0 6 * * *", "action": "pull", "period": "2026-H1"});
    let told = json(put(&service, "/v1/schedules/doc", &lacking));
    assert_eq!(told["errors"][0]["pointer"], "/source", "{told:#}");
    let mut whole = lacking;
    whole["source"] = json!("tinh");
    assert_eq!(put(&service, "/v1/schedules/doc", &whole).status(), 201);
}

/// As if time had passed: what the ledger of a service that is off says, written over.
fn as_if(data: &Path, statement: &'static str) {
    sqlx::any::install_default_drivers();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let place = format!("sqlite:{}", data.join("ledger.sqlite").display());
        let pool = sqlx::AnyPool::connect(&place).await.expect("the ledger");
        assert!(sqlx::query(statement).execute(&pool).await.expect("written").rows_affected() > 0, "{statement}");
        pool.close().await;
    });
}

#[test]
fn a_running_service_pulls_and_closes_at_its_times_and_reads_again_what_a_kill_cut_off() {
    const PATIENCE: Duration = Duration::from_secs(20);
    let source = Source::open();
    let port = source.port.to_string();
    let arguments = ["--work", "false", "--webhook-lab", "true", "--webhook-ports", &port];
    let folder = tempfile::tempdir().expect("a folder");
    let mut service = Service::start_on(folder.path(), &arguments);
    let bloc = json!({"name": "Khối thi đua số 6", "aliases": ["Khối Nội chính"], "form": "bloc"});
    let every_minute = |action: &str, period: &str| json!({"cron": "* * * * *", "action": action, "period": period});
    let (mut pulling, mut closing) = (every_minute("pull", "2026-H1"), every_minute("close", "2025"));
    pulling["source"] = json!("tinh");
    closing["accept_missing"] = json!(true);
    for (path, body) in [
        ("/v1/register/blocs/k6", &bloc),
        ("/v1/sources/tinh", &source.entry()),
        ("/v1/schedules/doc", &pulling),
        ("/v1/schedules/chot", &closing),
    ] {
        assert_eq!(put(&service, path, body).status(), 201, "{path}");
    }
    assert_eq!(command(&service, &port, &["webhooks", "reach", "local", "127.0.0.0/8"]).code, Some(0));
    service.process.kill();
    as_if(folder.path(), "UPDATE register_entry SET written_at = written_at - 3600000 WHERE sort = 'schedule'");

    // The source does not answer; what else has come is done.
    let held = source.gate.lock().expect("not poisoned");
    let mut service = Service::start_on(folder.path(), &arguments);
    let runs = |service: &Service, schedule: &str| {
        let told = json(service.get(&format!("/v1/schedules/{schedule}/runs")));
        told["data"].as_array().expect("a list").clone()
    };
    until(PATIENCE, "the source is asked, the other period is closed", || {
        source.asked() == 1 && runs(&service, "chot").iter().any(|run| run["outcome"] == "closed")
    });
    let closed = json(service.get("/v1/periods/2025/status"));
    assert_eq!(closed["closing"]["closed_by"], "timetable", "{closed:#}");
    let begun = runs(&service, "doc");
    assert_eq!((begun.len(), &begun[0]["outcome"]), (1, &json!("pulling")), "{begun:#?}");
    service.process.kill();
    drop(held);

    // Whoever comes after reads again, when nobody has given a sign for a while.
    as_if(folder.path(), "UPDATE schedule_run SET lease_until = 0 WHERE outcome = 'pulling'");
    let service = Service::start_on(folder.path(), &arguments);
    until(PATIENCE, "it is read again", || {
        let ended = runs(&service, "doc").into_iter().find(|run| run["due_at"] == begun[0]["due_at"]);
        ended.is_some_and(|run| run["outcome"] == "pulled" && run["missing"] == json!([]))
    });
    let kept = json(service.get("/v1/blocs/k6/submissions/2026-H1"));
    assert_eq!((&kept["version"], &kept["sent_by"]), (&json!(1), &json!("timetable")), "{kept:#}");
}
