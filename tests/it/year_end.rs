//! The closing of a year: an invented province is made whole, stopped and begun again, corrected, and added up by somebody else.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};
use tdkt_reports::{binding, fingerprint};
use tempfile::TempDir;

use crate::support::{
    papers::repository,
    programs::{self, Outcome, tdkt, until},
};

/// Blocs of the invented province, and papers of each; `TDKT_LONG=1` asks for a whole one.
fn size() -> (&'static str, &'static str) {
    if std::env::var_os("TDKT_LONG").is_some() { ("60", "31") } else { ("7", "2") }
}

/// A province in a folder of its own.
struct Province {
    folder: TempDir,
}

impl Province {
    fn invent(faulty: &str) -> Self {
        let (blocs, papers) = size();
        let province = Self { folder: tempfile::tempdir().expect("a folder") };
        let inputs = province.inputs();
        let arguments = ["--seed", "11", "--blocs", blocs, "--papers", papers, "--missing", "1", "--faulty", faulty];
        let mut command = tdkt();
        command.arg("province-sample").arg(&inputs).args(arguments);
        let outcome = programs::run_command(command, b"");
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        province
    }

    fn inputs(&self) -> PathBuf {
        self.folder.path().join("inputs")
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, out: &str, arguments: &[&str]) -> Command {
        let mut command = tdkt();
        command.arg("batch").arg(self.inputs()).arg("--out").arg(self.out(out)).args(arguments);
        command
    }

    fn close(&self, out: &str, arguments: &[&str]) -> Outcome {
        programs::run_command(self.command(out, arguments), b"")
    }

    /// The files of blocs, in their order.
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(self.inputs()).expect("there").map(|entry| entry.expect("readable").path()).collect();
        files.sort();
        files.retain(|path| !path.ends_with("province.json"));
        files
    }

    /// Leaves what the first blocs have sent, so that little has to be made; gives the first one's id.
    fn leave(&self, count: usize) -> String {
        for path in &self.files()[count..] {
            std::fs::remove_file(path).expect("removed");
        }
        self.correct(|_| {})
    }

    /// Changes what a bloc has sent.
    fn correct(&self, change: impl FnOnce(&mut Value)) -> String {
        let sent = edit(&self.files()[0], change);
        sent["bloc"].as_str().expect("an id").to_owned()
    }
}

/// Every paper's SHA-256, by its path.
fn papers_in(out: &Path) -> BTreeMap<String, String> {
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).expect("written")).expect("JSON");
    let files = manifest["files"].as_array().expect("a list").clone();
    let paper = |file: &Value| {
        let path = file["file"].as_str().expect("a path").to_owned();
        let sha256 = fingerprint::of(&std::fs::read(out.join(&path)).expect("there"));
        assert_eq!(file["sha256"], sha256.as_str(), "{path}");
        (path, sha256)
    };
    files.iter().map(paper).collect()
}

/// Changes a file of the folder.
fn edit(path: &Path, change: impl FnOnce(&mut Value)) -> Value {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON");
    change(&mut value);
    std::fs::write(path, value.to_string()).expect("written");
    value
}

/// What a PDF file says, without its spaces.
fn words(pdf: &Path) -> String {
    said(Command::new("pdftotext").arg(pdf).arg("-")).replace(char::is_whitespace, "")
}

