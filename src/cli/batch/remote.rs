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
    cli::output,
    closing::{ARCHIVE, LINEAGE, MANIFEST, MERGED, Plan, Progress},
    failure::{Failure, FailureCode},
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
    let body = match (&arguments.folder, arguments.period) {
        (Some(folder), _) => match requests(folder, arguments, settings)? {
            Ok(body) => body,
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
                [..] => return Err(one_kind()),
            }
            body
        }
        (None, None) => return Err(Failure::internal("neither a folder nor a period")),
    };
    let body = body.to_string();
    let service = app::open_outbound(settings)?.at(server, key(arguments)?).map_err(no_answer)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::internal(error.to_string()))?;
    runtime.block_on(async {
        tokio::select! {
            ended = close(&service, server, &body, arguments) => ended,
            _ = tokio::signal::ctrl_c() => {
                output::say("Đã dừng theo dõi; dịch vụ vẫn lập tiếp. Chạy lại đúng lệnh này để nhận kết quả.\n");
                Ok(ExitCode::from(STOPPED))
            }
        }
    })
}

/// The requests of a folder, checked and added up here; or how the command ends.
fn requests(folder: &Path, arguments: &Arguments, settings: &Settings) -> Result<Result<Value, ExitCode>, Failure> {
    let workshop = super::super::workshop(settings)?;
    super::known_kinds(arguments, |name| workshop.catalog().kind(name).is_some())?;
    let (plan, faults) = Plan::draw(folder, &wanted(arguments), &workshop)?;
    if !faults.is_empty() {
        return Ok(Err(super::refuse(&faults, wanted(arguments).leniency)));
    }
    plan.left_out.iter().for_each(|left| super::told(&left.fault));
    if !plan.missing.is_empty() {
        output::say(&format!("Chưa có số liệu ({}): {}.\n", plan.missing.len(), plan.missing.join("; ")));
    }
    let mut requests = Vec::with_capacity(plan.parts.len());
    for part in &plan.parts {
        let mut order: Value =
            serde_json::from_str(&plan.order(part)?).map_err(|error| Failure::internal(error.to_string()))?;
        requests.push(order["request"].take());
    }
    Ok(Ok(json!({"accept_partial": arguments.accept_partial, "requests": requests})))
}

fn key(arguments: &Arguments) -> Result<Option<String>, Failure> {
    let key = match &arguments.key_file {
        Some(file) => Some(String::from_utf8_lossy(&output::read(file)?).into_owned()),
        None => std::env::var(KEY).ok(),
    };
    Ok(key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()))
}

async fn close(service: &Service, server: &str, body: &str, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let own = arguments.out.join(".tdkt");
    let unwritable = |error: std::io::Error| unwritable(&arguments.out, &error);
    fs::create_dir_all(&own).map_err(unwritable)?;
    let note = own.join("batch.json");
    let asked = fingerprint::of(body.as_bytes());
    let begun = fs::read(&note).ok().and_then(|bytes| serde_json::from_slice::<Begun>(&bytes).ok());
    let begun = begun.filter(|begun| begun.server == server && begun.asked == asked);
    let begun = match begun {
        Some(begun) => begun,
        None => {
            let begun = Begun { server: server.to_owned(), asked, once: Uuid::now_v7().to_string() };
            fs::write(&note, json!(begun).to_string()).map_err(unwritable)?;
            begun
        }
    };
    let heard = service.post("/v1/batches", body.to_owned(), &begun.once).await.map_err(no_answer)?;
    if heard.status != 202 {
        // Nothing was stored; the next command begins anew.
        let _none_there = fs::remove_file(&note);
        return refused(&heard);
    }
    let mut batch = read(&heard)?;
    let id = batch["id"].as_str().unwrap_or_default().to_owned();
    for name in list(&batch["missing"]) {
        output::say(&format!("Chưa có số liệu: {name}.\n"));
    }
    for left in batch["left_out"].as_array().into_iter().flatten() {
        let text = |field: &str| left[field].as_str().unwrap_or_default();
        output::say(&format!("{}: {}\n", text("paper"), text("message_vi")));
    }
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
    for (path, file) in
        [("manifest.json", MANIFEST), ("lineage.json", LINEAGE), ("archive.zip", ARCHIVE), ("merged.pdf", MERGED)]
    {
        fetch(service, &format!("/v1/batches/{id}/{path}"), &arguments.out.join(file), &own.join("half-file")).await?;
    }
    let _none_there = fs::remove_file(&note);
    let out = &arguments.out;
    output::say(&format!("Đã có {} và {}.\n", out.join(ARCHIVE).display(), out.join(MERGED).display()));
    let made = batch["counts"]["succeeded"] == batch["parts"];
    let whole = made && batch["left_out"].as_array().is_none_or(Vec::is_empty);
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
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
    let told = read(&heard)?;
    let mut text = String::from("Khác với lô trước:\n");
    let shown = |value: &Value| match value {
        Value::Null => "(không có)".to_owned(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    for paper in told["papers"].as_array().into_iter().flatten() {
        text.push_str(&format!("{} ({})\n", shown(&paper["title"]), shown(&paper["file"])));
        for place in paper["places"].as_array().into_iter().flatten() {
            let title = place["title"].as_str().unwrap_or_default();
            let (at, old, new) = (shown(&place["at"]), shown(&place["old"]), shown(&place["new"]));
            text.push_str(&format!("  {at}  {title}: {old} → {new}\n"));
        }
    }
    output::print(text.as_bytes())
}

/// Fetches a file; it gets its name when all of it is there and is what the service says it is.
async fn fetch(service: &Service, path: &str, to: &PathBuf, half: &Path) -> Result<(), Failure> {
    let mut file = tokio::fs::File::create(half).await.map_err(|error| unwritable(half, &error))?;
    let fetched = service.fetch(path, &mut file).await.map_err(no_answer)?;
    if fetched.status != 200 {
        return Err(broken(&format!("{path}: the service answered {}", fetched.status)));
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
    fs::rename(half, to).map_err(|error| unwritable(to, &error))
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn read(heard: &Heard) -> Result<Value, Failure> {
    serde_json::from_slice(&heard.body).map_err(|error| broken(&format!("the answer is not JSON: {error}")))
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

fn one_kind() -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        "Lập từ sổ đăng ký của dịch vụ thì mỗi lần một loại văn bản, hoặc tất cả.",
        "one kind at a time, or all",
    )
    .hint("Bỏ --kind, hoặc ghi một mã loại.")
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
