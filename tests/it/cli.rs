//! The command line: data on standard output, everything else on standard error, exit codes by remedy.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{
    papers,
    programs::{Outcome, run, run_command, run_in, tdkt},
};

const KIND: &str = "six-month-review";

/// A folder with the samples `simple.json`, `minimal.json` and `bad.json` in it.
fn desk() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for sample in ["simple", "minimal"] {
        fs::write(folder.path().join(format!("{sample}.json")), papers::sample(sample)).expect("written");
    }
    let mut bad = papers::sample_value("simple");
    bad["content"]["member_count"] = json!(9);
    fs::write(folder.path().join("bad.json"), bad.to_string()).expect("written");
    folder
}

/// Asserts an exit code and that everything said stands on standard error.
#[track_caller]
fn fails(outcome: &Outcome, code: i32, words: &[&str]) {
    assert_eq!(outcome.code, Some(code), "{}", outcome.err);
    assert!(outcome.out.is_empty(), "on standard output: {}", String::from_utf8_lossy(&outcome.out));
    for word in ["lỗi: ", "gợi ý: "].iter().chain(words) {
        assert!(outcome.err.contains(word), "nothing of {word:?} in:\n{}", outcome.err);
    }
}

/// Names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_paper_is_rendered_to_the_file_that_is_named() {
    let desk = desk();
    let outcome = run_in(desk.path(), &["render", "simple.json", "-o", "out.pdf"], b"");
    assert_eq!((outcome.code, outcome.text()), (Some(0), ""), "{}", outcome.err);
    let told = run_in(desk.path(), &["render", "-", "-o", "-"], papers::remarkable().as_bytes());
    assert!(told.err.contains("lưu ý [D06]"), "{}", told.err);
    let expected = papers::pdf(papers::sample("simple").as_bytes());
    assert!(fs::read(desk.path().join("out.pdf")).expect("written") == expected, "the same bytes as in process");

    // Without a name it gets its own, and an old file is replaced.
    let name = "Báo cáo sơ kết 6 tháng đầu năm 2026 - Khối thi đua các cơ quan kinh tế - tổng hợp.pdf";
    fs::write(desk.path().join(name), "an old file").expect("written");
    assert_eq!(run_in(desk.path(), &["render", "simple.json"], b"").code, Some(0));
    assert!(fs::read(desk.path().join(name)).expect("written") == expected);
    assert_eq!(files(desk.path()), [name, "bad.json", "minimal.json", "out.pdf", "simple.json"]);
}

