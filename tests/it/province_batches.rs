//! A province's year over HTTP: taken over from a folder, closed by a batch, corrected, and the same as the command's.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tdkt_reports::{binding, fingerprint};
use tempfile::TempDir;

use super::{
    support::{
        papers,
        programs::{Outcome, Service, json, run_command, run_in, send, tdkt, until},
    },
    text_encoding::in_tcvn3,
};

/// Blocs of the invented province; one of them sends nothing.
const BLOCS: usize = 4;

/// A folder of an invented province, and a service whose register has taken it over.
struct House {
    service: Service,
    folder: TempDir,
}

impl House {
    fn open(faulty: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let blocs = BLOCS.to_string();
        let invented = run_in(
            folder.path(),
            &[
                "province-sample",
                "a",
                "--seed",
                "11",
                "--blocs",
                &blocs,
                "--papers",
                "2",
                "--missing",
                "1",
                "--faulty",
                faulty,
            ],
            b"",
        );
        assert_eq!(invented.code, Some(0), "{}", invented.err);
        Self { service: Service::start(&[]), folder }
    }

    fn register(&self, arguments: &[&str]) -> Outcome {
        let data = self.service.data().to_str().expect("UTF-8");
        let mut all = vec!["register"];
        all.extend_from_slice(arguments);
        all.extend_from_slice(&["--data", data]);
        run_in(self.folder.path(), &all, b"")
    }

    fn take_over(&self) {
        let taken = self.register(&["import", "a"]);
        assert_eq!(taken.code, Some(0), "{}", taken.err);
    }

    /// Takes over a folder that the register gave out.
    fn takes_over_nothing_new(&self, folder: &str) {
        let again = self.register(&["import", folder]);
        assert_eq!(again.code, Some(0), "{}", again.err);
        // "Đã nhận 9 mục và số liệu 6 kỳ của các khối, cụm; 15 đã có sẵn. …"
        let numbers = again.err.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<usize>().ok());
        let numbers: Vec<usize> = numbers.collect();
        assert_eq!(numbers[0] + numbers[1], numbers[2], "{}", again.err);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn submit(&self, batch: &Value, key: Option<&str>) -> (u16, Option<String>, Value) {
        let mut request = self.service.request("POST", "/v1/batches").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.body(batch.to_string()).send().expect("an answer");
        let replayed = response.headers().get("idempotency-replayed").map(|it| it.to_str().expect("text").to_owned());
        (response.status().as_u16(), replayed, json(response))
    }

    /// The batch when it has ended.
    fn close(&self, batch: &Value) -> Value {
        let (status, _, taken) = self.submit(batch, None);
        assert_eq!(status, 202, "{taken:#}");
        let id = taken["id"].as_str().expect("an id");
        let mut seen = Value::Null;
        until(Duration::from_secs(120), "the batch ends", || {
            seen = json(self.service.get(&format!("/v1/batches/{id}")));
            seen["ended"] == seen["parts"]
        });
        assert_eq!(seen["counts"], json!({"succeeded": seen["parts"]}), "{seen:#}");
        seen
    }

    fn file(&self, batch: &Value, name: &str) -> Vec<u8> {
        let answer = self.service.get(&format!("/v1/batches/{}/{name}", batch["id"].as_str().expect("an id")));
        assert_eq!(answer.status(), 200, "{name}");
        answer.bytes().expect("a body").to_vec()
    }

    fn told(&self, batch: &Value, name: &str) -> Value {
        serde_json::from_slice(&self.file(batch, name)).expect("JSON")
    }
}

/// Every file of a province's folder, without what only the register can know.
fn files_in(folder: &Path) -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(folder).expect("there").map(|entry| entry.expect("readable").path());
    files
        .map(|path| {
            let mut value: Value = serde_json::from_slice(&std::fs::read(&path).expect("readable")).expect("JSON");
            value.as_object_mut().expect("an object").remove("submission");
            (path.file_name().expect("a name").to_string_lossy().into_owned(), value)
        })
        .collect()
}

