//! What ships the program: Dockerfile, compose.yaml, systemd units name only what is there.

use std::{collections::BTreeSet, path::Path};

use tdkt_reports::settings::{GivenSettings, Settings};

use super::support::papers::repository;

fn read(path: &str) -> String {
    std::fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const FILES: [&str; 4] =
    ["Dockerfile", "compose.yaml", "ops/systemd/tdkt-reports.service", "ops/systemd/tdkt-reports-worker@.service"];
const SOCKET: &str = "ops/systemd/tdkt-reports.socket";

/// The words of a text that begin so.
fn words<'a>(text: &'a str, beginning: &str) -> BTreeSet<&'a str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_word(c)).filter(|word| word.starts_with(beginning)).collect()
}

#[test]
fn every_variable_that_a_package_sets_is_a_setting() {
    let mut named = 0;
    for file in FILES {
        for name in words(&read(file), "TDKT_") {
            named += 1;
            assert!(Settings::ENVIRONMENT.contains(&name), "{file}: {name} is no setting");
        }
    }
    assert!(named >= 8, "{named}");
}

#[test]
fn every_package_waits_longer_for_a_stop_than_a_stop_may_take() {
    let drain = Settings::resolve(&GivenSettings::default()).expect("defaults").drain_s;
    let seconds = |text: &str, name: &str| -> Vec<u64> {
        let values = text.lines().filter_map(|line| line.trim().strip_prefix(name));
        values.map(|value| value.trim().trim_end_matches('s').parse().expect("seconds")).collect()
    };
    let compose = seconds(&read("compose.yaml"), "stop_grace_period:");
    let units = FILES[2..].iter().flat_map(|file| seconds(&read(file), "TimeoutStopSec="));
    let all: Vec<u64> = compose.into_iter().chain(units).collect();
    assert!(all.len() >= 4);
    assert!(all.iter().all(|wait| *wait > drain + 5), "{all:?}, and a stop may take {}", drain + 5);
}

/// Workers carry events to webhooks as the service does: without a way out each event that they take fails.
#[test]
fn every_container_of_the_program_reaches_other_hosts() {
    let compose = read("compose.yaml");
    let ours: Vec<&str> = compose.split("    <<: *tdkt\n").skip(1).collect();
    assert_eq!(ours.len(), 2, "the service and its workers");
    for container in ours {
        let networks = container.lines().find_map(|line| line.strip_prefix("    networks: ")).expect("networks");
        let named: Vec<&str> = networks.trim_matches(['[', ']']).split(", ").collect();
        assert!(named.contains(&"inside") && named.contains(&"outside"), "{named:?}");
    }
    let outside = compose.split("\nnetworks:\n").nth(1).expect("networks").split("  outside:\n").nth(1);
    assert!(outside.expect("a network").starts_with('\n'), "outside is not internal");
}

#[test]
fn the_socket_s_unit_has_one_address_the_default_one_and_belongs_to_the_service() {
    let unit = read(SOCKET);
    let addresses: Vec<&str> = unit.lines().filter_map(|line| line.strip_prefix("ListenStream=")).collect();
    let listen = Settings::resolve(&GivenSettings::default()).expect("defaults").listen.to_string();
    assert_eq!(addresses, [listen.as_str()], "one socket is taken");
    assert!(!unit.contains("Accept=yes") && !unit.contains("\nService="), "it is handed to the service of its name");
    assert_eq!(SOCKET.replace(".socket", ".service"), FILES[2]);
}

#[test]
fn the_image_is_built_by_the_compiler_that_the_tests_use() {
    let toolchain = read("rust-toolchain.toml");
    let version = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")).expect("a version");
    let image = format!("FROM rust:{}-bookworm", version.trim_end_matches('"'));
    assert!(read("Dockerfile").contains(&image), "{image}");
}

/// A file that is compiled in and not copied would fail the build of the image alone.
#[test]
fn the_image_s_build_has_every_file_that_is_compiled_in() {
    let docker = read("Dockerfile");
    let copied = copied(&docker);
    let let_in = read(".dockerignore");
    let mut folders = vec![repository("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            for start in ["include_str!(\"", "include_bytes!(\"", "include_dir!(\""] {
                for named in text.split(start).skip(1).filter_map(|rest| rest.split('"').next()) {
                    seen += 1;
                    let named = match named.strip_prefix("$CARGO_MANIFEST_DIR/") {
                        Some(from_root) => from_root.to_owned(),
                        None => inside(path.parent().expect("a folder"), named),
                    };
                    assert!(is_under(&copied, &named), "{} needs {named}", path.display());
                    assert!(is_let_in(&let_in, &named), ".dockerignore keeps {named} out");
                }
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

/// Cargo refuses a manifest that names what is not there, whatever is to be built of it.
#[test]
fn the_image_s_build_has_every_file_that_the_manifest_names() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let (docker, let_in) = (read("Dockerfile"), read(".dockerignore"));
    let copied = copied(&docker);
    let mut named: Vec<String> = vec!["Cargo.toml".into(), "Cargo.lock".into(), "build.rs".into()];
    for (table, folder) in [("bin", "src/bin"), ("bench", "benches"), ("test", "tests"), ("example", "examples")] {
        let targets = manifest.get(table).and_then(toml::Value::as_array).into_iter().flatten();
        named.extend(targets.map(|target| match target.get("path").and_then(toml::Value::as_str) {
            Some(path) => path.to_owned(),
            None => format!("{folder}/{}.rs", target["name"].as_str().expect("a name")),
        }));
    }
    assert!(named.iter().any(|file| file == "benches/load.rs"), "{named:?}");
    for file in &named {
        assert!(repository(file).is_file(), "{file} is no file");
        assert!(is_under(&copied, file), "the build has no {file}");
        assert!(is_let_in(&let_in, file), ".dockerignore keeps {file} out");
    }
}

/// What the image's build has.
fn copied(docker: &str) -> Vec<&str> {
    let lines = docker.lines().filter_map(|line| line.strip_prefix("COPY ").filter(|rest| !rest.starts_with("--")));
    lines.flat_map(str::split_whitespace).collect()
}

fn is_under(places: &[&str], named: &str) -> bool {
    places.iter().any(|place| named == *place || named.starts_with(&format!("{place}/")))
}

/// The last line that speaks of a file decides.
fn is_let_in(ignored: &str, named: &str) -> bool {
    let speaks = |pattern: &str| match pattern.strip_suffix('*') {
        Some(folder) => named.starts_with(folder),
        None => named == pattern || named.starts_with(&format!("{pattern}/")),
    };
    let last = ignored.lines().rfind(|line| speaks(line.trim_start_matches('!')));
    last.is_none_or(|line| line.starts_with('!'))
}

/// A relative name from a folder, as the path from the repository's root.
fn inside(folder: &Path, named: &str) -> String {
    let mut path = folder.strip_prefix(repository("")).expect("in the repository").to_owned();
    for part in named.split('/') {
        match part {
            ".." => assert!(path.pop()),
            part => path.push(part),
        }
    }
    path.display().to_string()
}
