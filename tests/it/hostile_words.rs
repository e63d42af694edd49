//! Words that mean something to a program, wherever a word is taken: they stay words, or are refused by name.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::blocking::Response;
use serde_json::{Value, json};
use tdkt_reports::catalog::{Catalog, TemplateFiles};

use super::support::{
    chance::{self, Chance},
    contract::{checked, document},
    papers::{self, WORKSHOP, manuscript_of},
    programs::{self, Outcome, Service, run},
    sowing::Field,
};

/// For Typst, Jinja, HTML, headers, paths, SQL, spreadsheets, shells, terminals, and for whoever reads.
const WORDS: [&str; 40] = [
    "#read(\"/etc/passwd\")",
    "#import \"@preview/x:1.0.0\": *",
    "$x^2$ ]#[",
    "{{ 7 * 7 }}",
    "{% include 'x' %}",
    "{# x #}",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "&lt;b&gt; &#0;",
    "x\r\nX-Injected: 1",
    "x\n\nX-Injected: 1",
    "../../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "C:\\x",
    "\\\\host\\share",
    "CON",
    "NUL.pdf",
    "a\u{0}b",
    "' OR '1'='1",
    "1; DROP TABLE job--",
    "x' UNION SELECT secret_sha256 FROM api_key--",
    "=HYPERLINK(\"http://x\")",
    "@SUM(1)",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "%s%n%x",
    "${jndi:ldap://x}",
    "$(id) `id`",
    "\u{1b}[31mred",
    "a\u{202e}fdp",
    "a\u{200b}b",
    "\u{feff}a",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "Nguye\u{302}\u{303}n",
    "\u{e000}",
    "\u{10ffff}",
    "🧨",
    "(a+)+$",
    "*",
];

/// Words that each parameter is tried with; `TDKT_LONG=1` tries all.
const TRIED: usize = 5;

fn encoded(word: &str) -> String {
    utf8_percent_encode(word, NON_ALPHANUMERIC).to_string()
}

/// What is not so of any answer.
fn harmless(named: &str, answer: Response) -> u16 {
    let status = answer.status().as_u16();
    assert!(status < 500, "{named}: {status}");
    assert!(!answer.headers().contains_key("x-injected"), "{named}: a header was put in");
    let is_page = answer.headers().get("content-type").is_some_and(|media| media.as_bytes().starts_with(b"text/html"));
    let body = answer.bytes().expect("a body");
    let body = String::from_utf8_lossy(&body);
    let lives = ["<script>alert", "<img src=x", "root:x:0"].into_iter().find(|sign| is_page && body.contains(sign));
    assert!(lives.is_none() && !body.contains("root:x:0"), "{named}: {lives:?}");
    status
}

#[test]
fn every_parameter_of_every_operation_takes_a_word_for_a_word() {
    let service = Service::start(&["--work", "false", "--max-waiting", "1000000"]);
    let mut chance = Chance::new(chance::seed());
    let mut asked = 0;
    for (path, methods) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            for parameter in operation["parameters"].as_array().expect("a list") {
                let words: Vec<&str> =
                    if chance::long() { WORDS.to_vec() } else { (0..TRIED).map(|_| *chance.pick(&WORDS)).collect() };
                for word in words {
                    asked += usize::from(ask(&service, (method, path), parameter, word));
                }
            }
        }
    }
    assert!(asked > 400, "{asked} requests");
    let said = service.process.said();
    assert!(!said.contains(" ERROR ") && !said.contains("panicked"), "{said}");
}

/// One request with the word in one parameter; false where HTTP itself has no room for it.
fn ask(service: &Service, (method, path): (&str, &str), parameter: &Value, word: &str) -> bool {
    let (name, place) = (parameter["name"].as_str().expect("a name"), parameter["in"].as_str().expect("a place"));
    let named = format!("{method} {path} {name}={word:?}");
    let mut address = path.to_owned();
    if place == "path" {
        address = address.replace(&format!("{{{name}}}"), &encoded(word));
    }
    // Others are what nobody has.
    while let Some((before, rest)) = address.split_once('{') {
        let after = rest.split_once('}').expect("closed").1;
        address = format!("{before}none{after}");
    }
    let mut query: Vec<String> = (place == "query").then(|| format!("{name}={}", encoded(word))).into_iter().collect();
    if path == "/v1/events" && name != "follow" {
        query.push("follow=false".to_owned());
    }
    if !query.is_empty() {
        address = format!("{address}?{}", query.join("&"));
    }
    let mut request = service.request(&method.to_uppercase(), &address);
    if place == "header" {
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(word.as_bytes()) else { return false };
        request = request.header(name, value);
    }
    let takes = document()["paths"][path][method]["requestBody"]["content"].as_object();
    if let Some(media_type) = takes.and_then(|takes| takes.keys().next()) {
        request = request.header("content-type", media_type).body("{}");
    }
    let answer = request.send().unwrap_or_else(|error| panic!("{named}: {error}"));
    let answer = checked(&method.to_uppercase(), &address, answer);
    harmless(&named, answer);
    true
}

