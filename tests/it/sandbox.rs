//! A render child has no files, no network, no other processes and no further threads; each part of its sandbox holds
//! by itself.

use std::{path::Path, process::Command, time::Duration};

use tdkt_reports::press::{ATTEMPTS, Demand, Outcome, Press, PressSettings, Verdict};

use super::support::{
    papers,
    programs::{Service, tdkt},
};

/// What even root may do outside of a sandbox, on any machine: the attempts are real ones.
const POSSIBLE: [&str; 10] = [
    "read-file",
    "list-folder",
    "write-file",
    "memory-file",
    "connect",
    "listen",
    "send-datagram",
    "unix-socket",
    "start-process",
    "signal-parent",
];

pub fn settings(further: &[&str]) -> PressSettings {
    PressSettings {
        executable: env!("CARGO_BIN_EXE_tdkt-reports").into(),
        arguments: further.iter().map(|argument| (*argument).to_owned()).collect(),
        children: 1,
        deadline: Duration::from_secs(60),
        processor: Duration::from_secs(65),
        memory_mib: 1536,
        renders_per_child: 500,
        replace_above_mib: 600,
        demand: Demand::Best,
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Names of the ways out that are open.
fn open_ways(without: &str) -> Vec<&'static str> {
    let press = Press::new(settings(&["--without", without]));
    let outcome =
        |name: &str| runtime().block_on(press.attempt(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let open = ATTEMPTS.iter().filter(|attempt| outcome(attempt.name) == Outcome::Escaped);
    open.map(|attempt| attempt.name).collect()
}

#[test]
fn every_way_out_of_a_render_child_is_shut() {
    let sandbox = runtime().block_on(Press::new(settings(&[])).sandbox()).expect("a child gets ready");
    println!("active here: {sandbox:?}");
    assert!(sandbox.seccomp, "every kernel that we support filters system calls");
    assert_eq!(open_ways("nothing"), [""; 0]);
}

#[test]
fn the_filter_of_system_calls_holds_without_landlock_and_limits() {
    assert_eq!(open_ways("landlock,limits"), [""; 0]);
}

#[test]
fn landlock_holds_without_the_filter_where_the_kernel_has_it() {
    let press = Press::new(settings(&["--without", "seccomp,limits"]));
    let sandbox = runtime().block_on(press.sandbox()).expect("a child gets ready");
    let open = open_ways("seccomp,limits");
    println!("active here: {sandbox:?}; open: {open:?}");
    let version = sandbox.landlock.unwrap_or(0);
    for (name, since) in [("read-file", 1), ("write-file", 1), ("connect", 4), ("listen", 4), ("signal-parent", 6)] {
        assert_eq!(open.contains(&name), version < since, "{name}, Landlock {version}: {open:?}");
    }
}

#[test]
fn limits_hold_without_landlock_and_the_filter() {
    let open = open_ways("landlock,seccomp");
    for name in ["read-file", "list-folder", "write-file", "memory-file", "connect", "listen", "unix-socket"] {
        assert!(!open.contains(&name), "{open:?}");
    }
}

#[test]
fn outside_of_a_sandbox_the_same_attempts_succeed() {
    let open = open_ways("landlock,seccomp,limits");
    let shut: Vec<_> = POSSIBLE.iter().filter(|name| !open.contains(*name)).collect();
    assert!(shut.is_empty(), "these attempts prove nothing here: {shut:?}");
}

#[test]
fn a_child_of_the_service_is_bound_as_it_should_be() {
    let service = Service::start(&["--renderers", "1"]);
    let id = service.accept(papers::sample("minimal"));
    assert_eq!(service.wait_for(&id)["state"], "succeeded");
    let children = service.process.presses();
    let [child] = children[..] else { panic!("one child: {children:?}") };
    let status = std::fs::read_to_string(format!("/proc/{child}/status")).expect("its status");
    let field = |name: &str| {
        let line =
            status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {status}"));
        line.trim().to_owned()
    };
    assert_eq!((field("NoNewPrivs:"), field("Seccomp:"), field("Threads:")), ("1".into(), "2".into(), "2".into()));
    let limits = std::fs::read_to_string(format!("/proc/{child}/limits")).expect("its limits");
    for (name, values) in [
        ("Max core file size", ["0", "0"]),
        ("Max file size", ["0", "0"]),
        ("Max open files", ["3", "3"]),
        ("Max processes", ["0", "0"]),
        ("Max address space", ["1610612736", "1610612736"]),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        assert_eq!(line.split_whitespace().take(2).collect::<Vec<_>>(), values, "{name}");
    }
}

#[test]
fn where_a_sandbox_is_required_a_child_without_one_gets_no_order() {
    for without in ["landlock", "seccomp"] {
        let press = Press::new(PressSettings { demand: Demand::Require, ..settings(&["--without", without]) });
        let verdict = runtime().block_on(press.render("{}")).expect_err("refused");
        assert!(matches!(verdict, Verdict::Unavailable(_)), "{verdict:?}");
        assert_eq!(press.idle_children(), [0; 0]);
    }
    let lenient = Press::new(settings(&["--without", "landlock,seccomp"]));
    let verdict = runtime().block_on(lenient.render("{}")).expect_err("an empty order");
    assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
}

#[test]
fn templates_and_fonts_from_folders_are_read_before_the_sandbox_closes() {
    let fonts = papers::repository("fonts");
    let folder = papers::repository("report_templates");
    let own = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(fonts).expect("fonts").map(|file| file.expect("listed").path()) {
        if file.extension().is_some_and(|ending| ending == "ttf") {
            std::fs::copy(&file, own.path().join(file.file_name().expect("a name"))).expect("copied");
        }
    }
    let path = |path: &Path| path.display().to_string();
    let press = Press::new(settings(&["--templates", &path(&folder), "--fonts", &path(own.path())]));
    let order = serde_json::to_string(&papers::manuscript(papers::sample("minimal").as_bytes())).expect("an order");
    let pressed = runtime().block_on(press.render(&order)).expect("a paper");
    assert!(pressed.bytes.starts_with(b"%PDF-"));
}

#[test]
fn the_doctor_tells_of_the_sandbox() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command: Command = tdkt();
    let output = command.args(["doctor", "--data"]).arg(data.path()).output().expect("the doctor runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line = text.lines().find(|line| line.contains("Hộp cát")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.starts_with("[đạt]") && line.contains("seccomp"), "{line}");
    assert!(text.contains("Giới hạn mỗi tiến trình: bộ nhớ 1536 MiB"), "{text}");
}

#[test]
fn the_least_memory_that_settings_allow_is_enough_for_a_paper() {
    let least = tdkt_reports::settings::LEAST_RENDER_MEMORY_MIB.to_string();
    let service = Service::start(&["--render-memory-mib", &least, "--renderers", "1"]);
    let id = service.accept(papers::numbered(1));
    assert_eq!(service.wait_for(&id)["state"], "succeeded");
}
