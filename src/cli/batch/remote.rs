//! `batch … --server URL`: the same closing, made by a service. What was begun is noted in the folder of results, so that the
//! same command goes on with the same batch.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Arguments, IN_PART, STOPPED, counted, row, wanted, watch::Watch};
use crate::{
    app,
    cli::{books::runtime, output},
    closing::{ARCHIVE, LINEAGE, MANIFEST, MERGED, Plan, Progress, packed},
    difference::Change,
    failure::{Failure, FailureCode, Finding},
    fingerprint,
    outbound::{Heard, NoAnswer, Service},
    settings::Settings,
};

/// Between two looks at the batch.
const LOOK: Duration = Duration::from_secs(1);
/// So often in a row the service may give no answer before the command gives up.
const PATIENCE: u32 = 30;
/// Where the key stands if no file is named.
const KEY: &str = "TDKT_KEY";

/// What the service is asked for.
struct Asked {
    path: String,
    media: &'static str,
    body: Vec<u8>,
    /// Whether there is a report whose figures come from somewhere.
    adds_up: bool,
    /// Papers that were left out here, with their faults told.
    left_out: Vec<String>,
}

/// What was begun.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    server: String,
    /// SHA-256 of what was asked.
    asked: String,
    /// The idempotency key under which it was asked.
    once: String,
}

pub(super) fn run(arguments: &Arguments, server: &str, settings: &Settings) -> Result<ExitCode, Failure> {
    let asked = match (&arguments.folder, arguments.period) {
        (Some(folder), _) => match sent(folder, arguments, settings)? {
            Ok(asked) => asked,
            Err(refused) => return Ok(refused),
        },
        (None, Some(period)) => {
            let mut body = json!({
                "period": period, "accept_partial": arguments.accept_partial, "sources": arguments.sources,
                "figures": if arguments.closed { "closed" } else { "newest" },
            });
            match arguments.kind.as_slice() {
                [] => {}
                [kind] => body["kind"] = json!(kind),
                several => body["kind"] = json!(several),
            }
            let (path, body) = ("/v1/batches".to_owned(), body.to_string().into_bytes());
            Asked { path, media: "application/json", body, adds_up: true, left_out: Vec::new() }
        }
        (None, None) => return Err(Failure::internal("neither a folder nor a period")),
    };
    let service = app::open_outbound(settings)?.at(server, key(arguments)?).map_err(no_answer)?;
    runtime()?.block_on(async {
        tokio::select! {
            ended = close(&service, server, &asked, arguments) => ended,
            _ = tokio::signal::ctrl_c() => {
                output::say("Đã dừng theo dõi; dịch vụ vẫn lập tiếp. Chạy lại đúng lệnh này để nhận kết quả.\n");
                Ok(ExitCode::from(STOPPED))
            }
        }
    })
}

/// A folder, checked here, as the service takes it; or how the command ends.
fn sent(folder: &Path, arguments: &Arguments, settings: &Settings) -> Result<Result<Asked, ExitCode>, Failure> {
    let workshop = super::super::workshop(settings)?;
    super::known_kinds(arguments, |name| workshop.catalog().kind(name).is_some())?;
    let (plan, faults) = Plan::draw(folder, &wanted(arguments), &workshop)?;
    if !faults.is_empty() {
        return Ok(Err(super::refuse(&plan, &faults, wanted(arguments).leniency)));
    }
    plan.left_out.iter().for_each(|left| super::told(&left.fault));
    let (partly, sources) = (arguments.accept_partial, arguments.sources);
    let kinds = arguments.kind.join(",");
    let kinds = if kinds.is_empty() { kinds } else { format!("&kind={kinds}") };
    Ok(Ok(Asked {
        path: format!("/v1/batches?accept_partial={partly}&sources={sources}{kinds}"),
        media: "application/zip",
        body: packed(folder)?,
        adds_up: plan.report.is_some(),
        left_out: plan.left_out.into_iter().map(|left| left.name).collect(),
    }))
}

fn key(arguments: &Arguments) -> Result<Option<String>, Failure> {
    let key = match &arguments.key_file {
        Some(file) => Some(String::from_utf8_lossy(&output::read(file)?).into_owned()),
        None => std::env::var(KEY).ok(),
    };
    Ok(key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()))
}

