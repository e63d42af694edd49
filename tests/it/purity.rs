//! The same request gives the same bytes: whatever the order of its keys, the process, the time zone, the language.

use std::{path::Path, process::Command};

use serde_json::Value;
use tdkt_reports::fingerprint;

use crate::support::papers::{self, all_requests, example, example_value, sample_value};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tdkt-reports");

#[test]
fn the_order_of_keys_changes_no_byte() {
    for request in [
        sample_value("simple"),
        sample_value("overflow"),
        example_value("kon-tum-2020"),
        example_value("quang-nam-2019"),
    ] {
        let first = fingerprint::of(&papers::made(request.to_string().as_bytes()));
        for seed in 1..=3 {
            let mut chance = Chance(seed);
            let shuffled = shuffled(&request, &mut chance);
            assert_ne!(shuffled, request.to_string());
            assert_eq!(fingerprint::of(&papers::made(shuffled.as_bytes())), first, "seed {seed}");
        }
    }
}

#[test]
fn two_processes_in_two_worlds_write_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let homes = [folder.path().join("hanoi"), folder.path().join("los-angeles")];
    let worlds: [&[(&str, &str)]; 2] = [
        &[("TZ", "Asia/Ho_Chi_Minh"), ("LANG", "vi_VN.UTF-8"), ("RAYON_NUM_THREADS", "1"), ("USER", "a")],
        &[("TZ", "America/Los_Angeles"), ("LANG", "C"), ("LC_ALL", "C"), ("USER", "b")],
    ];
    homes.iter().for_each(|home| std::fs::create_dir(home).expect("a folder"));
    for (number, (name, request)) in all_requests().into_iter().enumerate() {
        let here = fingerprint::of(&papers::made(&request));
        for (seed, (home, world)) in homes.iter().zip(worlds).enumerate() {
            let value: Value = serde_json::from_slice(&request).expect("JSON");
            let file = home.join(format!("{number}-{seed}.json"));
            std::fs::write(&file, shuffled(&value, &mut Chance(seed as u64 + 1))).expect("written");
            let written = fingerprint::of(&render_elsewhere(&file, home, world));
            assert_eq!(written, here, "{name}: {world:?}");
        }
    }
}

#[test]
fn the_file_carries_the_papers_day_and_not_the_clocks() {
    // A draft of 2020: the day of its conference stands in the metadata.
    let pdf = papers::pdf(&example("kon-tum-2020"));
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("D:20200724000000+07'00"), "the date of creation is the paper's day in Vietnam");
    assert!(!text.contains("D:2026") && !text.contains("D:2025"));
}

fn render_elsewhere(request: &Path, home: &Path, world: &[(&str, &str)]) -> Vec<u8> {
    let target = home.join("out.pdf");
    let mut command = Command::new(PROGRAM);
    command.arg("render").arg(request).arg("-o").arg(&target).current_dir(home).env_clear().envs(world.iter().copied());
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pdf = std::fs::read(&target).expect("written");
    std::fs::remove_file(&target).expect("removed");
    pdf
}

/// The value as JSON text with the keys of every object in another order.
fn shuffled(value: &Value, chance: &mut Chance) -> String {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<(&String, &Value)> = object.iter().collect();
            for last in (1..entries.len()).rev() {
                entries.swap(last, chance.below(last + 1));
            }
            let entries = entries
                .into_iter()
                .map(|(key, item)| format!("{}: {}", Value::from(key.as_str()), shuffled(item, chance)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(",\n "))
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| shuffled(item, chance));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Xorshift (Marsaglia 2003): enough for an order of keys, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