fn command(service: &Service, arguments: &[&str]) -> Outcome {
    run(&[arguments, &["--data", service.data().to_str().expect("text")]].concat())
}

/// What lists show is on one line, and a terminal is told nothing else.
fn one_line_each(listed: &Outcome, rows: usize) {
    assert_eq!(listed.text().lines().count(), rows, "{:?}", listed.text());
    let hidden = |c: char| c != '\n' && c != '\t' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(!listed.text().contains(hidden), "{:?}", listed.text());
}

#[test]
fn names_that_operators_give_are_shown_as_they_are_or_refused() {
    let service = Service::start(&["--work", "false"]);
    let (mut organisations, mut refused) = (Vec::new(), 0);
    for (number, word) in WORDS.into_iter().filter(|word| !word.contains('\0')).enumerate() {
        let id = format!("o{number}");
        let added = command(&service, &["organisations", "add", &id, &format!("--name={word}")]);
        let data = service.data().to_str().expect("text");
        let key = run(&["keys", "create", "--organisation", &id, "--data", data, "--", word]);
        match added.code {
            Some(0) => organisations.push((id, word)),
            _ => {
                refused += 1;
                assert!(added.err.contains("lỗi:"), "{word:?}: {}", added.err);
            }
        }
        assert_eq!(added.code == Some(0), key.code == Some(0), "{word:?}: {}", key.err);
        // The name alone decides, not that the organisation is not there.
        let here = run(&["keys", "create", "--data", data, "--", word]);
        assert_eq!(added.code == Some(0), here.code == Some(0), "{word:?}: {}", here.err);
    }
    assert!(organisations.len() > 20 && refused > 5, "{} and {refused}", organisations.len());
    let listed: Value =
        serde_json::from_str(command(&service, &["organisations", "list", "--json"]).text()).expect("JSON");
    for (id, word) in &organisations {
        let shown = listed.as_array().expect("a list").iter().find(|one| one["id"] == *id);
        assert_eq!(shown.expect("listed")["name"], *word);
    }
    one_line_each(&command(&service, &["organisations", "list"]), organisations.len() + 1);
    one_line_each(&command(&service, &["keys", "list"]), 2 * organisations.len());
}

#[test]
fn names_in_the_register_and_addresses_of_webhooks_stay_what_they_are() {
    let service = Service::start(&["--work", "false"]);
    let (mut kept, mut refused) = (0, 0);
    for (number, word) in WORDS.into_iter().enumerate() {
        let path = format!("/v1/register/blocs/k{number}");
        let body = json!({"name": word, "form": "bloc", "aliases": [word]}).to_string();
        let write = service.request("PUT", &path).header("content-type", "application/json");
        let answer = write.header("if-none-match", "*").body(body).send().expect("an answer");
        let answer = checked("PUT", &path, answer);
        match answer.status().as_u16() {
            201 => {
                kept += 1;
                let shown = programs::json(service.get(&path));
                let expected = tdkt_reports::vietnamese::nfc(word).replace("\r\n", "\n");
                assert_eq!(shown["body"]["name"], expected, "{word:?}");
            }
            422 => {
                refused += 1;
                let told = programs::json(answer);
                let places = told["errors"].as_array().expect("a list").iter().map(|error| &error["pointer"]);
                assert!(places.into_iter().any(|place| place == "/name"), "{word:?}: {told:#}");
            }
            other => panic!("{word:?}: {other}"),
        }
        for url in [word.to_owned(), format!("https://vi-du.gov.vn/{word}"), format!("https://{word}/")] {
            let answer = service.post("/v1/webhooks", json!({"url": url}).to_string());
            assert!([201, 400, 409, 422].contains(&answer.status().as_u16()), "{url:?}: {}", answer.status());
            if answer.status() == 201 {
                let made = programs::json(answer);
                let shown = made["url"].as_str().expect("an address");
                assert!(
                    shown.starts_with("https://") && !shown.contains(['\r', '\n', '\0', '<']),
                    "{url:?}: {shown:?}"
                );
                let at = format!("/v1/webhooks/{}", made["id"].as_str().expect("an id"));
                assert_eq!(service.request("DELETE", &at).send().expect("an answer").status(), 204);
            }
        }
    }
    assert!(kept > 20 && refused > 5, "{kept} and {refused}");
}

