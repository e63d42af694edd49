//! `batch --server` against a service that answers as the test says: what the command makes of it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::support::programs::{Outcome, run_in};

/// Status and body by path.
type Says = dyn Fn(&str) -> (u16, Value) + Send + Sync;

/// A service with a tongue and no hands; it remembers under which keys it was asked.
struct Tongue {
    port: u16,
    keys: Arc<Mutex<Vec<String>>>,
}

impl Tongue {
    fn that(says: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let it = Self { port: listener.local_addr().expect("bound").port(), keys: Arc::default() };
        let (keys, says): (_, Arc<Says>) = (Arc::clone(&it.keys), Arc::new(says));
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(&mut stream);
                let (mut path, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                        break;
                    }
                    if path.is_empty() {
                        path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    }
                    if let Some(number) = line.strip_prefix("content-length: ") {
                        length = number.trim().parse().expect("a number");
                    }
                    if let Some(key) = line.strip_prefix("idempotency-key: ") {
                        keys.lock().expect("not poisoned").push(key.trim().to_owned());
                    }
                }
                let mut body = vec![0; length];
                let _broken_off = reader.read_exact(&mut body);
                let (status, answer) = says(&path);
                let answer = answer.to_string();
                let head =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
                let _gone = stream.write_all((head + &answer).as_bytes());
            }
        });
        it
    }

    fn close(&self, folder: &Path, arguments: &[&str]) -> Outcome {
        let server = format!("http://127.0.0.1:{}", self.port);
        let mut all = vec!["batch", "--server", &server, "--period", "2026", "--out", "out"];
        all.extend_from_slice(arguments);
        run_in(folder, &all, b"")
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().expect("not poisoned").clone()
    }
}

/// A batch of one paper that has ended.
fn batch(left_out: &Value) -> Value {
    json!({"id": "b", "parts": 1, "ended": 1, "counts": {"succeeded": 1}, "left_out": left_out, "missing": [],
        "kinds": {"annual-summary": {"parts": 1, "kept": 0, "succeeded": 1, "failed": 0}}})
}

/// Accepts a batch, tells these differences, and gives any file.
fn told(left_out: Value, differences: (u16, Value)) -> Tongue {
    Tongue::that(move |path| match path {
        "/v1/batches" => (202, batch(&left_out)),
        "/v1/batches/b/differences" => differences.clone(),
        _ => (200, json!({})),
    })
}

#[test]
fn whoever_did_not_hear_the_answer_asks_again_under_the_same_key() {
    let folder = tempfile::tempdir().expect("a folder");
    for status in [502, 503, 409] {
        let service = Tongue::that(move |_| (status, json!({"title": "x"})));
        let first = service.close(folder.path(), &[]);
        assert_ne!(first.code, Some(0), "{}", first.err);
        service.close(folder.path(), &[]);
        let keys = service.keys();
        assert_eq!((keys.len(), &keys[0]), (2, &keys[1]), "{status}");
    }
}

#[test]
fn a_batch_of_which_a_paper_was_erased_is_not_asked_for_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = Tongue::that(|path| match path {
        "/v1/batches" => (202, batch(&json!([]))),
        _ => (410, json!({"title": "erased"})),
    });
    let first = service.close(folder.path(), &[]);
    assert_eq!(first.code, Some(1), "{}", first.err);
    assert!(first.err.contains("đã bị xóa"), "{}", first.err);
    service.close(folder.path(), &[]);
    let keys = service.keys();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1], "the second command begins a batch of its own");
}

#[test]
fn differences_say_what_is_new_gone_and_by_how_much() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = json!({"at": "/content/a", "title": "Số lượng", "old": 1200, "new": 1250});
    let list = json!({"at": "/content/b", "title": null, "old": null, "new": [1, 2]});
    let papers = json!([
        {"file": "a.pdf", "title": "Văn bản A", "change": "new"},
        {"file": "b.pdf", "title": "Văn bản B", "change": "gone"},
        {"file": "c.pdf", "title": "Văn bản C", "change": "different", "places": [place, list]},
    ]);
    let seen = |answer: (u16, Value)| {
        let closed = told(json!([]), answer).close(folder.path(), &["--diff"]);
        assert_eq!(closed.code, Some(0), "{}", closed.err);
        closed
    };
    let closed = seen((200, json!({"previous": "p", "papers": papers})));
    let text = closed.text();
    for line in [
        "Văn bản A (a.pdf) – mới\n",
        "Văn bản B (b.pdf) – không còn\n",
        "Văn bản C (c.pdf)\n",
        "  /content/a  Số lượng: 1.200 → 1.250 (+50)\n",
        "  /content/b  : (không có) → 2 mục\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let closed = seen((200, json!({"previous": "p", "papers": []})));
    assert!(closed.text().contains("không có văn bản nào thay đổi số liệu"), "{}", closed.text());
    let closed = seen((200, json!({"previous": null, "papers": []})));
    assert!(closed.text().contains("không có lô trước"), "{}", closed.text());
    // What cannot be compared is not the same.
    let closed = seen((410, json!({"title": "erased"})));
    assert!(closed.err.contains("Không so sánh được"), "{}", closed.err);
    assert!(!closed.text().contains("Khác với lô trước"), "{}", closed.text());
}

#[test]
fn what_is_wrong_with_a_paper_that_is_left_out_is_said_while_it_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = json!([{"paper": "k1/01", "code": "invalid-document", "message_vi": "Dữ liệu có lỗi.", "findings": [
        {"code": "D07", "severity": "error", "pointers": ["/content/x"], "message_vi": "Tổng không khớp.",
            "message_en": "x", "found": "7", "expected": "8"}]}]);
    let closed = told(whole, (200, json!({}))).close(folder.path(), &["--accept-partial"]);
    assert_eq!(closed.code, Some(4), "{}", closed.err);
    for words in ["k1/01: Dữ liệu có lỗi.\n", "lỗi [D07] /content/x: Tổng không khớp.\n", "đang ghi: 7\n"]
    {
        assert!(closed.err.contains(words), "{words}{}", closed.err);
    }
    let kept = json!([{"paper": "k1/01", "code": "invalid-document", "findings": [{"code": "D07", "pointers": ["/content/x"]}]}]);
    let closed = told(kept, (200, json!({}))).close(folder.path(), &["--accept-partial"]);
    for words in ["k1/01: invalid-document\n", "  [D07] /content/x\n"] {
        assert!(closed.err.contains(words), "{words}{}", closed.err);
    }
}
