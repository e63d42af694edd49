//! The register of a province over HTTP and on the command line: versions, submissions, deadlines, the close, adjustments.

use reqwest::blocking::Response;
use serde_json::{Value, json};

use super::support::programs::{Service, json, run_in};

const H1: &str = "/v1/blocs/khoi-kt/submissions/2026-H1";

/// The sample of a kind.
fn content(kind: &str) -> Value {
    let path = super::support::papers::repository(&format!("report_templates/documents/{kind}/samples/simple.json"));
    let request: Value = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON");
    request["content"].clone()
}

fn write(service: &Service, method: &str, path: &str, base: (&str, &str), body: &Value) -> Response {
    let request = service.request(method, path).header("content-type", "application/json").header(base.0, base.1);
    request.body(body.to_string()).send().expect("an answer")
}

fn new(service: &Service, method: &str, path: &str, body: &Value) -> Value {
    let response = write(service, method, path, ("if-none-match", "*"), body);
    let (status, etag) = (response.status(), response.headers().get("etag").cloned());
    let answer = json(response);
    assert_eq!(status, 201, "{path}: {answer:#}");
    assert_eq!(etag.expect("an ETag"), answer["etag"].as_str().expect("an etag"));
    answer
}

fn problem(response: Response, status: u16, code: &str) -> Value {
    let found = response.status();
    let answer = json(response);
    assert_eq!((found.as_u16(), answer["code"].as_str()), (status, Some(code)), "{answer:#}");
    answer
}

const UNITS: [(&str, &str); 8] = [
    ("stc", "Sở Tài chính"),
    ("snnmt", "Sở Nông nghiệp và Môi trường"),
    ("snv", "Sở Nội vụ"),
    ("sct", "Sở Công Thương"),
    ("sxd", "Sở Xây dựng"),
    ("skhcn", "Sở Khoa học và Công nghệ"),
    ("vpub", "Văn phòng Ủy ban nhân dân tỉnh"),
    ("bqlkkt", "Ban Quản lý Khu kinh tế tỉnh"),
];

/// Units, two blocs and their year.
fn registered(service: &Service) {
    for (id, name) in UNITS {
        new(service, "PUT", &format!("/v1/register/units/{id}"), &json!({"name": name, "sort": "department"}));
    }
    let bloc =
        json!({"name": "Khối thi đua các cơ quan kinh tế - tổng hợp", "form": "bloc", "province": "tỉnh An Bình"});
    new(service, "PUT", "/v1/register/blocs/khoi-kt", &bloc);
    let other = json!({"name": "Cụm thi đua các xã phía Tây", "form": "cluster"});
    new(service, "PUT", "/v1/register/blocs/cum-tay", &other);
    let mut members: Vec<Value> = UNITS.iter().map(|(id, _)| json!({"unit": id})).collect();
    members[0]["role"] = json!("head");
    members[1]["role"] = json!("deputy");
    for (bloc, members) in [("khoi-kt", json!(members)), ("cum-tay", json!([{"unit": "snv", "role": "head"}]))] {
        new(service, "PUT", &format!("/v1/register/blocs/{bloc}/years/2026"), &json!({"members": members}));
    }
}

#[test]
fn two_officers_do_not_overwrite_one_another() {
    let service = Service::start(&["--work", "false"]);
    let (path, body) = ("/v1/register/units/snv", json!({"name": "Sở Nội vụ"}));
    let bare = service.request("PUT", path).header("content-type", "application/json").body(body.to_string());
    problem(bare.send().expect("an answer"), 428, "precondition-required");
    problem(write(&service, "PUT", path, ("if-match", "*"), &body), 412, "changed-meanwhile");
    let first = new(&service, "PUT", path, &body);
    let etag = first["etag"].as_str().expect("an etag");
    problem(service.get("/v1/register/units/ai"), 404, "not-in-register");

    let mine = write(&service, "PUT", path, ("if-match", etag), &json!({"name": "Sở Nội vụ", "abbreviation": "SNV"}));
    assert_eq!(mine.status(), 200);
    let theirs = write(&service, "PUT", path, ("if-match", etag), &json!({"name": "Sở Nội vụ tỉnh"}));
    problem(theirs, 412, "changed-meanwhile");
    let history = json(service.get(&format!("{path}/history")));
    let versions: Vec<&Value> = history["data"].as_array().expect("a list").iter().map(|one| &one["version"]).collect();
    assert_eq!(versions, [1, 2]);
    assert_eq!(history["data"][0]["written_by"], "http");
    let newest = json(service.get(path));
    assert_eq!(newest["body"]["abbreviation"], "SNV");
    let known = service.request("GET", path).header("if-none-match", newest["etag"].as_str().expect("an etag"));
    assert_eq!(known.send().expect("an answer").status(), 304);
}

