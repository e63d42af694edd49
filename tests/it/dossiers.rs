//! A dossier: many papers of one set of data, consistent by construction, in one file that is always the same.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::{Value, json};
use tdkt_reports::{
    catalog::{MediaType, TemplateFiles},
    failure::{Failure, Severity},
    fingerprint, inspection,
    intake::Treatment,
    rendering::Workshop,
    vietnamese, workshop_files,
};

use crate::support::{
    papers::{self, WORKSHOP, compact, pages, whole},
    programs::{self, Service},
};

fn sample(name: &str) -> Value {
    let kind = WORKSHOP.catalog().kind("award-dossier").expect("the kind is there");
    serde_json::from_str(kind.sample(name).expect("the sample is there")).expect("JSON")
}

fn made(request: &Value) -> Vec<u8> {
    let made = WORKSHOP.make(&papers::manuscript_of(request)).unwrap_or_else(|failure| panic!("{failure:#?}"));
    assert_eq!(made.media_type, MediaType::Zip);
    made.bytes
}

fn refused(request: &Value) -> Failure {
    WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent).expect_err("refused")
}

/// The files of a ZIP, taken out by Info-ZIP's unzip, with their names in the archive's order.
pub fn unzipped(zip: &[u8]) -> (Vec<String>, BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dossier.zip");
    std::fs::write(&file, zip).expect("written");
    let unzip = |arguments: &[&str]| {
        let output = Command::new("unzip").args(arguments).arg(&file).current_dir(folder.path()).output();
        let output = output.expect("unzip is installed (tests/run installs it)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    unzip(&["-tq"]);
    let names: Vec<String> = unzip(&["-Z1"]).lines().map(str::to_owned).collect();
    unzip(&["-qq"]);
    let read = |name: &String| (name.clone(), std::fs::read(folder.path().join(name)).expect("taken out"));
    let files = names.iter().map(read).collect();
    (names, files)
}

fn list_of(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["manifest.json"]).expect("JSON")
}

#[test]
fn the_same_data_gives_the_same_bytes_in_two_processes() {
    let request = sample("simple");
    let here = made(&request);
    assert_eq!(here, made(&request));
    let folder = tempfile::tempdir().expect("a folder");
    for zone in ["Asia/Ho_Chi_Minh", "America/Los_Angeles"] {
        let target = folder.path().join("there.zip");
        let mut command = programs::tdkt();
        command.args(["render", "-", "-o"]).arg(&target).env("TZ", zone);
        let outcome = programs::run_command(command, request.to_string().as_bytes());
        assert!(target.exists(), "{}", outcome.text());
        assert_eq!(fingerprint::of(&std::fs::read(&target).expect("written")), fingerprint::of(&here), "{zone}");
    }
}

#[test]
fn an_independent_tool_opens_it_and_finds_what_the_list_says() {
    let zip = made(&sample("simple"));
    let (names, files) = unzipped(&zip);
    assert_eq!(
        names,
        [
            "muc-luc.pdf",
            "01-to-trinh.pdf",
            "02-bien-ban-hop-binh-xet.pdf",
            "03-bien-ban-kiem-phieu.pdf",
            "04-bang-tong-hop-diem.pdf",
            "05-bao-cao-tong-ket.pdf",
            "06-bao-cao-thanh-tich-tap-the-01.pdf",
            "07-bao-cao-thanh-tich-tap-the-02.pdf",
            "08-bao-cao-thanh-tich-tap-the-03.pdf",
            "09-bao-cao-thanh-tich-tap-the-04.pdf",
            "10-bao-cao-thanh-tich-ca-nhan-01.pdf",
            "manifest.json",
        ]
    );
    let list = list_of(&files);
    assert_eq!(list["kind"], "award-dossier");
    assert_eq!(list["recipe"]["edition"], "E4");
    let described = list["files"].as_array().expect("files");
    assert_eq!(described.len(), names.len() - 1);
    for (file, name) in described.iter().zip(&names) {
        let bytes = &files[name];
        assert_eq!(file["file"], name.as_str());
        assert_eq!(file["bytes"], bytes.len());
        assert_eq!(file["sha256"], fingerprint::of(bytes).as_str());
        assert_eq!(file["pages"], pages(bytes).len(), "{name}");
        let kind = WORKSHOP.catalog().kind(file["kind"].as_str().expect("a kind")).expect("known");
        let faults = Workshop::inspect_paper(bytes, Some(&kind.manifest.check_kind)).expect("readable").1;
        assert_eq!(faults, [], "{name}");
    }
    // The index has every paper in order, with its number, day and pages.
    let index = whole(&pages(&files["muc-luc.pdf"]));
    let mut from = 0;
    for file in &described[1..] {
        let title = compact(file["title"].as_str().expect("a title"));
        from += index[from..].find(&title).unwrap_or_else(|| panic!("{title} is not in {index}"));
        for word in ["number", "date"].iter().filter_map(|word| file[*word].as_str()) {
            assert!(index.contains(&compact(word)), "{word}");
        }
    }
    let pages: u64 = described[1..].iter().map(|file| file["pages"].as_u64().expect("a number")).sum();
    assert!(index.contains(&format!("Tổngsốtrang{pages}")), "{index}");
}

#[test]
fn every_part_of_every_sample_keeps_the_layout_law() {
    for name in ["simple", "minimal", "overflow", "hostile"] {
        let manuscript = papers::manuscript_of(&sample(name));
        for paper in &manuscript.enclosed {
            let marks = WORKSHOP.marks(&paper.manuscript).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
            let faults = inspection::inspect(&marks, papers::check_kind(&paper.manuscript));
            assert_eq!(faults, [], "{name}/{}", paper.file_name);
        }
    }
}

#[test]
fn the_simple_sample_is_without_any_finding() {
    let accepted = WORKSHOP.check(sample("simple").to_string().as_bytes(), Treatment::AsSent).expect("accepted");
    assert_eq!(accepted.findings, []);
}

#[test]
fn one_vote_entered_once_is_the_same_in_every_paper() {
    let mut request = sample("simple");
    request["status"] = json!("draft");
    request["content"]["ballots"][1]["candidates"][1]["agree"] = json!(6);
    request["content"]["ballots"][1]["candidates"][1]["disagree"] = json!(2);
    request["content"]["scores"][5]["appraised_score"] = json!(957);
    request["content"]["scores"][5]["total"] = json!(979);
    // Fewer points are a worse place (rule S05).
    request["content"]["nominees"][2]["rank"] = json!(4);
    let manuscript = papers::manuscript_of(&request);
    let name = "Sở Khoa học và Công nghệ";
    let mut told = Vec::new();
    for paper in &manuscript.enclosed {
        for nomination in paper.manuscript.request["content"]["nominations"].as_array().into_iter().flatten() {
            if nomination["nominee"] == name {
                told.push((nomination["agree"].clone(), nomination["voters"].clone(), nomination["score"].clone()));
            }
        }
        for ballot in paper.manuscript.request["content"]["ballots"].as_array().into_iter().flatten() {
            let candidates = ballot["candidates"].as_array().into_iter().flatten();
            candidates.filter(|it| it["name"] == name).for_each(|it| assert_eq!(it["agree"], 6));
        }
    }
    // Tờ trình, biên bản họp, báo cáo tổng kết.
    assert_eq!(told, vec![(json!(6), json!(8), json!(979)); 3]);
    let (_, files) = unzipped(&made(&request));
    let text = |file: &str| whole(&pages(&files[file]));
    assert!(text("01-to-trinh.pdf").contains("06/08phiếuđồngý"), "{}", text("01-to-trinh.pdf"));
    assert!(
        text("03-bien-ban-kiem-phieu.pdf").contains("SởKhoahọcvàCôngnghệ060275%"),
        "{}",
        text("03-bien-ban-kiem-phieu.pdf")
    );
}

/// The samples of the kinds are papers of one bloc, and of one year: what two of them tell, they tell alike.
#[test]
fn the_samples_of_one_bloc_tell_what_its_dossier_tells() {
    let dossier = papers::manuscript_of(&sample("simple"));
    let of_kind = |kind: &str| papers::manuscript_of(&papers::sample_of(kind, "simple")).request;
    let mut compared = 0;
    for part in dossier.enclosed.iter().map(|it| &it.manuscript) {
        let alone = of_kind(&part.kind);
        // Reports of achievements: there is one sample, and a report for every nominee.
        let subject = |request: &Value| request["content"]["collective"]["name"].clone();
        if part.kind == "achievement-report-individual" || subject(&part.request) != subject(&alone) {
            continue;
        }
        for (field, told) in part.request["content"].as_object().expect("content") {
            assert_eq!(alone["content"][field], *told, "{}: {field}", part.kind);
            compared += 1;
        }
        for field in ["number", "issued_on", "place", "letterhead", "signing"] {
            assert_eq!(alone["paper"][field], part.request["paper"][field], "{}: {field}", part.kind);
        }
    }
    assert!(compared > 60, "{compared} fields");

    let content = &dossier.request["content"];
    let scorecard = of_kind("scorecard");
    let scored = &scorecard["content"]["score"];
    let line = content["scores"].as_array().expect("scores").iter().find(|it| it["member"] == scored["member"]);
    for field in ["self_score", "appraised_score", "bonus", "penalty", "total"] {
        assert_eq!(scored[field], line.expect("a line of the summary")[field], "{field}");
    }
    for field in ["scale", "bonus_cap", "issued_by"] {
        assert_eq!(scorecard["content"]["scoring"][field], content["scoring"][field], "{field}");
    }

    let province = of_kind("provincial-summary");
    let blocs = province["content"]["blocs"].as_array().expect("blocs");
    let row =
        blocs.iter().find(|it| it["name"] == content["bloc"]["name"]).expect("the bloc is in the province's report");
    let nominees = content["nominees"].as_array().expect("nominees");
    let asked = |form: &str| json!(nominees.iter().filter(|it| it["form"] == form).count());
    assert_eq!(row["flags"], asked("emulation-flag-province"));
    assert_eq!(row["certificates"], asked("merit-certificate-province"));
    assert_eq!(row["members"], content["member_count"]);
    assert_eq!(row["next_head"], content["election"]["head"]);
    assert_eq!(row["next_deputies"], content["election"]["deputies"]);
    assert_eq!(row["conference"]["date"], content["conference"]["date"]);
    assert_eq!(row["conference"]["place"], content["conference"]["venue"]);

    let review = of_kind("six-month-review");
    let minutes = of_kind("conference-minutes");
    for field in ["title", "date", "session", "venue", "organiser", "chairs"] {
        assert_eq!(minutes["content"]["conference"][field], review["content"]["conference"][field], "{field}");
    }
    for field in ["members", "bloc"] {
        assert_eq!(review["content"][field], content[field], "{field}");
    }
}

/// Every change with the rule, and the place in the dossier's data, that it must lead to.
#[test]
fn what_is_found_in_a_part_is_said_of_the_dossiers_data() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str, &[&str]); 12] = [
        // The dossier's own schema, and a part's.
        (
            |it| drop(it["content"]["nominees"][1].as_object_mut().map(|it| it.remove("sort"))),
            "schema-required",
            &["/content/nominees/1/sort"],
        ),
        (
            |it| drop(it["papers"]["review_minutes"].as_object_mut().map(|it| it.remove("signing"))),
            "schema-required",
            &["/papers/review_minutes/signing"],
        ),
        (
            |it| drop(it["paper"].as_object_mut().map(|it| it.remove("recipients"))),
            "schema-required",
            &["/papers/proposal/recipients"],
        ),
        // Characters.
        (
            |it| it["content"]["nominees"][4]["position"] = json!("Trưởng\u{200b}phòng"),
            "N01",
            &["/content/nominees/4/position"],
        ),
        // Cross-checks.
        (|it| it["content"]["member_count"] = json!(9), "M02", &["/content/member_count", "/content/members"]),
        (
            |it| it["content"]["nominees"][2]["name"] = json!("Sở Tư pháp"),
            "A01",
            &["/content/nominees/2/name", "/content/members"],
        ),
        (
            |it| it["content"]["nominees"][0]["rank"] = json!(4),
            "A04",
            &["/content/nominees/0/rank", "/content/scores/3"],
        ),
        (|it| it["content"]["ballots"][0]["valid"] = json!(9), "V01", &["/content/ballots/0/valid"]),
        (
            |it| it["content"]["nominees"][3]["ballot"] = json!(0),
            "H02",
            &["/content/nominees/3/ballot", "/content/ballots/0/candidates"],
        ),
        (
            |it| drop(it["papers"]["proposal"]["number"].as_object_mut().map(|it| it.remove("serial"))),
            "T03",
            &["/papers/proposal/number/serial"],
        ),
        (
            |it| drop(it["content"]["nominees"][4]["report"]["signing"].as_object_mut().map(|it| it.remove("name"))),
            "T03",
            &["/content/nominees/4/report/signing/name"],
        ),
        // Gaps of the composed words.
        (
            |it| drop(it["content"]["nominees"][1]["report"].as_object_mut().map(|it| it.remove("party"))),
            "T03",
            &["/content/nominees/1"],
        ),
    ];
    for (change, code, places) in cases {
        let mut request = sample("simple");
        change(&mut request);
        let outcome = WORKSHOP.check(request.to_string().as_bytes(), Treatment::AsSent);
        let findings = outcome.map_or_else(|failure| failure.findings, |accepted| accepted.findings);
        let found = findings.iter().any(|finding| {
            finding.code == code
                && finding.pointers.starts_with(&places.iter().map(|place| (*place).to_owned()).collect::<Vec<_>>())
        });
        assert!(found, "{code} {places:?} is not among {findings:#?}");
        for (at, finding) in findings.iter().enumerate() {
            for pointer in &finding.pointers {
                let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                assert!(
                    request.pointer(pointer).or(request.pointer(parent)).is_some(),
                    "{pointer} is no place of the dossier"
                );
            }
            assert!(!findings[..at].contains(finding), "said twice: {finding:#?}");
        }
    }
}