#[test]
fn a_paper_goes_through_a_pipe() {
    let desk = desk();
    let outcome = run_in(desk.path(), &["render", "-", "-o", "-"], papers::sample("simple").as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(outcome.out == papers::pdf(papers::sample("simple").as_bytes()), "the paper and nothing else");
    assert_eq!(files(desk.path()).len(), 3, "nothing was left behind");
}

#[test]
fn a_draft_and_pictures_can_be_had_instead() {
    let desk = desk();
    let outcome = run_in(desk.path(), &["render", "simple.json", "--draft", "-o", "-"], b"");
    let text = papers::text(&outcome.out);
    assert!(!text.contains("05/BC-KTĐ"), "a draft has no number: {text}");

    let outcome = run_in(desk.path(), &["render", "simple.json", "--png", "-o", "page.png"], b"");
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let pages = papers::text(&papers::pdf(papers::sample("simple").as_bytes())).matches('\u{c}').count();
    for page in 1..=pages {
        let png = fs::read(desk.path().join(format!("page-{page}.png"))).expect("written");
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    }
    assert!(!desk.path().join(format!("page-{}.png", pages + 1)).exists());
    fails(&run_in(desk.path(), &["render", "simple.json", "--png", "-o", "-"], b""), 1, &["đầu ra chuẩn"]);
}

#[test]
fn a_check_says_what_is_wrong_for_people_and_for_programs() {
    let desk = desk();
    let good = run_in(desk.path(), &["check", "-"], papers::remarkable().as_bytes());
    assert_eq!((good.code, good.text()), (Some(0), "Dữ liệu hợp lệ (phiên bản pháp luật E3).\n"));
    assert!(good.err.contains("lưu ý [D06]"), "{}", good.err);
    let bad = run_in(desk.path(), &["check", "bad.json"], b"");
    fails(&bad, 1, &["lỗi [M02] /content/member_count, /content/members", "đang ghi: "]);

    let good = run_in(desk.path(), &["check", "-", "--json"], papers::remarkable().as_bytes());
    let result: Value = serde_json::from_str(good.text()).expect("JSON");
    assert_eq!(
        (good.code, &result["acceptable"], &result["findings"][0]["code"]),
        (Some(0), &json!(true), &json!("D06"))
    );
    let bad = run_in(desk.path(), &["check", "-", "--json"], &fs::read(desk.path().join("bad.json")).expect("there"));
    let result: Value = serde_json::from_str(bad.text()).expect("JSON");
    assert_eq!(
        (bad.code, &result["acceptable"], &result["findings"][0]["code"]),
        (Some(1), &json!(false), &json!("M02"))
    );
    let broken = run_in(desk.path(), &["check", "-", "--json"], b"{\"kind\": ");
    let result: Value = serde_json::from_str(broken.text()).expect("JSON");
    assert_eq!((broken.code, &result["acceptable"]), (Some(1), &json!(false)));
    assert_eq!(
        (&result["failure"]["code"], &result["findings"][0]["code"]),
        (&json!("malformed-json"), &json!("json-syntax"))
    );
    let message = result["findings"][0]["message_vi"].as_str().expect("a sentence");
    assert!(message.starts_with("Dòng 1, cột 9: tệp kết thúc giữa chừng"), "{message}");
    // A schema's fault speaks English, not Rust.
    let mut wrong = papers::sample_value("simple");
    wrong["content"]["member_count"] = json!("chín");
    let wrong = run_in(desk.path(), &["check", "-", "--json"], wrong.to_string().as_bytes());
    let result: Value = serde_json::from_str(wrong.text()).expect("JSON");
    assert_eq!(result["findings"][0]["message_en"], "Must be a whole number.", "{result:#}");
    assert_eq!(files(desk.path()).len(), 3, "a check writes nothing");
}

#[test]
fn kinds_schemas_and_samples_are_printed() {
    let kinds = run(&["kinds"]);
    assert_eq!(kinds.code, Some(0));
    let line = kinds.text().lines().find(|line| line.starts_with(KIND)).expect("the kind");
    assert_eq!(
        line.split('\t').collect::<Vec<_>>(),
        [KIND, "Báo cáo sơ kết 6 tháng", "hostile, minimal, overflow, simple"]
    );
    let schema: Value = serde_json::from_str(run(&["schema", KIND]).text()).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    for sample in ["simple", "minimal", "overflow", "hostile"] {
        let outcome = run(&["sample", KIND, sample]);
        assert_eq!((outcome.code, outcome.text()), (Some(0), papers::sample(sample)));
        assert!(validator.is_valid(&papers::sample_value(sample)));
    }
    assert_eq!(run(&["sample", KIND]).text(), papers::sample("simple"));
    fails(&run(&["schema", "none"]), 1, &["none", KIND]);
    fails(&run(&["sample", "none"]), 1, &["none", KIND]);
    fails(&run(&["sample", KIND, "none"]), 1, &["none", "simple"]);
}

#[test]
fn the_exit_code_tells_whose_move_it_is() {
    let desk = desk();
    let run_here = |arguments: &[&str]| run_in(desk.path(), arguments, b"");
    fails(&run_here(&["render", "bad.json", "-o", "x.pdf"]), 1, &["M02"]);
    fails(&run_here(&["render", "none.json", "-o", "x.pdf"]), 1, &["none.json"]);
    fails(&run_here(&["work"]), 1, &["Redis"]);
    fails(&run_here(&["serve", "--redis-url", "http://x"]), 1, &["Redis"]);
    fails(&run_here(&["serve", "--listen", "192.0.2.1:1"]), 1, &["192.0.2.1:1"]);
    fails(&run_here(&["kinds", "--max-starts", "0"]), 1, &["max_starts"]);
    fails(&run_here(&["kinds", "--config", "none.toml"]), 1, &["none.toml"]);
    for usage in [&["nonsense"][..], &["render"], &["render", "a", "b", "c"], &["kinds", "--listen", "x"], &[]] {
        let outcome = run_here(usage);
        assert_eq!(outcome.code, Some(2), "{usage:?}: {}", outcome.err);
        assert!(outcome.out.is_empty() && outcome.err.contains("--help"), "{usage:?}: {}", outcome.err);
    }
    for (arguments, words) in [
        (&["chek", "x"][..], &["không có lệnh “chek”", "có phải “check”?"][..]),
        (&["kinds", "--lissten", "x"], &["không có tùy chọn hoặc đối số “--lissten”", "“--listen”"]),
        (&["render"], &["thiếu <"]),
        (&["sample"], &["thiếu <"]),
        (&["check", "--paper", "x.pdf", "--form", "poem"], &["giá trị “poem” của --form", "report, minutes, letter"]),
        (&["kinds", "--listen", "x"], &["giá trị “x” của --listen"]),
        (&["kinds", "--listen"], &["--listen", "cần một giá trị"]),
        (&["check", "x.json", "--paper", "x.pdf"], &["không dùng cùng với"]),
        (&[], &["chưa nêu lệnh", "Cách dùng:"]),
    ] {
        let outcome = run_here(arguments);
        assert_eq!((outcome.code, outcome.text()), (Some(2), ""), "{arguments:?}: {}", outcome.err);
        for word in words.iter().chain(&["lỗi: "]) {
            assert!(outcome.err.contains(word), "{arguments:?}: nothing of {word:?} in:\n{}", outcome.err);
        }
        for english in ["error:", "Usage", "tip:", "For more information", "Options:", "Commands:"] {
            assert!(!outcome.err.contains(english), "{arguments:?}: {english} in:\n{}", outcome.err);
        }
    }
    fs::create_dir(desk.path().join("empty")).expect("made");
    fails(&run_here(&["render", "simple.json", "--templates", "empty", "-o", "x.pdf"]), 3, &["template folder"]);
    fails(&run_here(&["render", "simple.json", "--templates", "none", "-o", "x.pdf"]), 3, &["none"]);

    // The data folder's ledger is no ledger: the store does not answer, perhaps later.
    fs::create_dir_all(desk.path().join("ill/ledger.sqlite")).expect("made");
    fails(&run_here(&["serve", "--listen", "127.0.0.1:0", "--data", "ill"]), 75, &["Kho dữ liệu"]);
    assert!(!desk.path().join("x.pdf").exists());
    let help = run_here(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.text().contains("Lập văn bản hành chính") && help.text().contains("TDKT_LISTEN"), "{}", help.text());
    assert!(!help.text().contains("press"), "the render child is no command for people");
}

#[test]
fn an_organisations_id_is_read_alike_by_every_command() {
    for command in [
        ["keys", "create", "x", "--organisation", "Sở"].as_slice(),
        &["keys", "list", "--organisation", "Sở"],
        &["webhooks", "add", "https://example.org", "--organisation", "Sở"],
        &["webhooks", "list", "--organisation", "Sở"],
        &["webhooks", "reach", "Sở"],
        &["people", "find", "A", "--organisation", "Sở"],
        &["organisations", "add", "Sở"],
        &["organisations", "set", "Sở"],
        &["register", "status", "2026", "--organisation", "Sở"],
    ] {
        fails(&run(command), 2, &["“Sở”", "chữ thường không dấu"]);
    }
}

#[test]
fn a_file_that_cannot_be_written_whole_is_not_written_at_all() {
    let desk = desk();
    fs::write(desk.path().join("old.pdf"), "an old paper").expect("written");
    for unwritable in ["none/out.pdf", "simple.json/out.pdf", "/proc/out.pdf"] {
        fails(&run_in(desk.path(), &["render", "simple.json", "-o", unwritable], b""), 1, &[unwritable]);
    }
    // The disk is full after 8 blocks: the write fails in the middle of the paper.
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" render simple.json -o old.pdf";
    command.arg("-c").arg(script).arg(tdkt().get_program()).current_dir(desk.path());
    fails(&run_command(command, b""), 1, &["old.pdf"]);
    assert_eq!(fs::read(desk.path().join("old.pdf")).expect("there"), b"an old paper");
    assert_eq!(files(desk.path()), ["bad.json", "minimal.json", "old.pdf", "simple.json"], "nothing half-written");
}

#[test]
fn the_doctor_examines_the_installation() {
    let desk = desk();
    let well = run_in(desk.path(), &["doctor"], b"");
    assert_eq!(well.code, Some(0), "{}\n{}", well.text(), well.err);
    for part in ["Phông chữ", "Phiên bản pháp luật", "Báo cáo sơ kết 6 tháng", "Thư mục dữ liệu", "Sổ việc", "Hàng đợi"]
    {
        assert!(well.text().contains(&format!("[đạt] {part}")), "{part}:\n{}", well.text());
    }
    assert!(well.text().contains("[đạt] Tiến trình kết xuất"), "{}", well.text());
    let ill = run_in(desk.path(), &["doctor", "--redis-url", "redis://127.0.0.1:1/", "--templates", "none"], b"");
    assert_eq!(ill.code, Some(3), "{}", ill.err);
    assert!(ill.text().contains("[LỖI] Hàng đợi") && ill.text().contains("[LỖI] Mẫu văn bản"), "{}", ill.text());
    assert!(ill.err.contains("lỗi: ") && ill.err.contains("gợi ý: "), "{}", ill.err);
}

/// A copy of the template folder.
fn templates(desk: &TempDir) -> PathBuf {
    let copy = desk.path().join("templates");
    papers::copy_folder(&papers::repository("report_templates"), &copy);
    copy
}

/// Puts a line before the first line of a file that begins so, and gives its number.
fn insert_before(file: &Path, beginning: &str, line: &str) -> usize {
    let text = fs::read_to_string(file).expect("there");
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(beginning)).expect("the place is there");
    lines.insert(at, line);
    fs::write(file, lines.join("\n")).expect("written");
    at + 1
}