/// Characters that no paper may hold are refused in every text, with their place and their number.
#[test]
fn what_is_not_seen_is_refused_by_place_and_number_in_every_kind() {
    const HIDDEN: [(&str, &str); 12] = [
        ("\u{0}", "U+0000"),
        ("\u{7}", "U+0007"),
        ("\u{1b}", "U+001B"),
        ("\u{ad}", "U+00AD"),
        ("\u{200b}", "U+200B"),
        ("\u{200e}", "U+200E"),
        ("\u{202e}", "U+202E"),
        ("\u{2066}", "U+2066"),
        ("\u{feff}", "U+FEFF"),
        ("\u{e000}", "U+E000"),
        ("\u{ffff}", "U+FFFF"),
        ("x\u{301}\u{301}", "U+0301"),
    ];
    let mut chance = Chance::new(chance::seed());
    let catalog = Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder");
    for (number, kind) in catalog.kinds().map(|kind| kind.manifest.kind.as_str()).enumerate() {
        let sample = papers::sample_of(kind, "simple");
        let free: Vec<String> = texts(&sample, Field::of(kind, "Qk").sown("Qk"));
        assert!(free.len() > 5, "{kind}: {} texts", free.len());
        // Each character in a third of the kinds.
        let tried = HIDDEN.iter().enumerate().filter(|(place, _)| chance::long() || (place + number) % 3 == 0);
        for (_, (hidden, number)) in tried {
            let pointer = chance.pick(&free);
            let mut request = sample.clone();
            let text = request.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
            *request.pointer_mut(pointer).expect("there") = format!("{text} a{hidden}").into();
            let refused = WORKSHOP.check(request.to_string().as_bytes(), tdkt_reports::intake::Treatment::AsSent);
            let findings = refused.err().unwrap_or_else(|| panic!("{kind} {pointer} {number} is taken")).findings;
            let told = findings
                .iter()
                .any(|finding| finding.pointers.contains(pointer) && format!("{finding:?}").contains(number));
            assert!(told, "{kind} {pointer} {number}: {findings:#?}");
        }
    }
    // A half of a pair is no character at all.
    let half = papers::sample("minimal").replacen("\"place\":", "\"place\": \"\\ud800\", \"other\":", 1);
    assert!(WORKSHOP.check(half.as_bytes(), tdkt_reports::intake::Treatment::AsSent).is_err());
}

/// Places of texts that differ between two values of one shape.
fn texts(before: &Value, after: Value) -> Vec<String> {
    let mut found = Vec::new();
    tdkt_reports::vietnamese::visit_strings(before, &mut |pointer, text| {
        if after.pointer(pointer).and_then(Value::as_str) != Some(text) {
            found.push(pointer.to_owned());
        }
    });
    found
}

/// Names under which papers are downloaded, and names in dossiers, are no paths and no devices.
#[test]
fn file_names_are_plain_whatever_the_request_says() {
    const PATHS: [&str; 2] = ["../../etc/passwd C:\\x|y ~/.ssh/*?", "..\\..\\x NUL.pdf <a> \"; filename=x.exe; a=\""];
    let catalog = Catalog::load(&TemplateFiles::embedded()).expect("the shipped folder");
    for kind in catalog.kinds() {
        let name = &kind.manifest.kind;
        for word in PATHS {
            let manuscript = manuscript_of(&Field::of(name, word).sown(word));
            let file = WORKSHOP.file_name(&manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
            let plain = |c: char| !c.is_control() && !"/\\:*?\"<>|".contains(c);
            assert!(file.chars().all(plain) && !file.starts_with('.') && !file.is_empty(), "{name} {word}: {file:?}");
            assert!(file.len() <= 255, "{name} {word}: {file:?}");
        }
    }
}
