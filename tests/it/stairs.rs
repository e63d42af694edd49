//! The order of the rooms, and the crates that may not leave theirs.

use std::path::{Path, PathBuf};

use crate::support::papers::repository;

/// Which crates (by the beginning of their names) stand in which rooms only.
const FENCES: &[(&str, &[&str])] = &[
    ("apalis", &["queue"]),
    ("redis", &["queue"]),
    ("sqlx", &["ledger"]),
    ("typst", &["typesetting"]),
    ("comemo", &["typesetting"]),
    ("minijinja", &["composition"]),
    ("actix_web", &["api", "app"]),
    ("jsonschema", &["catalog", "intake"]),
    ("hayro_interpret", &["reading"]),
    ("landlock", &["press"]),
    ("seccompiler", &["press"]),
    ("zip", &["binding"]),
    ("reqwest", &["outbound", "telemetry"]),
    ("prometheus_client", &["metrics"]),
    ("lopdf", &["merging"]),
    ("indicatif", &["cli"]),
    ("object_store", &["archive"]),
    ("listenfd", &["app"]),
    ("socket2", &["app"]),
];

/// Above this a file is to be split along a noun.
const LONGEST_FILE: usize = 400;

#[test]
fn a_room_uses_only_rooms_that_stand_before_it() {
    let rooms = rooms();
    assert!(rooms.len() > 20, "src/lib.rs lists its rooms: {rooms:?}");
    let faults: Vec<String> =
        sources().iter().flat_map(|source| climbing(&rooms, &source.path, &source.room, &source.text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_crate_stays_inside_its_rooms() {
    let faults: Vec<String> =
        sources().iter().flat_map(|source| outside_fences(&source.path, &source.room, &source.text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_room_is_listed_and_every_listed_room_is_there() {
    let mut listed = rooms();
    listed.extend(["lib".to_owned(), "main".to_owned()]);
    let mut found: Vec<String> = sources().into_iter().map(|source| source.room).collect();
    found.dedup();
    listed.sort();
    found.sort();
    found.dedup();
    assert_eq!(found, listed);
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let mut long = Vec::new();
    for path in rust_files(&repository("src")) {
        let lines = std::fs::read_to_string(&path).expect("readable").lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(long.is_empty(), "split along a noun:\n{}", long.join("\n"));
}

/// `main.rs` parses arguments and hands over.
#[test]
fn the_main_file_has_at_most_twenty_lines() {
    let lines = std::fs::read_to_string(repository("src/main.rs")).expect("readable").lines().count();
    assert!(lines <= 20, "{lines} lines");
}

#[test]
fn a_planted_climb_is_caught() {
    let rooms: Vec<String> = ["failure", "calendar", "queue", "desk"].map(str::to_owned).into();
    let check = |path: &str, room: &str, text: &str| climbing(&rooms, path, room, text);
    assert_eq!(
        check("src/calendar.rs", "calendar", "//! Days.\n\nuse crate::failure::Finding;\nuse crate::queue::Bell;\n"),
        ["src/calendar.rs:4: calendar may not use queue (it stands after)"]
    );
    // In a group, over several lines, with inner groups.
    let group = "use crate::{\n    failure::{Failure, Finding},\n    desk::{Desk, queue},\n};\n";
    assert_eq!(
        check("src/queue/mod.rs", "queue", group),
        ["src/queue/mod.rs:3: queue may not use desk (it stands after)"]
    );
    // In a path inside an expression or an attribute, and by way of `super`.
    let inside =
        "fn f() {\n    crate::desk::open();\n}\n#[serde(deserialize_with = \"crate::queue::read\")]\nstruct S;\n";
    assert_eq!(check("src/failure.rs", "failure", inside).len(), 2);
    assert_eq!(check("src/queue/redis.rs", "queue", "use super::super::desk::Desk;\n").len(), 1);
    assert_eq!(check("src/calendar.rs", "calendar", "use super::queue::Bell;\n").len(), 1);
    assert_eq!(check("src/queue/redis.rs", "queue", "use super::desk::Own;\n"), Vec::<String>::new());
    // A room that lib.rs does not know.
    assert_eq!(
        check("src/desk.rs", "desk", "use crate::attic::Box;\n"),
        ["src/desk.rs:1: there is no room attic in src/lib.rs"]
    );
    // Its own room, a comment, and tests are no climb.
    let allowed = "use crate::queue::Bell;\n// use crate::desk::Desk;\n/// See [`crate::desk`].\nfn f() {} // crate::desk\n\
                   #[cfg(test)]\nmod tests {\n    use crate::desk::Desk;\n    fn g() {\n    }\n}\n";
    assert_eq!(check("src/queue/mod.rs", "queue", allowed), Vec::<String>::new());
    let after_tests = format!("{allowed}fn h() {{ crate::desk::open() }}\n");
    assert_eq!(
        check("src/queue/mod.rs", "queue", &after_tests),
        ["src/queue/mod.rs:11: queue may not use desk (it stands after)"]
    );
}

#[test]
fn a_planted_crate_outside_its_fence_is_caught() {
    let check = |room: &str, text: &str| outside_fences("src/x.rs", room, text);
    assert_eq!(check("desk", "\nuse sqlx::SqlitePool;\n"), ["src/x.rs:2: sqlx may not stand in desk (only in ledger)"]);
    for (room, text) in [
        ("worker", "use apalis_redis::RedisStorage;"),
        ("dispatch", "let c = redis::Client::open(url);"),
        ("rendering", "use typst_pdf::PdfOptions;"),
        ("rendering", "use typst::{World, Library};"),
        ("rendering", "comemo::evict(0);"),
        ("rendering", "let e = minijinja::Environment::new();"),
        ("cli", "use minijinja::value::Value;"),
        ("rendering", "minijinja::context! { paper }"),
        ("desk", "use actix_web as web;"),
        ("document", "fn f(v: &jsonschema::Validator) {}"),
        ("cli", "    #[from] typst_as_lib::Error,"),
    ] {
        assert_eq!(check(room, text).len(), 1, "{room}: {text}");
    }
    for (room, text) in [
        ("queue", "use apalis_redis::RedisStorage;"),
        ("ledger", "sqlx::query(\"\");"),
        ("dispatch", "use crate::queue::redis::Bell;"),
        ("desk", "// sqlx::query would be wrong here"),
        ("cli", "composition::typst_string(\"x\")"),
        ("press", "#[cfg(test)]\nmod tests {\n    use typst::World;\n}"),
    ] {
        assert_eq!(check(room, text), Vec::<String>::new(), "{room}: {text}");
    }
}

struct Source {
    /// From the repository's root.
    path: String,
    room: String,
    text: String,
}

/// The rooms in the order of `src/lib.rs`.
fn rooms() -> Vec<String> {
    let text = std::fs::read_to_string(repository("src/lib.rs")).expect("readable");
    let names = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// Every source file under `src/` that is not a file of tests.
fn sources() -> Vec<Source> {
    let root = repository("");
    let mut sources = Vec::new();
    for path in rust_files(&repository("src")) {
        let inside = path.strip_prefix(&root).expect("in the repository").to_string_lossy().replace('\\', "/");
        let name = path.file_stem().expect("a name").to_string_lossy();
        if name == "tests" || name.ends_with("_tests") {
            continue;
        }
        let below = inside.strip_prefix("src/").expect("under src/");
        let room = below.split(['/', '.']).next().expect("a name").to_owned();
        sources.push(Source { room, text: std::fs::read_to_string(&path).expect("readable"), path: inside });
    }
    sources
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            files.push(entry);
        }
    }
    files.sort();
    files
}

/// Every use of a room that stands after `room`, or of one that does not exist.
fn climbing(rooms: &[String], path: &str, room: &str, text: &str) -> Vec<String> {
    let place = |name: &str| rooms.iter().position(|other| other == name);
    let Some(own) = place(room) else { return Vec::new() };
    let mut faults = Vec::new();
    for (line, used) in uses(path, text) {
        match place(&used) {
            Some(other) if other > own => {
                faults.push(format!("{path}:{line}: {room} may not use {used} (it stands after)"));
            }
            Some(_) => {}
            None => faults.push(format!("{path}:{line}: there is no room {used} in src/lib.rs")),
        }
    }
    faults
}

/// The rooms that a file names, each with its line (from 1).
fn uses(path: &str, text: &str) -> Vec<(usize, String)> {
    let code = code(text);
    let mut found = Vec::new();
    let roots = ["crate::".to_owned(), "super::".repeat(depth(path))];
    for root in roots {
        for (at, _) in code.match_indices(root.as_str()) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &code[at + root.len()..];
            let names = if rest.starts_with('{') { names_of_group(rest) } else { vec![(0, name_at(rest))] };
            for (offset, name) in names {
                // `crate::NAME` is an item of lib.rs and `super::self` nothing at all; there are none.
                if name.chars().next().is_some_and(char::is_lowercase) && name != "super" && name != "self" {
                    found.push((1 + code[..at + root.len() + offset].matches('\n').count(), name));
                }
            }
        }
    }
    found.sort();
    found
}

/// How many modules lie between a file's own module and the crate, its own included.
fn depth(path: &str) -> usize {
    let below = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    below.split('/').count()
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names inside `{a::{b, c}, d}`, with their offsets: `a` and `d`.
fn names_of_group(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let (mut depth, mut expected) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '{' => {
                depth += 1;
                expected = depth == 1;
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            ',' => expected = depth == 1,
            c if c.is_whitespace() => {}
            _ if expected => {
                names.push((at, name_at(&text[at..])));
                expected = false;
            }
            _ => {}
        }
    }
    names
}

/// Every crate that stands in a room outside of its fence.
fn outside_fences(path: &str, room: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut faults = Vec::new();
    for (line, content) in code.lines().enumerate() {
        let named: Vec<String> = crates_of(content);
        for name in named {
            let fence = FENCES.iter().find(|(crate_name, _)| {
                name == *crate_name || name.strip_prefix(crate_name).is_some_and(|rest| rest.starts_with('_'))
            });
            let Some((_, inside)) = fence else { continue };
            if !inside.contains(&room) {
                let only = inside.join(", ");
                faults.push(format!("{path}:{}: {name} may not stand in {room} (only in {only})", line + 1));
            }
        }
    }
    faults
}

/// Names that open a path on the line (`name::…`), and names after `use`.
fn crates_of(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut start = None;
    for (at, character) in line.char_indices().chain([(line.len(), ' ')]) {
        let in_name = character.is_alphanumeric() || character == '_';
        match (start, in_name) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                let opens = !line[..from].ends_with("::");
                let named = line[at..].starts_with("::") || line[..from].ends_with("use ");
                if opens && named {
                    names.push(line[from..at].to_owned());
                }
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    names
}

/// The text without comments and without `#[cfg(test)]` items; every line keeps its number.
fn code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut until: Option<String> = None;
    let mut skip_item = false;
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some(end) = &until {
            if line.strip_prefix(end.as_str()).is_some_and(|rest| rest.is_empty() || rest == ";") {
                until = None;
            }
        } else if skip_item {
            // Further attributes may stand between.
            if !line.trim_start().starts_with("#[") {
                skip_item = false;
                if line.trim_end().ends_with('{') {
                    until = Some(format!("{indent}}}"));
                }
            }
        } else if line.trim_start() == "#[cfg(test)]" {
            skip_item = true;
        } else if !line.trim_start().starts_with("//") {
            kept.push_str(line.split_once(" // ").map_or(line, |(before, _)| before));
        }
        kept.push('\n');
    }
    kept
}