#[test]
fn all_parts_speak_at_once() {
    let mut request = sample("simple");
    request["papers"]["proposal"]["addressees"] = json!([]);
    request["papers"]["annual_summary"]["issued_on"] = json!("2026-01-05");
    request["content"]["nominees"][0]["report"]["signing"].as_object_mut().expect("an object").remove("name");
    let failure = refused(&request);
    let places: Vec<&str> = failure.findings.iter().flat_map(|finding| &finding.pointers).map(String::as_str).collect();
    for place in
        ["/papers/proposal/addressees", "/papers/annual_summary/issued_on", "/content/nominees/0/report/signing/name"]
    {
        assert!(places.contains(&place), "{place}: {:#?}", failure.findings);
    }
}

#[test]
fn a_paper_without_data_is_left_out_and_what_the_law_asks_for_is_missed() {
    let manuscript = papers::manuscript_of(&sample("minimal"));
    let names: Vec<&str> = manuscript.enclosed.iter().map(|paper| paper.file_name.as_str()).collect();
    assert_eq!(names, ["01-to-trinh"]);
    let accepted = WORKSHOP.check(sample("minimal").to_string().as_bytes(), Treatment::AsSent).expect("accepted");
    let missed: Vec<_> = accepted
        .findings
        .iter()
        .filter(|it| it.code == "H01")
        .map(|it| (it.severity, it.pointers[0].as_str()))
        .collect();
    assert_eq!(
        missed,
        [(Severity::Warning, "/content/nominees/0/report"), (Severity::Warning, "/papers/review_minutes")]
    );

    let mut no_ballot = sample("simple");
    let content = no_ballot["content"].as_object_mut().expect("an object");
    content.remove("ballots");
    content["election"].as_object_mut().expect("an object").remove("ballot");
    no_ballot["status"] = json!("draft");
    for nominee in no_ballot["content"]["nominees"].as_array_mut().expect("a list") {
        nominee.as_object_mut().expect("an object").remove("ballot");
    }
    let accepted = WORKSHOP
        .check(no_ballot.to_string().as_bytes(), Treatment::AsSent)
        .unwrap_or_else(|failure| panic!("{failure:#?}"));
    assert!(accepted.manuscript.enclosed.iter().all(|paper| paper.manuscript.kind != "ballot-minutes"));
    let said = accepted.findings.iter().find(|finding| finding.code == "H01").expect("said");
    assert_eq!((said.severity, said.pointers[0].as_str()), (Severity::Info, "/content/ballots"));
}

