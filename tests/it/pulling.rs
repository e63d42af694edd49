//! Figures that are read from a system of the province: through the guard, by the declared map, with faults named there.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::blocking::Response;
use serde_json::{Value, json};

use super::support::programs::{Outcome, Service, json, run_in};

/// A system of the province: it has figures of `k6`, wrong ones of `k7`, and nothing of others.
struct Source {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Source {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let source = Self { port: listener.local_addr().expect("bound").port(), asked: Arc::default() };
        let asked = Arc::clone(&source.asked);
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