fn said(command: &mut Command) -> String {
    let output = command.output().expect("installed (tests/run installs it)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn sums_and_sources_hold_before_an_independent_script() {
    let province = Province::invent("1");
    let outcome = province.close("out", &["--accept-partial", "--sources"]);
    assert_eq!(outcome.code, Some(4), "one paper is left out: {}", outcome.err);
    let out = province.out("out");
    let text = province.folder.path().join("report.txt");
    said(Command::new("pdftotext").arg("-layout").arg(out.join("toan-tinh/bao-cao-tong-hop.pdf")).arg(&text));
    let script = repository("tests/it/year_end.py");
    for seed in ["1", "2"] {
        let told = said(Command::new("python3").arg(&script).args([&province.inputs(), &out, &text]).arg(seed));
        assert!(told.contains("20 figures followed"), "{told}");
    }
    let listed = said(Command::new("pdftotext").arg(out.join("toan-tinh/bao-cao-tong-hop.pdf")).arg("-"));
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).expect("there")).expect("JSON");
    let annual = manifest["files"].as_array().expect("a list").iter().find(|file| file["kind"] == "annual-summary");
    let code = &annual.expect("one was sent")["data"].as_str().expect("a hash")[..16];
    assert!(listed.replace(char::is_whitespace, "").contains(code), "the annex names the source {code}");
}

/// The province of the trial in docs/year-end.md: its figures stand there.
#[test]
fn the_sums_of_sixty_blocs_are_those_of_an_independent_script() {
    let province = Province { folder: tempfile::tempdir().expect("a folder") };
    let mut command = tdkt();
    command.arg("province-sample").arg(province.inputs()).args(["--seed", "1", "--blocs", "60"]);
    assert_eq!(programs::run_command(command, b"").code, Some(0));
    // The reports alone: what is added up is in them.
    let outcome =
        province.close("out", &["--accept-partial", "--sources", "--kind", "annual-summary,provincial-summary"]);
    assert_eq!(outcome.code, Some(4), "two papers are left out: {}", outcome.err);
    let out = province.out("out");
    let text = province.folder.path().join("report.txt");
    said(Command::new("pdftotext").arg("-layout").arg(out.join("toan-tinh/bao-cao-tong-hop.pdf")).arg(&text));
    let script = repository("tests/it/year_end.py");
    let told = said(Command::new("python3").arg(&script).args([&province.inputs(), &out, &text]).arg("1"));
    let page = std::fs::read_to_string(repository("docs/year-end.md")).expect("there");
    for line in told.lines().filter(|line| line.starts_with("60 blocs") || line.ends_with("add up")) {
        assert!(page.contains(line), "docs/year-end.md does not say {line:?}");
    }
    assert!(told.contains("20 figures followed") && told.contains("3 have sent nothing, 2 papers"), "{told}");
}