#[test]
fn a_template_author_is_led_to_file_line_and_column() {
    const BODY: &str = "documents/six-month-review/body.typ.j2";
    const TITLE: &str = "layout/parts/title.typ";
    let preview = |desk: &TempDir, folder: &Path| {
        let folder = folder.to_str().expect("UTF-8");
        run_in(desk.path(), &["preview", KIND, "--once", "--templates", folder, "-o", "preview.pdf"], b"")
    };
    for (file, before, line, column, cause) in [
        (BODY, "#section[Đặc điểm", "#let x = 1 + \"a\"", 10, "cannot add integer and string"),
        (BODY, "#section[Đặc điểm", "#nosuch()", 2, "unknown variable: nosuch"),
        (BODY, "#section[Đặc điểm", "xin #chào", 6, "unknown variable"),
        (BODY, "#section[Đặc điểm", "{{ content.nothing.x }}", 11, "undefined"),
        (BODY, "#section[Đặc điểm", "{% if %}", 7, "syntax error"),
        (BODY, "#section[Đặc điểm", "{{ content | nofilter }}", 14, "unknown filter"),
        ("phrases/people.j2", "{%- macro", "{% nonsense %}", 4, "syntax error"),
        (TITLE, "#let", "#let broken = 1 + \"a\"", 15, "cannot add integer and string"),
        (TITLE, "#let", "#let broken = )", 14, "expected expression"),
    ] {
        let desk = desk();
        let folder = templates(&desk);
        let number = insert_before(&folder.join(file), before, line);
        let outcome = preview(&desk, &folder);
        fails(&outcome, 3, &[cause]);
        let place = format!("{file}:{number}:{column}: ");
        assert!(outcome.err.contains(&place), "{line}: nothing of {place:?} in:\n{}", outcome.err);
        assert!(!desk.path().join("preview.pdf").exists());
    }
    let desk = desk();
    let folder = templates(&desk);
    let outcome = preview(&desk, &folder);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(fs::read(desk.path().join("preview.pdf")).expect("written").starts_with(b"%PDF-"));
    fails(&run_in(desk.path(), &["preview", "none", "--once"], b""), 1, &["none"]);
    fails(&run_in(desk.path(), &["preview", KIND], b""), 1, &["--templates"]);
}