#[test]
fn a_bad_entry_is_told_all_its_faults_and_not_kept() {
    let service = Service::start(&["--work", "false"]);
    let wrong = json!({"name": " ", "sort": "x", "valid_from": "2026-02-30", "colour": 1});
    let told = problem(
        write(&service, "PUT", "/v1/register/units/snv", ("if-none-match", "*"), &wrong),
        422,
        "invalid-document",
    );
    let mut places: Vec<&str> =
        told["errors"].as_array().expect("a list").iter().filter_map(|error| error["pointer"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/colour", "/name", "/sort", "/valid_from"], "{told:#}");
    problem(service.get("/v1/register/units/snv"), 404, "not-in-register");
    let body = json!({"name": "Sở Nội vụ"});
    for path in [
        "/v1/register/units/S%E1%BB%9F",
        "/v1/register/blocs/k/years/26",
        "/v1/register/blocs/province",
        "/v1/periods/2026-H3",
    ] {
        let refused = write(&service, "PUT", path, ("if-none-match", "*"), &body);
        problem(refused, 400, "bad-parameter");
    }
    for path in [
        "/v1/register/units/%00",
        "/v1/register/units/%00/history",
        "/v1/blocs/%00/submissions/2026",
        "/v1/blocs/%00/submissions/2026/history",
    ] {
        problem(service.get(path), 404, "not-in-register");
    }
    let nowhere = json!({"members": [{"unit": "snv", "role": "head"}]});
    let refused = write(&service, "PUT", "/v1/register/blocs/khoi/years/2026", ("if-none-match", "*"), &nowhere);
    problem(refused, 404, "not-in-register");
}

#[test]
fn adjustments_that_come_at_once_each_differ_from_the_version_before_them() {
    let service = Service::start(&["--work", "false"]);
    registered(&service);
    let good = content("six-month-review");
    new(&service, "POST", H1, &json!({"content": good}));
    json(service.post("/v1/periods/2026-H1:close", r#"{"accept_missing": true}"#));
    let before = |content: &Value| content["commendation_totals"]["individual"].as_i64().expect("a number");
    let counts: Vec<i64> = (1..=8).collect();
    let start = std::sync::Barrier::new(counts.len());
    std::thread::scope(|scope| {
        for more in &counts {
            let (service, start, mut content) = (&service, &start, good.clone());
            content["commendations"][4]["count"] =
                json!(content["commendations"][4]["count"].as_i64().expect("a number") + more);
            content["commendation_totals"]["individual"] = json!(before(&content) + more);
            scope.spawn(move || {
                let body = json!({"content": content, "adjustment": {"reason": "Bổ sung giấy khen"}});
                start.wait();
                let sent = write(service, "POST", H1, ("if-match", "*"), &body);
                assert_eq!(sent.status(), 201, "any version is right for *: {:#}", json(sent));
            });
        }
    });
    let mut last = before(&good);
    for version in 2..2 + counts.len() {
        let one = json(service.get(&format!("{H1}?version={version}")));
        let told = one["adjustment"]["difference"].as_array().expect("a list");
        let told = told.iter().find(|one| one["pointer"] == "/commendation_totals/individual").expect("it differs");
        assert_eq!((&told["old"], &told["new"]), (&json!(last), &one["content"]["commendation_totals"]["individual"]));
        last = before(&one["content"]);
    }
}

#[test]
fn a_period_is_sent_for_closed_and_adjusted() {
    let service = Service::start(&["--work", "false"]);
    registered(&service);
    let plan = json!({"due": "2026-07-10", "extensions": [{"bloc": "cum-tay", "due": "2100-01-01"}]});
    new(&service, "PUT", "/v1/periods/2026-H1", &plan);

    // All faults of a submission at once: of the paper's own rules and of the register's.
    let good = content("six-month-review");
    let mut bad = good.clone();
    bad["period"]["part"] = json!("second-half");
    bad["members"][7]["unit"] = json!("Sở Tư pháp");
    bad["commendation_totals"]["collective"] = json!(99);
    let told =
        problem(write(&service, "POST", H1, ("if-none-match", "*"), &json!({"content": bad})), 422, "invalid-document");
    let codes: Vec<&str> =
        told["errors"].as_array().expect("a list").iter().filter_map(|error| error["code"].as_str()).collect();
    for code in ["register-period", "register-member", "S01"] {
        assert!(codes.contains(&code), "{code}: {told:#}");
    }
    assert!(!told.to_string().contains("\"/paper"), "the paper around it is ours: {told:#}");
    problem(service.get(H1), 404, "not-in-register");

    let sent = new(&service, "POST", H1, &json!({"content": good}));
    assert_eq!((&sent["version"], &sent["sent_by"], sent.get("content")), (&json!(1), &json!("http"), None));
    let etag = sent["etag"].as_str().expect("an etag").to_owned();
    let again = write(&service, "POST", H1, ("if-none-match", "*"), &json!({"content": good}));
    assert_eq!(again.status(), 200, "the answer may have been lost; nothing is stored twice");
    let kept = json(service.get(H1));
    assert_eq!(kept["content"], good);

    let status = json(service.get("/v1/periods/2026-H1/status"));
    assert_eq!((&status["expected"], &status["sent"], &status["missing"]), (&json!(2), &json!(1), &json!(1)));
    let standings: Vec<(&Value, &Value)> =
        status["blocs"].as_array().expect("a list").iter().map(|bloc| (&bloc["bloc"], &bloc["standing"])).collect();
    let late =
        if chrono::Utc::now().date_naive() > "2026-07-10".parse().expect("a day") { "sent-late" } else { "sent" };
    assert_eq!(standings, [(&json!("cum-tay"), &json!("awaited")), (&json!("khoi-kt"), &json!(late))]);

    let close = "/v1/periods/2026-H1:close";
    let refused = problem(service.post(close, "{}"), 409, "period-incomplete");
    assert_eq!(refused["errors"][0]["found"], "cum-tay");
    let closing = json(service.post(close, r#"{"accept_missing": true}"#));
    assert_eq!((&closing["missing"], &closing["submissions"][0]["version"]), (&json!(["cum-tay"]), &json!(1)));
    assert_eq!(json(service.post(close, "{}")), closing, "closing again changes nothing");

    let mut changed = good.clone();
    changed["commendations"][4]["count"] = json!(58);
    changed["commendation_totals"]["individual"] = json!(69);
    let refused = write(&service, "POST", H1, ("if-match", &etag), &json!({"content": changed}));
    problem(refused, 409, "period-closed");
    let reason = "Bổ sung 01 giấy khen theo Quyết định số 15/QĐ-SNV";
    let adjusting = json!({"content": changed, "adjustment": {"reason": reason}});
    let adjusted = write(&service, "POST", H1, ("if-match", &etag), &adjusting);
    assert_eq!(adjusted.status(), 201);
    let adjusted = json(adjusted);
    assert_eq!((&adjusted["version"], &adjusted["adjustment"]["number"]), (&json!(2), &json!(1)));
    let mut rows: Vec<&str> = adjusted["adjustment"]["table_vi"]["rows"]
        .as_array()
        .expect("a table")
        .iter()
        .filter_map(|row| row[3].as_str())
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, ["+1", "+1"], "{adjusted:#}");
    let pointers: Vec<&str> = adjusted["adjustment"]["difference"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|change| change["pointer"].as_str())
        .collect();
    assert_eq!(pointers, ["/commendation_totals/individual", "/commendations/4/count"]);

    // A bloc that comes after the close is an adjustment too.
    let late = json!({"content": {"bloc": {"name": "Cụm thi đua các xã phía Tây", "form": "cluster"},
        "period": {"year": 2026, "part": "first-half"}}, "adjustment": {"reason": "Gửi sau khi chốt"}});
    let late = new(&service, "POST", "/v1/blocs/cum-tay/submissions/2026-H1", &late);
    assert_eq!(late["adjustment"]["number"], 2);
    let status = json(service.get("/v1/periods/2026-H1/status"));
    assert_eq!(status["closing"], closing, "the close stays what it was");
    assert_eq!((&status["blocs"][1]["adjustments"], &status["missing"]), (&json!([1]), &json!(0)));
    let listed = json(service.get("/v1/periods/2026-H1/adjustments"));
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
    let first = json(service.get(&format!("{H1}?version=1")));
    assert_eq!((&first["content"], &first["etag"]), (&good, &json!(etag)), "what was frozen can still be read");
}

#[test]
fn the_command_line_keeps_the_same_register_as_the_service() {
    let service = Service::start(&["--work", "false"]);
    registered(&service);
    let folder = service.data().to_owned();
    let data = folder.to_str().expect("UTF-8").to_owned();
    let command = |arguments: &[&str], input: &[u8]| {
        let mut all = vec!["register"];
        all.extend_from_slice(arguments);
        all.extend_from_slice(&["--data", &data]);
        run_in(&folder, &all, input)
    };
    let request = json!({"kind": "six-month-review", "paper": {}, "content": content("six-month-review")});
    let sent = command(&["send", "khoi-kt", "2026-H1", "-"], request.to_string().as_bytes());
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    let kept = json(service.get(H1));
    assert!(kept["sent_by"].as_str().is_some_and(|by| by.starts_with("cli uid ")), "{}", kept["sent_by"]);

    let status = command(&["status", "2026-H1"], b"");
    assert!(status.text().starts_with("6 tháng đầu năm 2026 (chưa đặt hạn gửi): đã gửi 1/2"), "{}", status.text());
    assert_eq!(command(&["close", "2026-H1"], b"").code, Some(1), "one bloc is missing");
    let closed = command(&["close", "2026-H1", "--accept-missing"], b"");
    assert!(closed.text().contains("còn thiếu: cum-tay"), "{}{}", closed.text(), closed.err);

    let mut request = request;
    request["content"]["targets"][4]["achieved"] = json!(500.3);
    let etag = kept["etag"].as_str().expect("an etag").trim_matches('"').to_owned();
    let adjust = ["send", "khoi-kt", "2026-H1", "-", "--etag", &etag, "--reason", "Số liệu hải quan tháng 6"];
    let adjusted = command(&adjust, request.to_string().as_bytes());
    assert_eq!(adjusted.code, Some(0), "{}", adjusted.err);
    let listed = command(&["adjustments", "2026-H1"], b"");
    assert!(listed.text().contains("498,3\t500,3\t+2"), "{}", listed.text());
    let twice = request.to_string().replacen("\"content\":", "\"content\":{},\"content\":", 1);
    let refused = command(&["send", "khoi-kt", "2026-H1", "-", "--reason", "x"], twice.as_bytes());
    assert_eq!(refused.code, Some(1), "which content is meant? {}", refused.err);
    assert!(refused.err.contains("được ghi hai lần"), "{}", refused.err);
    let put = command(&["put", "unit", "snv", "-"], br#"{"name": "X"}"#);
    assert_eq!(put.code, Some(1), "something is there already: {}", put.err);
    let list = command(&["list", "unit"], b"");
    assert_eq!(list.text().lines().count(), UNITS.len());
}

#[test]
fn a_years_summary_begins_with_the_register_and_every_figure_leads_back() {
    let service = Service::start(&["--work", "false"]);
    registered(&service);
    let first = content("six-month-review");
    let mut second = first.clone();
    second["period"]["part"] = json!("second-half");
    second["commendations"][4]["count"] = json!(100);
    second["commendation_totals"]["individual"] = json!(111);
    for field in ["conference", "movements", "guidance", "decisions_announced"] {
        second.as_object_mut().expect("an object").remove(field);
    }
    let mut year_before = content("annual-summary");
    year_before["period"]["year"] = json!(2025);
    let small = json!({"bloc": year_before["bloc"], "period": year_before["period"], "member_count": 8,
        "commendations": [{"form": "Giấy khen", "honoree": "individual", "count": 140}],
        "targets": [{"name": "kim ngạch xuất khẩu", "unit_of_measure": "triệu USD", "achieved": 905.5}]});
    for (period, content) in [("2026-H1", &first), ("2026-H2", &second), ("2025", &small)] {
        new(&service, "POST", &format!("/v1/blocs/khoi-kt/submissions/{period}"), &json!({"content": content}));
    }
    problem(service.get("/v1/blocs/khoi-kt/carry-over/2026-H1"), 400, "bad-parameter");
    problem(service.get("/v1/blocs/ai/carry-over/2026"), 404, "not-in-register");

    let draft = json(service.get("/v1/blocs/khoi-kt/carry-over/2026"));
    let content = &draft["request"]["content"];
    assert_eq!(content["commendations"][4]["count"], 157, "57 and 100");
    assert_eq!(content["commendation_totals"], json!({"collective": 28, "household": 4, "individual": 179}));
    assert_eq!(content["members"].as_array().map(Vec::len), Some(8));
    assert_eq!((&content["targets"][4]["planned"], &content["targets"][4]["previous"]), (&json!(940), &json!(905.5)));
    assert_eq!(content["targets"][4].get("achieved"), None, "halves are no sum of a year");
    assert_eq!(content["previous"]["commendations"][0]["count"], 140);

    // Every figure is the sum of its sources, and every source stands in the submission that it names.
    let lineage = draft["lineage"].as_array().expect("a list");
    assert!(lineage.len() > 20, "{}", lineage.len());
    for carried in lineage {
        let pointer = carried["pointer"].as_str().expect("a pointer");
        assert_eq!(draft["request"].pointer(pointer), Some(&carried["value"]), "{pointer}");
        let mut sum = 0.0;
        for source in carried["sources"].as_array().expect("a list") {
            let (period, version) = (source["period"].as_str().expect("a period"), &source["version"]);
            let kept = json(service.get(&format!("/v1/blocs/khoi-kt/submissions/{period}?version={version}")));
            assert_eq!((&kept["id"], &kept["sha256"]), (&source["submission"], &source["sha256"]));
            let place = source["pointer"].as_str().expect("a pointer");
            assert_eq!(kept["content"].pointer(place), Some(&source["value"]), "{place}");
            sum += source["value"].as_f64().unwrap_or_default();
        }
        if let Some(value) = carried["value"].as_f64() {
            assert!((value - sum).abs() < 1e-9, "{pointer}: {value}, sources give {sum}");
        }
    }
    // What it gives is a request that the service takes.
    let checked = service.post("/v1/documents/check", draft["request"].to_string());
    assert_eq!(checked.status(), 200, "{}", checked.text().unwrap_or_default());

    // With one half missing the draft says so.
    let lonely = json(service.get("/v1/blocs/cum-tay/carry-over/2026"));
    let missing: Vec<&Value> = lonely["findings"].as_array().expect("a list").iter().map(|one| &one["found"]).collect();
    assert_eq!(missing, ["2026-H1", "2026-H2", "2025"]);
}

#[test]
fn schedules_are_kept_with_their_next_time_and_faults_are_told() {
    let service = Service::start(&["--work", "false"]);
    let wrong = json!({"cron": "0 25 * * *", "time_zone": "Asia/Huế", "action": "close", "period": "2026-H1"});
    let told =
        problem(write(&service, "PUT", "/v1/schedules/chot", ("if-none-match", "*"), &wrong), 422, "invalid-document");
    assert_eq!(told["errors"].as_array().map(Vec::len), Some(2), "{told:#}");
    let right = json!({"cron": "0 17 20 7 *", "action": "close", "period": "2026-H1"});
    new(&service, "PUT", "/v1/schedules/chot", &right);
    let listed = json(service.get("/v1/schedules"));
    let next = listed["data"][0]["next_at"].as_str().expect("a time");
    assert!(next.ends_with("-07-20T10:00:00Z"), "17:00 in Vietnam: {next}");
    assert_eq!(json(service.get("/v1/schedules/chot/runs")), json!({"data": []}));
    problem(service.get("/v1/schedules/ai/runs"), 404, "not-in-register");
    let mut paused = right;
    paused["paused"] = json!(true);
    assert_eq!(write(&service, "PUT", "/v1/schedules/chot", ("if-match", "*"), &paused).status(), 200);
    assert_eq!(json(service.get("/v1/schedules"))["data"][0].get("next_at"), None);
    let data = service.data().to_str().expect("UTF-8");
    let told = run_in(service.data(), &["register", "schedules", "--data", data], b"");
    assert_eq!(told.text(), "chot\tlần tới: tạm dừng\tlần trước: chưa chạy\n", "{}", told.err);
}