async fn close(service: &Service, server: &str, asked: &Asked, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let own = arguments.out.join(".tdkt");
    let unwritable = |error: std::io::Error| unwritable(&arguments.out, &error);
    fs::create_dir_all(&own).map_err(unwritable)?;
    let note = own.join("batch.json");
    let begun = begun(&note, server, asked).map_err(unwritable)?;
    let heard = service.post(&asked.path, (asked.media, asked.body.clone()), &begun.once).await.map_err(no_answer)?;
    if heard.status != 202 {
        // The key stays: whoever did not hear the answer may have been accepted, and a refusal is not kept under it.
        return refused(&heard);
    }
    let mut batch = read(&heard)?;
    let id = batch["id"].as_str().unwrap_or_default().to_owned();
    for name in list(&batch["missing"]) {
        output::say(&format!("Chưa có số liệu: {name}.\n"));
    }
    let is_new = |left: &&Value| asked.left_out.iter().all(|told| left["paper"] != told.as_str());
    batch["left_out"].as_array().into_iter().flatten().filter(is_new).for_each(left_out);
    let mut watch = Watch::new();
    let mut silent = 0;
    while batch["ended"] != batch["parts"] {
        tokio::time::sleep(LOOK).await;
        match service.get(&format!("/v1/batches/{id}")).await {
            Ok(heard) if heard.status == 200 => (batch, silent) = (read(&heard)?, 0),
            Ok(heard) if heard.status < 500 => return refused(&heard),
            Ok(_) | Err(_) if silent < PATIENCE => silent += 1,
            Ok(heard) => return refused(&heard),
            Err(error) => return Err(no_answer(error)),
        }
        let count = |field: &str| batch[field].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let (done, of) = (count("ended"), count("parts"));
        watch.see(Progress { done, of, weight_done: done, weight_of: of });
    }
    watch.end();
    summary(&batch);
    if arguments.diff {
        differences(service, &id).await?;
    }
    let files = [("manifest.json", MANIFEST), ("archive.zip", ARCHIVE), ("merged.pdf", MERGED)];
    let half = own.join("half-file");
    for (path, file) in files {
        if let Err(failure) =
            fetch(service, &format!("/v1/batches/{id}/{path}"), &arguments.out.join(file), &half).await?
        {
            // A paper of this batch was erased: the next command begins a batch of its own.
            let _none_there = fs::remove_file(&note);
            return Err(failure);
        }
    }
    if asked.adds_up {
        let heard = service.get(&format!("/v1/batches/{id}/lineage.json")).await.map_err(no_answer)?;
        if heard.status != 200 {
            return refused(&heard);
        }
        // As a closing here writes it.
        fs::write(&half, format!("{:#}\n", read(&heard)?)).map_err(unwritable)?;
        fs::rename(&half, arguments.out.join(LINEAGE)).map_err(unwritable)?;
    }
    let _none_there = fs::remove_file(&note);
    let out = &arguments.out;
    output::say(&format!("Đã có {} và {}.\n", out.join(ARCHIVE).display(), out.join(MERGED).display()));
    let made = batch["counts"]["succeeded"] == batch["parts"];
    let whole = made && asked.left_out.is_empty() && batch["left_out"].as_array().is_none_or(Vec::is_empty);
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

/// What was begun with the same service and the same words, or is begun now.
fn begun(note: &Path, server: &str, asked: &Asked) -> std::io::Result<Begun> {
    let asked = fingerprint::of(&[asked.path.as_bytes(), b"\n", &asked.body].concat());
    let begun = fs::read(note).ok().and_then(|bytes| serde_json::from_slice::<Begun>(&bytes).ok());
    if let Some(begun) = begun.filter(|begun| begun.server == server && begun.asked == asked) {
        return Ok(begun);
    }
    let begun = Begun { server: server.to_owned(), asked, once: Uuid::now_v7().to_string() };
    fs::write(note, json!(begun).to_string())?;
    Ok(begun)
}

/// Says why a paper was left out. Of a batch that was accepted before, codes and places are all there is.
fn left_out(left: &Value) {
    let text = |field: &str| left[field].as_str().unwrap_or_default();
    let why = [text("message_vi"), text("code")].into_iter().find(|words| !words.is_empty()).unwrap_or_default();
    output::say(&format!("{}: {why}\n", text("paper")));
    match serde_json::from_value::<Vec<Finding>>(left["findings"].clone()) {
        Ok(findings) => output::notices(&findings),
        Err(_kept_in_part) => {
            for finding in left["findings"].as_array().into_iter().flatten() {
                let places: Vec<&str> = list(&finding["pointers"]).collect();
                output::say(&format!("  [{}] {}\n", finding["code"].as_str().unwrap_or_default(), places.join(", ")));
            }
        }
    }
}

/// The table of results, on standard output.
fn summary(batch: &Value) {
    let mut text = row(&["Loại văn bản", "Cần", "Lập mới", "Giữ lại", "Lỗi"]);
    let mut all = [0; 4];
    for (kind, counts) in batch["kinds"].as_object().into_iter().flatten() {
        let count = |field: &str| counts[field].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        let (parts, kept, failed) = (count("parts"), count("kept"), count("failed"));
        let counts = [parts, count("succeeded").saturating_sub(kept), kept, failed];
        all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        text.push_str(&counted(kind, counts));
    }
    text.push_str(&counted("Cộng", all));
    // A summary that cannot be printed changes nothing about what was made.
    let _ = output::print(text.as_bytes());
}

async fn differences(service: &Service, id: &str) -> Result<(), Failure> {
    let heard = service.get(&format!("/v1/batches/{id}/differences")).await.map_err(no_answer)?;
    if heard.status != 200 {
        // The papers are there all the same.
        output::say("Không so sánh được với lô trước.\n");
        return Ok(());
    }
    let told: Told = serde_json::from_slice(&heard.body).map_err(|error| unreadable(&error))?;
    let mut text = String::from("Khác với lô trước:\n");
    match (&told.previous, told.papers.is_empty()) {
        (None, _) => text.push_str("  (không có lô trước cùng phạm vi)\n"),
        (Some(_), true) => text.push_str(super::NO_DIFFERENCE),
        (Some(_), false) => {}
    }
    for Paper { file, title, change, places } in &told.papers {
        let how = match change.as_str() {
            "new" => " – mới",
            "gone" => " – không còn",
            _ => "",
        };
        text.push_str(&format!("{title} ({file}){how}\n"));
        let change = |place: &Place| Change {
            pointer: place.at.clone(),
            title: place.title.clone(),
            old: place.old.clone(),
            new: place.new.clone(),
        };
        text.push_str(&super::places(&places.iter().map(change).collect::<Vec<_>>()));
    }
    output::print(text.as_bytes())
}

/// What the service tells of two batches.
#[derive(Debug, Deserialize)]
struct Told {
    previous: Option<String>,
    papers: Vec<Paper>,
}

#[derive(Debug, Deserialize)]
struct Paper {
    file: String,
    title: String,
    change: String,
    #[serde(default)]
    places: Vec<Place>,
}

#[derive(Debug, Deserialize)]
struct Place {
    at: String,
    title: Option<String>,
    old: Option<Value>,
    new: Option<Value>,
}

/// Fetches a file; it gets its name when all of it is there and is what the service says it is. The inner failure says that
/// there never will be such a file.
async fn fetch(service: &Service, path: &str, to: &PathBuf, half: &Path) -> Result<Result<(), Failure>, Failure> {
    let mut file = tokio::fs::File::create(half).await.map_err(|error| unwritable(half, &error))?;
    let fetched = service.fetch(path, &mut file).await.map_err(no_answer)?;
    match fetched.status {
        200 => {}
        410 => return Ok(Err(gone(path))),
        status => return Err(broken(&format!("{path}: the service answered {status}"))),
    }
    file.sync_all().await.map_err(|error| unwritable(half, &error))?;
    drop(file);
    if let Some(tag) = &fetched.tag {
        let mut written = fs::File::open(half).map_err(|error| unwritable(half, &error))?;
        let sha256 = fingerprint::of_reader(&mut written).map_err(|error| unwritable(half, &error))?;
        if sha256 != *tag {
            return Err(broken(&format!("{path}: the file is not what the service says it is")));
        }
    }
    fs::rename(half, to).map_err(|error| unwritable(to, &error)).map(Ok)
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn read(heard: &Heard) -> Result<Value, Failure> {
    serde_json::from_slice(&heard.body).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Failure {
    broken(&format!("the answer is not as it should be: {error}"))
}

/// Says what the service refused: every fault of it.
fn refused(heard: &Heard) -> Result<ExitCode, Failure> {
    let problem = read(heard)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    output::say(&format!("lỗi: {}\n", text(&problem["title"])));
    for fault in problem["errors"].as_array().into_iter().flatten() {
        output::say(&format!(
            "  {}: [{}] {}\n",
            text(&fault["pointer"]),
            text(&fault["code"]),
            text(&fault["message_vi"])
        ));
    }
    if heard.status >= 500 || heard.status == 429 {
        return Err(broken(&format!("the service answered {}", heard.status)));
    }
    output::say(&format!("gợi ý: {}\n", text(&problem["detail"])));
    Ok(ExitCode::from(1))
}

fn gone(path: &str) -> Failure {
    let (message, cause) = ("Lô này có văn bản đã bị xóa nên không nhận được nữa.", format!("{path}: erased"));
    Failure::new(FailureCode::DataErased, message, cause).hint("Chạy lại đúng lệnh này để lập một lô mới.")
}

fn no_answer(error: NoAnswer) -> Failure {
    broken(error.as_str())
}

fn broken(cause: &str) -> Failure {
    Failure::new(FailureCode::SourceUnavailable, "Dịch vụ chưa trả lời được.", cause)
        .hint("Kiểm tra địa chỉ, khóa API và mạng; chạy lại đúng lệnh này để làm tiếp.")
}

fn unwritable(place: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        format!("Không ghi được vào {}.", place.display()),
        format!("{}: {error}", place.display()),
    )
    .hint("Kiểm tra thư mục, quyền ghi và dung lượng còn trống.")
}