#[test]
fn every_fault_of_every_file_is_said_and_nothing_is_written() {
    let province = Province::invent("2");
    let id = province.correct(|sent| sent["papers"][0]["content"]["bloc"]["name"] = json!("Khối thi đua lạ"));
    std::fs::write(province.inputs().join("la.json"), r#"{"bloc": "khong-co", "papers": []}"#).expect("written");
    std::fs::write(province.inputs().join("hong.json"), "{").expect("written");
    let outcome = province.close("out", &[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    for told in ["[S01]", "[M02]", "[register]", "la.json", "hong.json", &format!("{id}.json/papers/0")] {
        assert!(outcome.err.contains(told), "{told} is not said:\n{}", outcome.err);
    }
    assert!(!province.out("out").exists());
}

#[test]
fn leaving_papers_out_is_proposed_where_it_helps_and_nowhere_else() {
    let province = Province::invent("0");
    let proposed = |province: &Province| {
        let outcome = province.close("out", &[]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.err);
        assert!(outcome.err.contains("gợi ý: sửa các lỗi trên"), "{}", outcome.err);
        outcome.err.contains("--accept-partial")
    };
    std::fs::write(province.inputs().join("hong.json"), "{").expect("written");
    assert!(proposed(&province), "all but this file can be made");
    let register = province.inputs().join("province.json");
    let whole = std::fs::read(&register).expect("there");
    std::fs::write(&register, "{").expect("written");
    assert!(!proposed(&province), "the register is a fault of the whole");
    std::fs::write(&register, whole).expect("written");
    std::fs::copy(province.files().remove(0), province.inputs().join("gui-lan-2.json")).expect("copied");
    assert!(!proposed(&province), "a bloc has sent twice");
}

#[test]
fn nothing_would_be_left_where_all_is_faulty() {
    let folder = tempfile::tempdir().expect("a folder");
    let province = Province { folder };
    std::fs::create_dir(province.inputs()).expect("made");
    std::fs::write(province.inputs().join("hong.json"), "{").expect("written");
    let outcome = province.close("out", &[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    assert!(!outcome.err.contains("--accept-partial"), "{}", outcome.err);
}

#[test]
fn a_report_of_a_kind_that_adds_nothing_up_is_a_fault_of_the_register() {
    let province = Province::invent("0");
    for kind in [json!("provincial-sumary"), json!("six-month-review"), json!(null)] {
        edit(&province.inputs().join("province.json"), |register| register["report"]["kind"] = kind.clone());
        for arguments in [&[][..], &["--accept-partial", "--kind", "six-month-review"]] {
            let outcome = province.close("out", arguments);
            assert_eq!(outcome.code, Some(1), "{kind}: {}", outcome.err);
            for told in ["province.json/report", "[register-report]", "provincial-summary"] {
                assert!(outcome.err.contains(told), "{told} is not said of {kind}:\n{}", outcome.err);
            }
        }
        assert!(!province.out("out").exists());
    }
}

#[test]
fn a_run_that_is_killed_goes_on_and_ends_in_the_same_bytes() {
    let province = Province::invent("0");
    let whole = province.close("undisturbed", &[]);
    assert_eq!(whole.code, Some(0), "{}", whole.err);
    let papers = papers_in(&province.out("undisturbed")).len();

    // Killed twice: early, and when about half of the papers are there.
    let finished =
        || std::fs::read_to_string(province.out("killed/.tdkt/finished.ndjson")).unwrap_or_default().lines().count();
    for enough in [1, papers / 2] {
        let mut command = province.command("killed", &["--jobs", "1"]);
        let mut child =
            command.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().expect("starts");
        until(Duration::from_secs(120), "papers are made", || {
            finished() >= enough || child.try_wait().expect("ours").is_some()
        });
        child.kill().expect("a child of ours");
        child.wait().expect("ended");
        assert!(!province.out("killed/archive.zip").exists(), "the run was over before it was killed");
    }
    let before = finished();
    let resumed = province.close("killed", &[]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.err);
    let table = resumed.text();
    let kept = table.lines().last().expect("a table").split_whitespace().rev().nth(1).expect("a column");
    assert!(kept.parse::<usize>().expect("a count") >= before.min(papers / 2), "what was finished is kept:\n{table}");
    for file in ["archive.zip", "toan-tinh.pdf", "manifest.json", "lineage.json"] {
        let hash = |out: &str| fingerprint::of(&std::fs::read(province.out(out).join(file)).expect("there"));
        assert_eq!(hash("undisturbed"), hash("killed"), "{file}");
    }
}

#[test]
fn a_corrected_figure_makes_its_own_papers_and_the_provinces_again() {
    let province = Province::invent("0");
    assert_eq!(province.close("out", &[]).code, Some(0));
    let before = papers_in(&province.out("out"));
    let again = province.close("out", &[]);
    assert_eq!(
        again.text().lines().last().map(|line| line.split_whitespace().nth(2)),
        Some(Some("0")),
        "{}",
        again.text()
    );

    let id = province.correct(|sent| {
        let content = &mut sent["papers"][1]["content"];
        for place in ["/commendations/1/count", "/commendation_totals/collective"] {
            let figure = content.pointer_mut(place).expect("a figure");
            *figure = json!(figure.as_u64().expect("a count") + 5);
        }
    });
    let outcome = province.close("out", &["--diff"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let after = papers_in(&province.out("out"));
    let changed: Vec<&str> =
        after.iter().filter(|(file, hash)| before.get(*file) != Some(hash)).map(|(file, _)| file.as_str()).collect();
    let own = format!("{id}/02-annual-summary.pdf");
    let mut expected = vec![own.as_str(), "lineage.json", "toan-tinh/bao-cao-tong-hop.pdf"];
    expected.sort_unstable();
    let mut papers = changed.clone();
    papers.retain(|file| *file != "manifest.json");
    papers.sort_unstable();
    assert_eq!(papers, expected);
    for told in [own.as_str(), "/content/commendation_totals/collective", "toan-tinh/bao-cao-tong-hop.pdf", " → "] {
        assert!(outcome.text().contains(told), "{told} is not in the difference:\n{}", outcome.text());
    }
}

#[test]
fn other_tools_open_what_was_bound_and_merged() {
    let province = Province::invent("0");
    assert_eq!(province.close("out", &[]).code, Some(0));
    let out = province.out("out");
    said(Command::new("qpdf").arg("--check").arg(out.join("toan-tinh.pdf")));
    said(Command::new("unzip").arg("-tq").arg(out.join("archive.zip")));
    let pages = said(Command::new("pdfinfo").arg(out.join("toan-tinh.pdf")));
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).expect("there")).expect("JSON");
    let files = manifest["files"].as_array().expect("a list");
    let sum: u64 = files.iter().filter_map(|file| file["pages"].as_u64()).sum();
    let merged = manifest["merged"]["pages"].as_u64().expect("a count");
    assert!(pages.contains(&format!("Pages:           {merged}\n")), "{pages}");
    assert!(merged > sum, "contents come before the papers");
    // The contents name the page on which the province's report begins, and the report is there.
    let first = merged
        - files.iter().find(|file| file["kind"] == "provincial-summary").expect("last")["pages"]
            .as_u64()
            .expect("a count")
        + 1;
    let page = |number: u64| {
        let number = number.to_string();
        said(Command::new("pdftotext").args(["-f", &number, "-l", &number]).arg(out.join("toan-tinh.pdf")).arg("-"))
    };
    assert!(page(first).contains("Tổng hợp kết quả hoạt động"), "{}", page(first));
    let contents: String = (1..=merged - sum).map(page).collect();
    assert!(contents.split_whitespace().any(|word| word == first.to_string()), "{contents}");
    // The archive holds what the manifest names, in its order.
    let bound = binding::unbind(&std::fs::read(out.join("archive.zip")).expect("there")).expect("a ZIP file");
    let names: Vec<&str> = bound.iter().map(|file| file.name.as_str()).collect();
    let mut listed: Vec<&str> = files.iter().filter_map(|file| file["file"].as_str()).collect();
    listed.push("manifest.json");
    assert_eq!(names, listed);
}

#[test]
fn the_provinces_report_is_made_of_what_was_sent_whatever_kinds_are_asked_for() {
    let province = Province::invent("0");
    let id = province.leave(1);
    let mut first = String::new();
    province.correct(|sent| first = sent["papers"][0]["kind"].as_str().expect("a kind").to_owned());

    let outcome = province.close("report", &["--kind", "provincial-summary"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let report = province.out("report/toan-tinh/bao-cao-tong-hop.pdf");
    assert!(words(&report).contains("Đãgửibáocáo:01/"), "the bloc that has sent is added up: {}", words(&report));
    let made: Vec<String> = papers_in(&province.out("report")).into_keys().collect();
    assert_eq!(made, ["lineage.json", "toan-tinh/bao-cao-tong-hop.pdf"]);

    let outcome = province.close("other", &["--kind", &first]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(!outcome.err.contains("Chưa có số liệu"), "nothing is added up: {}", outcome.err);
    assert_eq!(papers_in(&province.out("other")).into_keys().collect::<Vec<_>>(), [format!("{id}/01-{first}.pdf")]);
}

#[test]
fn files_of_the_whole_are_made_again_when_they_are_damaged_and_go_when_their_cause_goes() {
    let province = Province::invent("0");
    let id = province.leave(1);
    let out = |file: &str| province.out("out").join(file);
    let hash = |file: &str| fingerprint::of(&std::fs::read(out(file)).expect("there"));
    assert_eq!(province.close("out", &[]).code, Some(0));
    let whole = ["archive.zip", "toan-tinh.pdf", "manifest.json", "lineage.json"];
    let before = whole.map(hash);

    let mut archive = std::fs::read(out("archive.zip")).expect("there");
    let middle = archive.len() / 2;
    archive[middle] ^= 1;
    std::fs::write(out("archive.zip"), archive).expect("written");
    std::fs::remove_file(out("lineage.json")).expect("removed");
    let again = province.close("out", &[]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert_eq!(before, whole.map(hash), "the length of a file proves nothing");

    // Kinds that are not asked for this time are no waste of the last.
    let some = province.close("out", &["--kind", "annual-summary"]);
    assert_eq!(some.code, Some(0), "{}", some.err);
    assert_eq!(
        papers_in(&province.out("out")).into_keys().collect::<Vec<_>>(),
        [format!("{id}/02-annual-summary.pdf")]
    );
    assert!(out("toan-tinh/bao-cao-tong-hop.pdf").exists() && !some.err.contains("Đã xóa"), "{}", some.err);

    // Without a report there is no lineage; the manifest follows the register.
    edit(&province.inputs().join("province.json"), |register| {
        register["province"] = json!("tỉnh Thử Nghiệm");
        register.as_object_mut().expect("an object").remove("report");
    });
    let after = province.close("out", &[]);
    assert_eq!(after.code, Some(0), "{}", after.err);
    assert!(after.err.contains("Đã xóa 2 tệp"), "{}", after.err);
    assert!(!out("lineage.json").exists() && !out("toan-tinh/bao-cao-tong-hop.pdf").exists());
    edit(&province.inputs().join("province.json"), |register| register["province"] = json!("tỉnh Thử Nghiệm Hai"));
    assert_eq!(province.close("out", &[]).code, Some(0));
    let manifest: Value = serde_json::from_slice(&std::fs::read(out("manifest.json")).expect("there")).expect("JSON");
    assert_eq!(manifest["province"], "tỉnh Thử Nghiệm Hai");
}

#[test]
fn in_part_means_any_file_and_the_report_says_whose_figures_are_faulty() {
    let province = Province::invent("0");
    province.leave(2);
    let sent = province.inputs().join("gui-lan-1.json");
    std::fs::rename(&province.files()[1], &sent).expect("renamed");
    edit(&sent, |sent| {
        let figure = sent["papers"][1]["content"].pointer_mut("/commendation_totals/collective").expect("a figure");
        *figure = json!(figure.as_u64().expect("a count") + 1);
    });
    std::fs::write(province.inputs().join("hong.json"), "{").expect("written");
    std::fs::write(province.inputs().join("la.json"), r#"{"bloc": "khong-co", "papers": []}"#).expect("written");
    std::fs::write(province.inputs().join("archive.json"), r#"{"kind": "annual-summary"}"#).expect("written");
    let outcome = province.close("out", &["--accept-partial", "--kind", "provincial-summary"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.err);
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(province.out("out/manifest.json")).expect("there")).expect("JSON");
    let left_out: Vec<(&str, &str)> = manifest["left_out"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|left| (left["paper"].as_str().expect("a name"), left["code"].as_str().expect("a code")))
        .collect();
    let expected = [
        ("archive.json", "bad-parameter"),
        ("hong.json", "malformed-json"),
        ("la.json", "invalid-document"),
        ("gui-lan-1/02-annual-summary", "invalid-document"),
    ];
    assert_eq!(left_out, expected);
    let report = words(&province.out("out/toan-tinh/bao-cao-tong-hop.pdf"));
    assert!(report.contains("Sốliệugửicònlỗi,chưatổnghợp"), "{report}");

    // What cannot be left out is not said to be.
    std::fs::copy(&sent, province.inputs().join("gui-lan-2.json")).expect("copied");
    let refused = province.close("out", &["--accept-partial"]);
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("không bỏ qua được") && !refused.err.contains("hoặc thêm"), "{}", refused.err);
}