#[test]
fn a_part_taken_out_of_the_file_proves_itself() {
    let mut request = sample("simple");
    request["attach_data"] = json!(true);
    let (names, files) = unzipped(&made(&request));
    for name in names.iter().filter(|name| name.ends_with(".pdf")) {
        let verification = WORKSHOP.verify(&files[name]).unwrap_or_else(|failure| panic!("{name}: {failure:#?}"));
        assert!(verification.agrees, "{name}: {verification:?}");
    }
    let carried = WORKSHOP.extract(&files["01-to-trinh.pdf"]).expect("carried");
    assert_eq!(carried.manuscript.kind, "award-proposal");
    assert_eq!(WORKSHOP.extract(&files["muc-luc.pdf"]).expect("carried").manuscript.request["kind"], "award-dossier");
    let list = list_of(&files);
    assert_eq!(list["files"][1]["data"], carried.recipe.data.as_str());
}

#[test]
fn whatever_a_caller_writes_is_printed_as_it_stands() {
    let request = sample("hostile");
    let (_, files) = unzipped(&made(&request));
    let pdfs = files.iter().filter(|(name, _)| name.ends_with(".pdf"));
    let printed: String = pdfs.map(|(_, bytes)| whole(&pages(bytes)).to_lowercase()).collect();
    let (mut texts, mut missing) = (0, Vec::new());
    vietnamese::visit_strings(&request, &mut |pointer, text| {
        // The sample's hostile texts end in a number; names of criteria stand in no paper of a dossier.
        let hostile = text.rsplit(' ').next().is_some_and(|last| last.parse::<u32>().is_ok());
        if hostile && !pointer.starts_with("/content/scoring/criteria") {
            texts += 1;
            if !printed.contains(&compact(text).to_lowercase()) {
                missing.push(format!("{pointer}: {text}"));
            }
        }
    });
    assert!(texts > 300, "{texts} texts");
    assert!(missing.is_empty(), "not printed as they stand:\n{}", missing.join("\n"));
    // Names of files come from the manifest alone.
    let plain = |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    assert!(files.keys().all(plain), "{:?}", files.keys());
}

