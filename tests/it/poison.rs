//! Poison: orders that hang, crash, swell or turn hostile end with the right reason, and harm nobody beside them.

use std::{collections::BTreeMap, path::Path, time::Duration};

use nix::sys::signal::Signal;
use tdkt_reports::{
    catalog::TemplateFiles,
    failure::FailureCode,
    job::JobState,
    press::{Press, PressSettings, Verdict},
};

use super::{
    sandbox::{runtime, settings},
    support::{
        papers,
        programs::{Redis, Service, until},
    },
};

/// An order whose child has this accident.
fn order(accident: &str) -> String {
    let manuscript = papers::manuscript(papers::at(&format!("An Bình rehearse:{accident}")).as_bytes());
    serde_json::to_string(&manuscript).expect("an order")
}

fn quick(further: &[&str]) -> PressSettings {
    PressSettings { deadline: Duration::from_secs(3), ..settings(further) }
}

#[test]
fn every_death_of_a_child_has_its_own_verdict() {
    let press = Press::new(quick(&["--rehearse"]));
    let patient = Press::new(PressSettings { processor: Duration::from_secs(1), ..settings(&["--rehearse"]) });
    let runtime = runtime();
    let verdict = |press: &Press, accident: &str| runtime.block_on(press.render(&order(accident))).expect_err(accident);
    assert!(matches!(verdict(&press, "sleep"), Verdict::Timeout));
    assert!(matches!(verdict(&press, "allocate"), Verdict::Memory));
    assert!(matches!(verdict(&press, "overflow"), Verdict::TooDeep));
    assert!(matches!(verdict(&press, "print"), Verdict::Garbled));
    assert!(matches!(verdict(&press, "garble"), Verdict::Garbled));
    assert!(matches!(verdict(&press, "swell"), Verdict::TooLarge));
    assert!(matches!(verdict(&press, "exec"), Verdict::Forbidden));
    assert!(matches!(verdict(&patient, "spin"), Verdict::Processor));
    let Verdict::Crashed(how) = verdict(&press, "abort") else { panic!() };
    assert_eq!(how, "SIGABRT");
    let Verdict::Crashed(how) = verdict(&press, "panic") else { panic!() };
    assert!(how.starts_with("exit status 3, panic at src/press/rehearsal.rs:"), "{how}");
    // A gigabyte on standard error is heard out, and the paper is made.
    let screaming = Press::new(settings(&["--rehearse"]));
    let paper = runtime.block_on(screaming.render(&order("scream"))).expect("a paper");
    assert!(paper.bytes.starts_with(b"%PDF-"));
}

#[test]
fn a_child_that_was_not_told_to_rehearse_prints_the_word_and_nothing_happens() {
    let press = Press::new(settings(&[]));
    let runtime = runtime();
    for accident in ["abort", "sleep", "exec"] {
        let paper = runtime.block_on(press.render(&order(accident))).expect("a paper");
        assert!(papers::text(&paper.bytes).contains(&format!("rehearse:{accident}")));
    }
}

#[test]
fn templates_that_never_end_or_eat_all_memory_are_survived() {
    // Appended to the layout, so that it runs when a paper is set: the real thing, without a rehearsal.
    let endless = "\n#{ for a in range(100000) { for b in range(100000) { } } }\n";
    let hungry = "\n#{ let all = \"x\" * 3000000000 }\n";
    let runtime = runtime();
    for (code, expected) in [(endless, "Timeout"), (hungry, "Memory")] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = TemplateFiles::embedded().into_memory();
        files.get_mut("layout/official.typ").expect("the layout").push_str(code);
        for (path, text) in files {
            let target = folder.path().join(path);
            std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
            std::fs::write(target, text).expect("written");
        }
        let press = Press::new(quick(&["--templates", &folder.path().display().to_string()]));
        let verdict = runtime.block_on(press.render(&order("nothing"))).expect_err("no paper");
        assert_eq!(format!("{verdict:?}"), expected, "{code}");
    }
}

#[test]
fn a_child_that_has_grown_or_is_old_is_replaced() {
    let runtime = runtime();
    let order = order("nothing");
    for (settings, stays) in [
        (PressSettings { replace_above_mib: 1, ..settings(&[]) }, false),
        (PressSettings { renders_per_child: 1, ..settings(&[]) }, false),
        (settings(&[]), true),
    ] {
        let press = Press::new(settings);
        runtime.block_on(press.render(&order)).expect("a paper");
        assert_eq!(!press.idle_children().is_empty(), stays);
    }
}

/// The accident, the job's end, its reason, and how often it was started.
const POISON: [(&str, JobState, FailureCode, u32); 8] = [
    ("abort", JobState::Dead, FailureCode::RenderCrashed, 3),
    ("allocate", JobState::Failed, FailureCode::RenderMemory, 2),
    ("sleep", JobState::Failed, FailureCode::RenderTimeout, 2),
    ("print", JobState::Dead, FailureCode::RenderGarbled, 3),
    ("swell", JobState::Failed, FailureCode::RenderTooLarge, 2),
    ("overflow", JobState::Failed, FailureCode::RenderTooDeep, 2),
    ("exec", JobState::Dead, FailureCode::RenderForbidden, 3),
    ("panic", JobState::Dead, FailureCode::RenderCrashed, 3),
];
const OF_EACH: u32 = 3;
const GOOD: u32 = 500;

