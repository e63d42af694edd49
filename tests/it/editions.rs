//! The law by date, as people and programs see it.

use serde_json::{Value, json};
use tdkt_reports::failure::FailureCode;

use super::support::{
    papers,
    programs::{Service, json as body, run, run_in},
};

#[test]
fn every_edition_is_printed_for_people_with_its_days_and_who_decides() {
    let outcome = run(&["editions"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let text = outcome.text();
    for edition in papers::WORKSHOP.catalog().editions().iter() {
        assert!(text.contains(&format!("{}  {}", edition.id, edition.days())), "{}:\n{text}", edition.id);
        for award in &edition.awards {
            assert!(text.contains(&format!("({}); thẩm quyền: {}  [", award.id, award.decided_by)), "{}", award.id);
        }
        for basis in &edition.legal_bases {
            assert!(text.contains(&basis.text), "{}", basis.text);
        }
        for form in &edition.forms {
            assert!(text.contains(&format!("Mẫu số {}: {}  [", form.number, form.title)), "{}", form.number);
        }
    }
    assert!(text.ends_with("Khoảng trống, không có phiên bản: đến hết ngày 30/9/2017.\n"), "{text}");
    assert!(text.contains("một nguồn") && text.contains("chắc chắn") && text.contains("chưa xác nhận"), "{text}");
}

#[test]
fn a_day_has_its_edition_or_an_error_that_names_the_gap() {
    let on = |day: &str| run(&["editions", "--on", day, "--json"]);
    for (day, id) in [("2017-10-01", "E1a"), ("2023-12-31", "E1b"), ("2024-01-01", "E2"), ("2026-10-01", "E4")] {
        let view: Value = serde_json::from_str(on(day).text()).expect("JSON");
        let [edition] = &view["data"].as_array().expect("a list")[..] else { panic!("{day}: one edition: {view:#}") };
        assert_eq!((&edition["id"], &edition["seen_on"]["in_force"]), (&json!(id), &json!(true)), "{day}");
    }
    let gap = on("2017-09-30");
    assert_eq!((gap.code, gap.text()), (Some(1), ""));
    assert!(gap.err.contains("30/9/2017") && gap.err.contains("đến hết ngày 30/9/2017"), "{}", gap.err);
    let one: Value =
        serde_json::from_str(run(&["editions", "E2", "--on", "2024-02-01", "--json"]).text()).expect("JSON");
    let prints = |view: &Value| view["seen_on"]["prints"].as_array().expect("a list").len();
    let later: Value =
        serde_json::from_str(run(&["editions", "E2", "--on", "2024-06-01", "--json"]).text()).expect("JSON");
    assert!(prints(&one) < prints(&later), "a circular that came later is not printed before");
    let unknown = run(&["editions", "E9"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("E1a, E1b, "), "{}", unknown.err);
}

#[test]
fn over_http_it_is_the_same_and_a_client_that_has_it_is_told_so() {
    let service = Service::start(&["--work", "false"]);
    let all = service.get("/v1/editions");
    assert_eq!(all.status(), 200);
    let etag = all.headers()["etag"].to_str().expect("text").to_owned();
    let printed: Value = serde_json::from_str(run(&["editions", "--json"]).text()).expect("JSON");
    assert_eq!(body(all), printed, "the same as on the command line");
    let again = service.request("GET", "/v1/editions").header("if-none-match", &etag).send().expect("an answer");
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &etag.parse().expect("a header")));
    let other = service.get("/v1/editions?on=2024-07-24");
    assert_ne!(other.headers()["etag"], etag.as_str());
    assert_eq!(body(other)["data"][0]["id"], "E2");
    let one = body(service.get("/v1/editions/E3"));
    assert_eq!((&one["id"], &one["in_force_until"]), (&json!("E3"), &json!("2026-09-30")));
    assert!(one["awards"][0]["decided_by"].is_string() && one["forms"][0]["confidence"].is_string(), "{one:#}");
    assert_eq!(body(service.get("/v1/editions/E3?on=2024-01-01"))["seen_on"]["in_force"], false);
    for (path, status, code) in [
        ("/v1/editions/E9", 404, FailureCode::NotFound),
        ("/v1/editions?on=2017-09-30", 422, FailureCode::NoEdition),
        ("/v1/editions?on=2024-02-30", 400, FailureCode::BadParameter),
        ("/v1/editions?at=2024-02-01", 400, FailureCode::BadParameter),
    ] {
        let response = service.get(path);
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(body(response)["code"], code.as_str(), "{path}");
    }
    assert_eq!(service.request("POST", "/v1/editions").send().expect("an answer").status(), 405);
}

/// The simple sample of 2026, dated as wanted and following the edition that is named.
fn request(edition: Option<&str>) -> Value {
    let mut request = papers::sample_value("simple");
    if let Some(edition) = edition {
        request["paper"]["edition"] = edition.into();
    }
    request
}

#[test]
fn an_edition_named_by_the_request_is_recorded_in_the_job_the_findings_and_the_recipe() {
    let service = Service::start(&[]);
    for (named, expected, words) in
        [(Some("E2"), "E2", "thay cho E3"), (Some("E3"), "E3", "cũng là phiên bản của ngày"), (None, "E3", "")]
    {
        let mut request = request(named);
        request["attach_data"] = true.into();
        let job = service.wait_for(&service.accept(request.to_string()));
        assert_eq!((&job["state"], &job["edition"]), (&json!("succeeded"), &json!(expected)), "{job:#}");
        let findings = job["findings"].as_array().cloned().unwrap_or_default();
        let said = findings.iter().find(|finding| finding["code"] == "edition");
        match named {
            None => assert!(said.is_none(), "nothing was chosen: {said:?}"),
            Some(_) => {
                let said = said.unwrap_or_else(|| panic!("{job:#}"));
                assert_eq!((&said["severity"], &said["pointers"][0]), (&json!("info"), &json!("/paper/edition")));
                assert!(said["message_vi"].as_str().is_some_and(|text| text.contains(words)), "{said:#}");
            }
        }
        let pdf = service.document(job["id"].as_str().expect("an id"));
        assert_eq!(papers::WORKSHOP.extract(&pdf).expect("carried").recipe.edition, expected);
    }
}

#[test]
fn a_paper_of_a_day_without_edition_is_refused_and_the_gap_is_named() {
    let mut request = request(None);
    request["status"] = "draft".into();
    request["paper"]["issued_on"] = "2016-07-24".into();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outcome = run_in(folder.path(), &["check", "-", "--json"], request.to_string().as_bytes());
    let result: Value = serde_json::from_str(outcome.text()).expect("JSON");
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    let failure = papers::WORKSHOP
        .check(request.to_string().as_bytes(), tdkt_reports::intake::Treatment::AsSent)
        .expect_err("no law of that day is known");
    assert_eq!(failure.code, FailureCode::NoEdition, "{failure:#?}");
    assert!(failure.message.contains("khoảng trống đến hết ngày 30/9/2017"), "{}", failure.message);
    assert_eq!(result["findings"][0]["pointers"][0], "/paper/issued_on");
}