#[test]
fn over_http_a_dossier_is_a_document_like_others() {
    let service = Service::start(&[]);
    let kinds = programs::json(service.get("/v1/kinds"));
    let dossier = kinds["data"].as_array().expect("a list").iter().find(|kind| kind["kind"] == "award-dossier");
    assert_eq!(dossier.expect("listed")["media_type"], "application/zip");
    let request = sample("simple");
    let id = service.accept(request.to_string());
    let job = service.wait_for(&id);
    assert_eq!(job["state"], "succeeded", "{job:#}");
    assert_eq!(job["document"]["media_type"], "application/zip");
    let name = job["document"]["file_name"].as_str().expect("a name");
    assert!(name.starts_with("Hồ sơ đề nghị khen thưởng năm 2026") && name.ends_with(".zip"), "{name}");
    let answer = service.get(&format!("/v1/jobs/{id}/document"));
    let header = |name: &str| answer.headers()[name].to_str().expect("ASCII").to_owned();
    assert_eq!(header("content-type"), "application/zip");
    assert!(
        header("content-disposition").starts_with("attachment; filename=\"document.zip\"; filename*=UTF-8''H%E1%BB%93")
    );
    let etag = header("etag");
    let bytes = answer.bytes().expect("a body");
    assert_eq!(etag, format!("\"{}\"", fingerprint::of(&bytes)));
    assert_eq!(bytes, made(&request));

    // A preview is the whole as a draft, or a page of the index.
    let preview = service.post("/v1/documents/preview", request.to_string());
    assert_eq!(preview.status(), 200);
    assert_eq!(preview.headers()["content-type"], "application/zip");
    let (names, files) = unzipped(&preview.bytes().expect("a body"));
    assert_eq!(names.len(), 12);
    assert!(pages(&files["01-to-trinh.pdf"]).iter().all(|page| page.draft));
    let page = service.post("/v1/documents/preview?format=png&page=1", request.to_string());
    assert_eq!(page.headers()["content-type"], "image/png");
}