#[test]
fn poison_ends_with_its_reason_and_five_hundred_jobs_beside_it_are_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Redis::start();
    let address = redis.address();
    let (mut good, mut poison, mut undecodable) = (Vec::new(), BTreeMap::new(), Vec::new());
    {
        let mut door = Service::start_on(folder.path(), &["--redis-url", &address, "--work", "false"]);
        for number in 0..GOOD {
            if number % 20 == 0 && number / 20 < OF_EACH {
                undecodable.push(door.accept(papers::at(&format!("An Lạc {number}"))));
                for (accident, ..) in POISON {
                    let id = door.accept(papers::at(&format!("An Bình rehearse:{accident} {number}")));
                    poison.entry(accident).or_insert_with(Vec::new).push(id);
                }
            }
            good.push(door.accept(papers::numbered(number)));
        }
        door.process.signal(Signal::SIGTERM);
        door.process.ended_within(Duration::from_secs(30));
    }
    corrupt(folder.path(), &undecodable);
    push_garbage(&address);

    let service = Service::start_on(
        folder.path(),
        &["--redis-url", &address, "--rehearse", "--render-deadline-s", "3", "--ring-again-s", "2", "--renderers", "2"],
    );
    let worker = service.process.id();
    let books = service.books();
    let all = u64::from(GOOD) + undecodable.len() as u64 + poison.values().map(|ids| ids.len() as u64).sum::<u64>();
    until(Duration::from_secs(180), "all jobs have ended", || {
        let counts = books.counts();
        counts.iter().filter(|(state, _)| !matches!(**state, "accepted" | "running")).map(|(_, jobs)| jobs).sum::<u64>()
            == all
    });

    for (accident, end, code, starts) in POISON {
        for id in &poison[accident] {
            let job = books.job(id);
            let failure = job.failure.as_ref().map(|failure| failure.code);
            assert_eq!((job.state, failure, job.starts), (end, Some(code), starts), "{accident}: {job:#?}");
            let told = format!("{:?}", job.failure);
            assert!(!told.contains("An Bình"), "{accident}: {told}");
        }
    }
    for id in &undecodable {
        let job = books.job(id);
        let failure = job.failure.map(|failure| failure.code);
        assert_eq!((job.state, failure, job.starts), (JobState::Failed, Some(FailureCode::UnreadableJob), 1));
    }
    let mut papers: Vec<String> =
        good.iter().map(|id| books.job(id).artifact.unwrap_or_else(|| panic!("{id} is not done")).sha256).collect();
    papers.sort();
    papers.dedup();
    assert_eq!(papers.len(), GOOD as usize);
    assert_eq!(books.archived(), papers, "a paper for each good job, and nothing of the others");

    assert_eq!(service.process.id(), worker);
    assert_eq!(service.get("/readyz").status(), 200, "the same process serves on");
    let status = std::fs::read_to_string(format!("/proc/{worker}/status")).expect("its status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let peak_mib = peak.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).expect("KiB") >> 10;
    println!("the worker's memory at its peak: {peak_mib} MiB");
    assert!(peak_mib < 300, "{peak_mib} MiB");
    let said = service.process.said();
    assert!(!said.contains("An Bình") && !said.contains("An Lạc"), "the log repeats a paper:\n{said}");
}

/// Makes the stored orders unreadable.
fn corrupt(data: &Path, ids: &[String]) {
    runtime().block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("ledger.sqlite"));
        let pool = sqlx::SqlitePool::connect_with(options).await.expect("the ledger opens");
        for id in ids {
            let done = sqlx::query("UPDATE job_order SET body = '{\"kind\": 7' WHERE job_id = ?").bind(id);
            assert_eq!(done.execute(&pool).await.expect("written").rows_affected(), 1);
        }
        pool.close().await;
    });
}

/// Rings that name no job, or are no rings at all.
fn push_garbage(address: &str) {
    use apalis::prelude::{TaskBuilder, TaskId};
    use apalis_redis::{Config, RedisTask, queries};

    runtime().block_on(async {
        let mut connection = apalis_redis::connect(address).await.expect("connected");
        let garbage = ["", "\u{0}\u{1}\u{2}", "{\"v\":9}", "{\"v\":1,\"job\":\"../../etc/passwd\"}", "null"];
        let unknown = r#"{"v":1,"job":"019fffff-ffff-7fff-bfff-ffffffffffff"}"#;
        let tasks: Vec<RedisTask> = garbage
            .iter()
            .chain([&unknown])
            .enumerate()
            .map(|(number, ring)| {
                let task = TaskBuilder::new(ring.as_bytes().to_vec());
                task.task_id(TaskId::from_string(format!("garbage:{number}"))).build()
            })
            .collect();
        let config = Config::default().queue("tdkt");
        queries::push_tasks(&mut connection, &config, &tasks).await.expect("pushed");
        // An id without a payload, which apalis cannot parse.
        let () = redis::cmd("RPUSH")
            .arg(config.active_jobs_list())
            .arg("garbage:without-payload")
            .query_async(&mut connection)
            .await
            .expect("pushed");
    });
}