#[test]
fn a_font_that_cannot_be_read_is_named() {
    let desk = desk();
    let fonts = desk.path().join("fonts");
    fs::create_dir(&fonts).expect("made");
    fs::write(fonts.join("readme.txt"), "no font, and no fault").expect("written");
    let render = || run_in(desk.path(), &["render", "simple.json", "--fonts", "fonts", "-o", "out.pdf"], b"");
    // A folder that is named is meant to hold fonts.
    fails(&render(), 3, &["fonts"]);
    fs::write(fonts.join("Times.ttf"), "not a font").expect("written");
    fails(&render(), 3, &["Times.ttf"]);
    assert!(!desk.path().join("out.pdf").exists());
    fails(&run_in(desk.path(), &["render", "simple.json", "--fonts", "none", "-o", "out.pdf"], b""), 3, &["none"]);
}

#[test]
fn a_variable_that_is_no_setting_is_named_and_the_one_that_was_meant() {
    let mut command = tdkt();
    command.arg("kinds").env("TDKT_LISTN", "127.0.0.1:1").env("TDKT_REDISURL", "secret").env("TDKT_DATA", "x");
    let outcome = run_command(command, b"");
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let lines: Vec<&str> = outcome.err.lines().collect();
    assert_eq!(
        lines,
        [
            "cảnh báo: biến môi trường TDKT_LISTN không phải mục cấu hình; có phải TDKT_LISTEN?",
            "cảnh báo: biến môi trường TDKT_REDISURL không phải mục cấu hình; có phải TDKT_REDIS_URL?"
        ]
    );
    assert!(!outcome.err.contains("secret"), "a value may be a password");
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_the_file() {
    let desk = desk();
    fs::write(desk.path().join("tdkt.toml"), "data = \"from-file\"\nredis_url = \"\"\n").expect("written");
    fs::write(desk.path().join("typo.toml"), "dada = \"x\"\n").expect("written");
    let data_folder = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = tdkt();
        command.arg("doctor").args(arguments).envs(environment.iter().copied()).current_dir(desk.path());
        let outcome = run_command(command, b"");
        let line = outcome.text().lines().find(|line| line.contains("Thư mục dữ liệu")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{}", outcome.err))
    };
    let (file, env) = (["--config", "tdkt.toml"], [("TDKT_DATA", "from-env")]);
    assert!(data_folder(&[], &[]).contains(": data: "), "the default");
    assert!(data_folder(&[], &file).contains(": from-file: "));
    assert!(data_folder(&[("TDKT_CONFIG", "tdkt.toml")], &[]).contains(": from-file: "));
    assert!(data_folder(&env, &file).contains(": from-env: "));
    assert!(data_folder(&env, &["--config", "tdkt.toml", "--data", "from-flag"]).contains(": from-flag: "));
    fails(&run_in(desk.path(), &["kinds", "--config", "typo.toml"], b""), 1, &["dada"]);
}