#[test]
fn thirty_nominees_are_made_within_a_fraction_of_the_deadline() {
    let started = std::time::Instant::now();
    let made = WORKSHOP.make(&papers::manuscript_of(&sample("overflow"))).expect("made");
    println!("{} pages, {} bytes, {:?}", made.pages, made.bytes.len(), started.elapsed());
    assert!(made.bytes.len() < 32 << 20, "a frame of the press takes 128 MiB");
}

#[test]
fn a_mapping_that_names_what_is_not_there_is_refused_at_start() {
    let folder = "documents/award-dossier";
    let mut files = TemplateFiles::embedded().into_memory();
    papers::replace(
        &mut files,
        &format!("{folder}/parts/award-proposal.json"),
        "\"/content/decider\"",
        "\"/content/judge\"",
    );
    papers::replace(&mut files, &format!("{folder}/parts/score-summary.json"), "\"scores\":", "\"marks\":");
    papers::replace(&mut files, &format!("{folder}/manifest.toml"), "of = \"/name\"", "of = \"/nickname\"");
    papers::replace(&mut files, &format!("{folder}/parts/ballot-minutes.json"), "\"$from\"", "\"$shell\"");
    let fonts = workshop_files::fonts(Path::new("")).expect("fonts");
    let load =
        |files| Workshop::new(&TemplateFiles::from_memory(files), fonts.clone()).err().map(|error| error.to_string());
    let said = load(files.clone()).expect("refused");
    assert!(said.contains("parts/ballot-minutes.json: there is no operator $shell"), "{said}");
    papers::replace(&mut files, &format!("{folder}/parts/ballot-minutes.json"), "\"$shell\"", "\"$from\"");
    let said = load(files).expect("refused");
    for expected in [
        "parts/award-proposal.json: the dossier has no /content/judge",
        "parts/score-summary.json: score-summary has no /content/marks",
        "parts/achievement-report-collective.json: the dossier has no /content/nominees/0/nickname",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