#[test]
fn a_folder_goes_into_the_register_and_comes_out_the_same() {
    let house = House::open("0");
    house.take_over();
    let given = house.register(&["export", "b", "2026"]);
    assert_eq!(given.code, Some(0), "{}", given.err);
    let (before, after) = (files_in(&house.path("a")), files_in(&house.path("b")));
    assert_eq!(before.len(), BLOCS, "the register and a file for each bloc but one");
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (file, value) in &before {
        assert_eq!(value, &after[file], "{file}");
    }
    // What comes out goes in again, and nothing is new.
    house.takes_over_nothing_new("b");
}

#[test]
fn what_was_sent_over_http_comes_out_and_goes_in_again_as_nothing_new() {
    let house = House::open("0");
    house.take_over();
    let sent = json(house.service.get("/v1/periods/2026/submissions"));
    let bloc = sent["data"][0]["bloc"].as_str().expect("a bloc");
    let path = format!("/v1/blocs/{bloc}/submissions/2026");
    let seen = json(house.service.get(&path));
    let base = seen["etag"].as_str().expect("an etag");
    let request = house.service.request("POST", &path).header("content-type", "application/json");
    let kept = request.header("if-match", base).body(json!({"content": seen["content"]}).to_string()).send();
    let kept = json(kept.expect("an answer"));
    assert_eq!((&kept["version"], &kept["paper"]), (&json!(2), &Value::Null), "the content alone: {kept:#}");
    let given = house.register(&["export", "b", "2026"]);
    assert_eq!(given.code, Some(0), "{}", given.err);
    house.takes_over_nothing_new("b");
    // What says nothing new changes nothing that is closed.
    let closed = house.service.request("POST", "/v1/periods/2026:close").header("content-type", "application/json");
    let closed = closed.header("if-none-match", "*").body(r#"{"accept_missing": true}"#).send().expect("an answer");
    assert!(closed.status().is_success(), "{}", closed.text().expect("text"));
    house.takes_over_nothing_new("b");
    assert_eq!(json(house.service.get(&path))["version"], 2);
}

#[test]
fn what_a_request_says_of_itself_is_kept_and_an_old_encoding_is_read() {
    let house = House::open("0");
    let mut files: Vec<PathBuf> = std::fs::read_dir(house.path("a"))
        .expect("there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| !path.ends_with("province.json"))
        .collect();
    files.sort();
    let own = |path: &Path| {
        let file: Value = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON");
        let papers = file["papers"].as_array().expect("papers");
        let at = papers.iter().position(|paper| paper["kind"] == "annual-summary").expect("a year's report");
        (file, at)
    };
    let (mut attached, at) = own(&files[0]);
    attached["papers"][at]["attach_data"] = json!(true);
    std::fs::write(&files[0], attached.to_string()).expect("written");
    let (plain, at_old) = own(&files[1]);
    let mut old = plain.clone();
    let name = plain["papers"][at_old]["content"]["bloc"]["name"].as_str().expect("a name");
    old["papers"][at_old]["content"]["bloc"]["name"] = json!(in_tcvn3(name).expect("in the old encoding"));
    old["papers"][at_old]["text_encoding"] = json!("tcvn3");
    std::fs::write(&files[1], old.to_string()).expect("written");

    house.take_over();
    let given = house.register(&["export", "b", "2026"]);
    assert_eq!(given.code, Some(0), "{}", given.err);
    let exported = |path: &Path| own(&house.path("b").join(path.file_name().expect("a name"))).0;
    assert_eq!(exported(&files[0])["papers"][at]["attach_data"], true);
    assert_eq!(exported(&files[1])["papers"], plain["papers"], "in Unicode, and nothing else is different");
    house.takes_over_nothing_new("b");
    // Nothing that no form knows is passed over in silence.
    attached["papers"][at]["attach_date"] = json!(true);
    std::fs::write(&files[0], attached.to_string()).expect("written");
    let refused = house.register(&["import", "a"]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("/attach_date"), "{}", refused.err);
}

#[test]
fn a_folder_with_faults_leaves_the_register_as_it_is() {
    let house = House::open("1");
    std::fs::write(house.path("a").join("hong.json"), "{").expect("written");
    let refused = house.register(&["import", "a"]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    for told in ["hong.json", "/papers/1", "[S01]"] {
        assert!(refused.err.contains(told), "{told}:\n{}", refused.err);
    }
    assert_eq!(json(house.service.get("/v1/register/blocs"))["data"], json!([]));
    let partly = house.register(&["import", "a", "--accept-partial"]);
    assert_eq!(partly.code, Some(4), "as of a batch, something was left out: {}", partly.err);
    assert_eq!(json(house.service.get("/v1/register/blocs"))["data"].as_array().map(Vec::len), Some(BLOCS));
}

#[test]
fn a_faulty_paper_is_left_out_alone_and_each_that_is_not_taken_is_named() {
    let house = House::open("0");
    let sample = ["province-sample", "c", "--seed", "11", "--blocs", "4", "--missing", "1", "--faulty", "0"];
    let invented = run_in(house.folder.path(), &sample, b"");
    assert_eq!(invented.code, Some(0), "{}", invented.err);
    let whole = files_in(&house.path("c"));
    let names: Vec<&String> = whole.keys().filter(|name| *name != "province.json").collect();
    let kinds = |file: &Value| {
        let papers = file["papers"].as_array().expect("papers").iter();
        papers.map(|paper| paper["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>()
    };
    let write =
        |name: &str, file: &Value| std::fs::write(house.path("c").join(name), file.to_string()).expect("written");
    let import = || house.register(&["import", "c", "--accept-partial"]);
    let exported = |to: &str| {
        let given = house.register(&["export", to, "2026"]);
        assert_eq!(given.code, Some(0), "{}", given.err);
        files_in(&house.path(to))
    };
    let [of_report, of_dossier, alone] = [0, 1, 2].map(|at| whole[names[at]].clone());
    assert_eq!(kinds(&of_report), ["six-month-review", "annual-summary", "award-dossier"]);
    let miscount = |paper: &mut Value| {
        paper["content"]["member_count"] = json!(paper["content"]["member_count"].as_u64().expect("a count") + 1);
    };
    let (mut report, mut dossier, mut alone) = (of_report.clone(), of_dossier.clone(), alone);
    miscount(&mut report["papers"][1]);
    dossier["papers"][2]["content"] = json!({});
    alone["papers"].as_array_mut().expect("papers").remove(0);
    miscount(&mut alone["papers"][0]);
    for (name, file) in names.iter().zip([&report, &dossier, &alone]) {
        write(name, file);
    }

    let partly = import();
    assert_eq!(partly.code, Some(4), "{}", partly.err);
    let told = |name: &str, at: &str| partly.err.contains(&format!("{name}/papers/{at}: "));
    assert!(told(names[0], "1") && told(names[1], "2") && told(names[2], "0") && told(names[2], "1"), "{}", partly.err);
    assert!(partly.err.contains("Bỏ ra 4 chỗ"), "{}", partly.err);
    let after = exported("d1");
    // The dossier goes with the report that stands before the faulty one; beside a faulty dossier the report is taken.
    assert_eq!(kinds(&after[names[0]]), ["six-month-review", "award-dossier"]);
    assert_eq!(after[names[0]]["papers"][1], of_report["papers"][2]);
    assert_eq!(kinds(&after[names[1]]), ["six-month-review", "annual-summary"]);
    assert_eq!(after.get(names[2]), None, "nothing of it could be taken");
    assert_eq!(import().code, Some(4));
    assert_eq!(exported("d2"), after, "once more is nothing new");

    // Mended, everything stands where it was sent.
    names.iter().for_each(|name| write(name, &whole[*name]));
    let mended = house.register(&["import", "c"]);
    assert_eq!(mended.code, Some(0), "{}", mended.err);
    let all = exported("d3");
    names.iter().for_each(|name| assert_eq!(all[*name]["papers"], whole[*name]["papers"], "{name}"));
    // What the register has of a faulty report's period stays, and what lies beside it is not taken a second time.
    write(names[0], &report);
    let partly = import();
    assert_eq!(partly.code, Some(4), "{}", partly.err);
    assert!(partly.err.contains("Bỏ ra 1 chỗ"), "{}", partly.err);
    assert_eq!(exported("d4"), all);
}

#[test]
fn a_year_that_is_closed_over_http_is_the_years_that_the_command_closes() {
    let house = House::open("0");
    house.take_over();
    let asked = json!({"period": "2026", "sources": true});
    let batch = house.close(&asked);
    assert_eq!((&batch["parts"], &batch["kept"]), (&json!(2 * (BLOCS - 1) + 1), &json!(0)), "{batch:#}");
    let missing = batch["missing"].as_array().expect("a list").clone();
    assert_eq!(missing.len(), 1, "{batch:#}");

    let given = house.register(&["export", "b", "2026"]);
    assert_eq!(given.code, Some(0), "{}", given.err);
    let closed = run_in(house.folder.path(), &["batch", "b", "--out", "out", "--sources", "--jobs", "1"], b"");
    assert_eq!(closed.code, Some(0), "{}", closed.err);
    let pairs = [
        ("archive.zip", "archive.zip"),
        ("manifest.json", "manifest.json"),
        ("lineage.json", "lineage.json"),
        ("merged.pdf", "toan-tinh.pdf"),
    ];
    for (over_http, on_disk) in pairs {
        let (theirs, ours) =
            (house.file(&batch, over_http), std::fs::read(house.path("out").join(on_disk)).expect("made"));
        if over_http == "lineage.json" {
            let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
            assert_eq!(value(&theirs), value(&ours));
        } else {
            assert_eq!(fingerprint::of(&theirs), fingerprint::of(&ours), "{over_http}");
        }
    }
    // The folder itself, packed and sent: all of it is there already.
    let mut files: Vec<binding::Bound> = std::fs::read_dir(house.path("b"))
        .expect("there")
        .map(|entry| entry.expect("readable").path())
        .map(|path| binding::Bound {
            name: format!("b/{}", path.file_name().expect("a name").to_string_lossy()),
            bytes: std::fs::read(&path).expect("readable"),
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let request = house.service.request("POST", "/v1/batches?sources=true").header("content-type", "application/zip");
    let taken = json(request.body(binding::bind(&files).expect("packed")).send().expect("an answer"));
    assert_eq!((&taken["parts"], &taken["kept"]), (&batch["parts"], &batch["parts"]), "{taken:#}");
    let zip = |batch: &Value| fingerprint::of(&house.file(batch, "archive.zip"));
    assert_eq!(zip(&taken), zip(&batch));

    let bound = binding::unbind(&house.file(&batch, "archive.zip")).expect("a ZIP file");
    let report = bound.iter().find(|file| file.name == "toan-tinh/bao-cao-tong-hop.pdf").expect("the last part");
    let text = papers::compact(&papers::text(&report.bytes));
    for told in ["sốliệutạmtính", &papers::compact(missing[0].as_str().expect("a name"))] {
        assert!(text.to_lowercase().contains(&told.replace(' ', "").to_lowercase()), "{told} is not in the report");
    }

    // Every figure is the sum of its sources, and every source stands in the submission that it names.
    let lineage = house.told(&batch, "lineage.json");
    let figures = lineage["figures"].as_array().expect("a list");
    let mut followed = 0;
    for figure in figures {
        let sources = figure["sources"].as_array().expect("a list");
        let mut sum = 0;
        for source in sources {
            let bloc = source["bloc"].as_str().expect("a bloc");
            let sent = json(house.service.get(&format!("/v1/blocs/{bloc}/submissions/2026")));
            assert_eq!(sent["id"], source["submission"]);
            let place = source["at"].as_str().and_then(|at| at.strip_prefix("/content")).expect("a place");
            let there = sent["content"].pointer(place);
            // One that was counted stands for itself.
            assert!(there == Some(&source["value"]) || (source["value"] == 1 && there.is_some()), "{place}");
            sum += source["value"].as_u64().unwrap_or_default();
            followed += 1;
        }
        if let (Some(value), false) = (figure["value"].as_u64(), sources.is_empty()) {
            assert_eq!(value, sum, "{figure:#}");
        }
    }
    assert!(followed > 20, "{followed} sources");
}

#[test]
fn the_command_closes_a_year_on_a_service_and_goes_on_with_the_same_batch() {
    let house = House::open("0");
    house.take_over();
    let batch = |arguments: &[&str]| {
        let mut all = vec!["batch", "--server", &house.service.url, "--out", "far"];
        all.extend_from_slice(arguments);
        run_in(house.folder.path(), &all, b"")
    };
    let closed = batch(&["--period", "2026", "--sources"]);
    assert_eq!(closed.code, Some(0), "{}", closed.err);
    let last = |outcome: &Outcome| {
        let line = outcome.text().lines().find(|line| line.starts_with("Cộng")).expect("a table").to_owned();
        line.split_whitespace().skip(1).map(|count| count.parse().expect("a count")).collect::<Vec<usize>>()
    };
    let parts = 2 * (BLOCS - 1) + 1;
    assert_eq!(last(&closed), [parts, parts, 0, 0], "{}", closed.text());
    let same = house.close(&json!({"period": "2026", "sources": true}));
    for (there, here) in
        [("archive.zip", "archive.zip"), ("merged.pdf", "toan-tinh.pdf"), ("manifest.json", "manifest.json")]
    {
        let here = std::fs::read(house.path("far").join(here)).expect("fetched");
        assert_eq!(fingerprint::of(&house.file(&same, there)), fingerprint::of(&here), "{there}");
    }
    let again = batch(&["--period", "2026", "--sources", "--diff"]);
    assert_eq!((again.code, last(&again)), (Some(0), vec![parts, 0, parts, 0]), "{}", again.err);
    // A folder is checked and added up here, and made there.
    let folder = batch(&["a", "--sources"]);
    assert_eq!((folder.code, last(&folder)[0]), (Some(0), parts), "{}", folder.err);
    // What the service refuses ends as what the command refuses.
    let refused = batch(&["--period", "2026", "--closed"]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("chưa chốt"), "{}", refused.err);
    let nobody = run_in(
        house.folder.path(),
        &["batch", "--server", "http://127.0.0.1:9", "--period", "2026", "--out", "far"],
        b"",
    );
    assert_eq!(nobody.code, Some(75), "{}", nobody.err);
}

/// The key and people's data would go to it in the open.
#[test]
fn a_command_goes_to_the_service_that_it_is_told_and_asks_no_proxy_of_the_environment() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a free port");
    proxy.set_nonblocking(true).expect("set");
    let its = format!("http://{}", proxy.local_addr().expect("bound"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = tdkt();
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, &its);
    }
    for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name);
    }
    command.args(["batch", "--server", "http://127.0.0.1:9", "--period", "2026", "--out", "far"]);
    command.current_dir(folder.path());
    let outcome = run_command(command, b"");
    assert_eq!(outcome.code, Some(75), "{}", outcome.err);
    let asked = proxy.accept().map(|(_, from)| from).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock), "the proxy was asked");
}

#[test]
fn a_folder_with_a_fault_ends_alike_here_and_on_a_service() {
    let house = House::open("1");
    let run = |arguments: &[&str]| {
        let mut all = vec!["batch", "a", "--accept-partial"];
        all.extend_from_slice(arguments);
        run_in(house.folder.path(), &all, b"")
    };
    let near = run(&["--out", "near"]);
    let far = run(&["--out", "far", "--server", &house.service.url]);
    assert_eq!((near.code, far.code), (Some(4), Some(4)), "{}\n{}", near.err, far.err);
    let lineage = |out: &str| std::fs::read_to_string(house.path(out).join("lineage.json")).expect("written");
    assert_eq!(lineage("near"), lineage("far"));
    assert!(lineage("far").contains("\"sources\""), "{}", lineage("far"));
    let bytes = |out: &str, file: &str| std::fs::read(house.path(out).join(file)).expect("written");
    let manifest: Value = serde_json::from_slice(&bytes("near", "manifest.json")).expect("JSON");
    let left = &manifest["left_out"][0];
    assert!(left["paper"].is_string() && left["code"] == "invalid-document", "{manifest:#}");
    let finding = left["findings"][0].as_object().expect("a finding");
    assert_eq!(finding.keys().collect::<Vec<_>>(), ["code", "pointers"], "nothing of what was sent: {manifest:#}");
    for file in ["manifest.json", "archive.zip", "toan-tinh.pdf"] {
        let of = |out: &str| fingerprint::of(&bytes(out, file));
        assert_eq!(of("near"), of("far"), "{file}");
    }
    let told = far.err.matches("/papers/1: ").count();
    assert_eq!(told, near.err.matches("/papers/1: ").count(), "each fault once: {}", far.err);
}

#[test]
fn a_folder_is_closed_on_a_service_as_it_is_here_to_the_byte() {
    let house = House::open("0");
    let run = |arguments: &[&str]| {
        let mut all = vec!["batch", "a", "--sources"];
        all.extend_from_slice(arguments);
        let closed = run_in(house.folder.path(), &all, b"");
        assert_eq!(closed.code, Some(0), "{}", closed.err);
    };
    let same = |near: &str, far: &str| {
        for file in ["archive.zip", "manifest.json", "toan-tinh.pdf", "lineage.json"] {
            let of = |out: &str| std::fs::read(house.path(out).join(file)).map(|bytes| fingerprint::of(&bytes));
            assert_eq!(of(near).expect("made"), of(far).expect("fetched"), "{file}");
        }
    };
    run(&["--out", "near"]);
    run(&["--out", "far", "--server", &house.service.url]);
    same("near", "far");
    run(&["--out", "near-one", "--kind", "provincial-summary"]);
    run(&["--out", "far-one", "--kind", "provincial-summary", "--server", &house.service.url]);
    same("near-one", "far-one");
    let kinds = ["--kind", "provincial-summary,annual-summary"];
    run(&[&["--out", "near-two"], &kinds[..]].concat());
    run(&[&["--out", "far-two", "--server", &house.service.url], &kinds[..]].concat());
    same("near-two", "far-two");
    // Of the register too.
    house.take_over();
    let asked = ["batch", "--period", "2026", "--out", "far-sent", "--sources", "--server", &house.service.url];
    let closed = run_in(house.folder.path(), &[&asked[..], &kinds[..]].concat(), b"");
    assert_eq!(closed.code, Some(0), "{}", closed.err);
    let kinds = |out: &str| {
        let manifest = std::fs::read(house.path(out).join("manifest.json")).expect("fetched");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        let files = manifest["files"].as_array().expect("files").iter();
        files.filter_map(|file| file["kind"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(kinds("far-sent").iter().collect::<BTreeSet<_>>().len(), 2, "{:?}", kinds("far-sent"));
    assert_eq!(kinds("far-sent"), kinds("near-two"));
}

#[test]
fn a_command_that_is_stopped_leaves_the_batch_to_the_service_and_finds_it_again() {
    let house = House::open("0");
    house.take_over();
    let waiting = Service::start_on(house.service.data(), &["--work", "false"]);
    // Who works stops first, so that the batch waits.
    let House { service, folder } = house;
    service.process.stop();
    let jobs = || json(waiting.get("/v1/jobs?limit=200"))["data"].as_array().expect("a list").len();
    let parts = 2 * (BLOCS - 1) + 1;
    let note = folder.path().join("far/.tdkt/batch.json");
    let mut notes = Vec::new();
    for _ in 0..2 {
        let mut command = tdkt();
        command
            .args(["batch", "--server", &waiting.url, "--period", "2026", "--out", "far"])
            .current_dir(folder.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        until(Duration::from_secs(60), "the batch is accepted, and a signal is heeded", || {
            note.exists() && jobs() == parts && heeds(child.id(), Signal::SIGINT)
        });
        send(child.id(), Signal::SIGINT);
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        notes.push(std::fs::read_to_string(&note).expect("what was begun"));
    }
    assert_eq!((notes[0] == notes[1], jobs()), (true, parts), "one batch, however often it was asked for");
}

/// Whether a process has a handler of its own for a signal.
fn heeds(process: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap_or(0);
    caught & 1 << (signal as u64 - 1) != 0
}

#[test]
fn a_figure_that_is_adjusted_after_the_close_makes_its_own_papers_and_the_provinces_again() {
    let house = House::open("0");
    house.take_over();
    let (early, _, told) = house.submit(&json!({"period": "2026", "figures": "closed"}), None);
    assert_eq!((early, &told["code"]), (409, &json!("period-open")), "{told:#}");
    let first = house.close(&json!({"period": "2026"}));
    let closed = house.service.post("/v1/periods/2026:close", json!({"accept_missing": true}).to_string());
    assert_eq!(closed.status(), 200);

    let bloc = house.told(&first, "manifest.json")["files"][1]["bloc"].as_str().expect("a bloc").to_owned();
    let path = format!("/v1/blocs/{bloc}/submissions/2026");
    let sent = json(house.service.get(&path));
    let mut body = json!({"content": sent["content"], "status": sent["status"], "paper": sent["paper"],
        "adjustment": {"reason": "Bổ sung 05 Giấy khen"}});
    for place in ["/content/commendations/1/count", "/content/commendation_totals/collective"] {
        let figure = body.pointer_mut(place).expect("a figure");
        *figure = json!(figure.as_u64().expect("a count") + 5);
    }
    let etag = sent["etag"].as_str().expect("an etag");
    let adjusting = house.service.request("POST", &path).header("content-type", "application/json");
    let adjusted = adjusting.header("if-match", etag).body(body.to_string()).send().expect("an answer");
    let (status, adjusted) = (adjusted.status(), json(adjusted));
    assert_eq!(status, 201, "{adjusted:#}");
    assert_eq!(adjusted["adjustment"]["number"], 1);
    let places: BTreeSet<&str> = adjusted["adjustment"]["difference"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["pointer"].as_str())
        .collect();
    assert_eq!(places, BTreeSet::from(["/commendation_totals/collective", "/commendations/1/count"]));

    // What the close fixed is what was there: nothing is made again.
    let frozen = house.close(&json!({"period": "2026", "figures": "closed"}));
    assert_eq!(frozen["kept"], frozen["parts"], "{frozen:#}");
    assert_eq!(
        fingerprint::of(&house.file(&first, "archive.zip")),
        fingerprint::of(&house.file(&frozen, "archive.zip"))
    );
    let second = house.close(&json!({"period": "2026"}));
    let parts = second["parts"].as_u64().expect("a count");
    assert_eq!(second["kept"], json!(parts - 2), "{second:#}");
    let sums = |batch: &Value| -> BTreeMap<String, String> {
        let manifest = house.told(batch, "manifest.json");
        let files = manifest["files"].as_array().expect("a list").clone();
        let text = |file: &Value, field: &str| file[field].as_str().expect("text").to_owned();
        files
            .iter()
            .filter(|file| !file["kind"].is_null())
            .map(|file| (text(file, "file"), text(file, "sha256")))
            .collect()
    };
    let (before, after) = (sums(&first), sums(&second));
    let changed: BTreeSet<&str> = after
        .iter()
        .filter(|(file, sha256)| before.get(*file) != Some(sha256))
        .map(|(file, _)| file.as_str())
        .collect();
    let own = format!("{bloc}/02-annual-summary.pdf");
    let expected = BTreeSet::from([own.as_str(), "toan-tinh/bao-cao-tong-hop.pdf"]);
    assert_eq!(changed, expected);
    let told = house.told(&second, "differences");
    assert_eq!(told["previous"], frozen["id"]);
    let papers: BTreeSet<&str> =
        told["papers"].as_array().expect("a list").iter().filter_map(|it| it["file"].as_str()).collect();
    assert_eq!(papers, expected, "{told:#}");
    let own =
        told["papers"].as_array().expect("a list").iter().find(|paper| paper["file"] == own.as_str()).expect("there");
    let figure =
        own["places"].as_array().expect("a list").iter().find(|it| it["at"] == "/content/commendations/1/count");
    let figure = figure.expect("the figure");
    assert_eq!(figure["new"].as_u64().zip(figure["old"].as_u64()).map(|(new, old)| new - old), Some(5), "{figure:#}");
}

#[test]
fn what_is_asked_wrongly_is_told_at_once_and_a_key_stands_for_one_batch() {
    let house = House::open("0");
    let (status, _, told) =
        house.submit(&json!({"period": "2026-H3", "kind": "khong-co", "figures": "cu", "blocs": []}), None);
    assert_eq!(status, 422, "{told:#}");
    let places: BTreeSet<&str> =
        told["errors"].as_array().expect("a list").iter().filter_map(|it| it["pointer"].as_str()).collect();
    assert_eq!(places, BTreeSet::from(["/blocs", "/figures", "/kind", "/period"]));
    for (kinds, expected) in
        [(json!(["khong-co", "scorecard", "la"]), vec!["/kind/0", "/kind/2"]), (json!([]), vec!["/kind"])]
    {
        let (status, _, told) = house.submit(&json!({"period": "2026", "kind": kinds}), None);
        let places: Vec<&str> =
            told["errors"].as_array().expect("a list").iter().filter_map(|it| it["pointer"].as_str()).collect();
        assert_eq!((status, places), (422, expected), "{told:#}");
    }
    house.take_over();
    let (status, _, told) = house.submit(&json!({"period": "2026", "blocs": ["la", "cum-01", "khac"]}), None);
    assert_eq!(status, 422, "{told:#}");
    let places: Vec<&str> =
        told["errors"].as_array().expect("a list").iter().filter_map(|it| it["pointer"].as_str()).collect();
    assert_eq!(places, ["/blocs/0", "/blocs/2"]);
    let (status, _, told) = house.submit(&json!({"period": "2027"}), None);
    assert_eq!((status, &told["code"]), (409, &json!("period-incomplete")), "{told:#}");
    assert!(told["title"].as_str().expect("a title").contains("Chưa khối, cụm nào gửi"), "{told:#}");
    // All have sent, but nothing of this kind; with blocs or without.
    let blocs = json(house.service.get("/v1/periods/2026/submissions"));
    for mut asked in [json!({}), json!({"blocs": [blocs["data"][0]["bloc"]]})] {
        asked["period"] = json!("2026");
        asked["kind"] = json!("ballot-minutes");
        let (status, _, told) = house.submit(&asked, None);
        assert_eq!((status, &told["code"]), (409, &json!("period-incomplete")), "{told:#}");
        assert!(told["title"].as_str().expect("a title").contains("trong phạm vi đã chọn"), "{told:#}");
    }

    // One bloc's paper of one kind: no report of the province.
    let blocs = json(house.service.get("/v1/periods/2026/submissions"));
    let bloc = blocs["data"][0]["bloc"].as_str().expect("a bloc");
    let asked = json!({"period": "2026", "kind": "annual-summary", "blocs": [bloc]});
    let (status, replayed, taken) = house.submit(&asked, Some("tong-ket-1"));
    assert_eq!((status, replayed, &taken["parts"]), (202, None, &json!(1)), "{taken:#}");
    let (_, replayed, again) = house.submit(&asked, Some("tong-ket-1"));
    assert_eq!((replayed.as_deref(), &again["id"]), (Some("true"), &taken["id"]));
    let (status, _, told) = house.submit(&json!({"period": "2026"}), Some("tong-ket-1"));
    assert_eq!((status, &told["code"]), (422, &json!("idempotency-key-reused")), "{told:#}");

    // The stream of the batch ends with its end, and tells it once.
    let id = taken["id"].as_str().expect("an id");
    let stream = house.service.get(&format!("/v1/batches/{id}/events")).text().expect("a stream that ends");
    assert_eq!(stream.matches("event: batch.ended").count(), 1, "{stream}");
    assert!(stream.contains("event: job.succeeded") && stream.contains(&format!("\"batch_id\":\"{id}\"")), "{stream}");
}
