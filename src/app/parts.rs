//! Opens what the settings name: ledger, archive, doorbell, press.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    api::{LARGEST_PAGE, PublishedLimits},
    archive::{Archive, BucketPlace},
    backup::{self, Manifest},
    desk::AdmissionSettings,
    failure::{Failure, FailureCode},
    ledger::{Keep, Ledger, LedgerLimits, Place},
    outbound::{Authorities, Outbound, Rules},
    post::{Carrier, MalformedSchedule, Registry, Sealer},
    press::{Press, PressSettings},
    queue::{Doorbell, QueueError},
    settings::Settings,
    stocktake::{Purpose, Stock, Stocktake, StocktakeError},
};

/// Papers a render child finishes in a second, for the first estimate of a wait (docs/benchmarks.md).
const PAPERS_PER_CHILD_SECOND: f64 = 20.0;

/// The file that this process was started from, be it replaced or removed since.
const OWN_EXECUTABLE: &str = "/proc/self/exe";

/// What a render may take of the processor beyond its deadline; only a stopped parent lets it come so far.
const PROCESSOR_BEYOND_DEADLINE: Duration = Duration::from_secs(5);

/// Ledger, archive, doorbell and press, opened.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) ledger: Ledger,
    pub(super) archive: Archive,
    pub(super) doorbell: Doorbell,
    pub(super) press: Arc<Press>,
}

pub(super) async fn open(settings: &Settings, press_arguments: &[&str]) -> Result<Parts, Failure> {
    let archive = open_archive(settings)?;
    Ok(Parts {
        ledger: open_ledger(settings).await?,
        archive,
        doorbell: open_doorbell(settings)?,
        press: Arc::new(open_press(settings, press_arguments)?),
    })
}

/// Ledger and archive, for an operator's commands beside a running service.
///
/// # Errors
/// When one of them cannot be opened.
pub async fn open_books(settings: &Settings) -> Result<(Ledger, Archive), Failure> {
    Ok((open_ledger(settings).await?, open_archive(settings)?))
}

/// Holds ledger, archive and doorbell against each other.
///
/// # Errors
/// When one of them cannot be opened or read.
pub async fn take_stock(settings: &Settings, purpose: Purpose) -> Result<Stock, Failure> {
    let parts = open(settings, &[]).await?;
    let stocktake = Stocktake { ledger: &parts.ledger, archive: &parts.archive, doorbell: &parts.doorbell };
    let taken = async {
        let mut stock = stocktake.take().await?;
        match purpose {
            Purpose::Look => {}
            Purpose::Mend => stocktake.mend(&mut stock, parts.press.as_ref()).await?,
        }
        Ok(stock)
    };
    let taken = taken.await;
    parts.ledger.close().await;
    taken.map_err(|error: StocktakeError| Failure::store_unavailable(error.to_string()))
}

/// Verifies a backup and puts it into the empty places that the settings name.
///
/// # Errors
/// When the backup is not whole, a place is not empty, or cannot be written.
pub async fn restore(settings: &Settings, from: &Path) -> Result<Manifest, Failure> {
    let place = ledger_place(settings)?;
    let checked = backup::check(from).await?;
    backup::refuse_taken(&settings.data, &place).await?;
    backup::restore(&checked, &open_archive(settings)?, &place).await?;
    Ok(checked.manifest)
}

pub(super) fn open_archive(settings: &Settings) -> Result<Archive, Failure> {
    // Requests hold people's data; the folder is its owner's alone.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data);
    made.map_err(|error| {
        Failure::new(
            FailureCode::BadParameter,
            format!("Không tạo được thư mục dữ liệu {}.", settings.data.display()),
            error.to_string(),
        )
        .hint("Chọn thư mục khác bằng --data.")
    })?;
    match archive_place(settings)? {
        ArchivePlace::Bucket(place) => Ok(Archive::in_bucket(&place)?),
        ArchivePlace::Folder(folder) => Archive::keeping_free(&folder, settings.free_to_store_mib << 20)
            .map_err(|error| Failure::store_unavailable(format!("the archive: {error}"))),
    }
}

/// Where papers are kept.
pub(super) enum ArchivePlace {
    Bucket(BucketPlace),
    Folder(PathBuf),
}

pub(super) fn archive_place(settings: &Settings) -> Result<ArchivePlace, Failure> {
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    if let Some(place) = BucketPlace::read(&settings.archive_url, environment)? {
        return Ok(ArchivePlace::Bucket(place));
    }
    match settings.archive_url.strip_prefix("file:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(path) if !path.is_empty() => Ok(ArchivePlace::Folder(PathBuf::from(path))),
        None if settings.archive_url.is_empty() => Ok(ArchivePlace::Folder(settings.data.join("archive"))),
        Some(_) | None => Err(Failure::new(
            FailureCode::BadParameter,
            "Địa chỉ kho văn bản không đúng.",
            "archive_url has to be file:FOLDER, s3://BUCKET/PREFIX, or empty",
        )
        .hint("Ví dụ: file:/mnt/tdkt/archive hoặc s3://van-ban-tdkt/tinh")),
    }
}

pub(super) fn ledger_place(settings: &Settings) -> Result<Place, Failure> {
    Place::read(&settings.ledger_url, &settings.data).map_err(|error| {
        Failure::new(FailureCode::BadParameter, "Địa chỉ sổ việc không đúng.", error.to_string())
            .hint("Ví dụ: sqlite:/var/lib/tdkt-reports/ledger.sqlite hoặc postgres://tdkt@db.tinh.vn/tdkt")
    })
}

/// What the desk takes in.
pub(super) fn admission(settings: &Settings) -> Result<AdmissionSettings, Failure> {
    let ledger_folder = match ledger_place(settings)? {
        Place::File(file) => file.parent().map(PathBuf::from),
        // How full the disk of another host is, its operator sees there.
        Place::Server(_) => None,
    };
    Ok(AdmissionSettings {
        papers_per_second: PAPERS_PER_CHILD_SECOND * settings.renderer_count() as f64,
        remember_keys: Duration::from_secs(settings.idempotency_hours * 3_600),
        min_free: settings.free_to_accept_mib.saturating_mul(1 << 20),
        ledger_folder,
    })
}

pub(super) fn keep(settings: &Settings) -> Keep {
    let days = |days: u64| (days > 0).then(|| Duration::from_secs(days.saturating_mul(86_400)));
    Keep { requests: days(settings.keep_requests_days), papers: days(settings.keep_papers_days) }
}

pub(super) async fn open_ledger(settings: &Settings) -> Result<Ledger, Failure> {
    let limits = LedgerLimits {
        max_waiting: settings.max_waiting,
        max_waiting_each: settings.max_waiting_each,
        max_starts: settings.max_starts,
        max_tries: settings.max_tries,
    };
    let ledger = Ledger::open(ledger_place(settings)?, limits).await;
    ledger.map_err(|error| Failure::store_unavailable(format!("the ledger: {error}")))
}

/// Registers webhooks and sends to them.
///
/// # Errors
/// When the key that seals secrets cannot be read or made.
pub fn open_registry(settings: &Settings, ledger: &Ledger) -> Result<Registry, Failure> {
    let file = if settings.secrets_key.as_os_str().is_empty() {
        settings.data.join("secrets.key")
    } else {
        settings.secrets_key.clone()
    };
    let sealer = Sealer::of(&file).map_err(|error| {
        Failure::new(
            FailureCode::BadParameter,
            format!("Không đọc được hoặc không tạo được tệp khóa {}.", file.display()),
            error.to_string(),
        )
        .hint("Kiểm tra quyền trên tệp, hoặc chọn tệp khác bằng --secrets-key.")
    })?;
    Ok(Registry { ledger: ledger.clone(), outbound: open_outbound(settings)?, sealer })
}

/// Calls hosts that others have named.
///
/// # Errors
/// When the file of further certificates cannot be used.
pub fn open_outbound(settings: &Settings) -> Result<Outbound, Failure> {
    let rules = Rules { ports: settings.webhook_ports().unwrap_or_default(), lab: settings.webhook_lab };
    Ok(Outbound::new(rules, &authorities(settings)?))
}

pub(super) fn authorities(settings: &Settings) -> Result<Authorities, Failure> {
    let file = &settings.webhook_ca;
    if file.as_os_str().is_empty() {
        return Ok(Authorities::default());
    }
    Authorities::read(file).map_err(|error| {
        let says = format!("Không dùng được tệp chứng thư {}.", file.display());
        Failure::new(FailureCode::BadParameter, says, error.to_string())
            .hint("webhook_ca là tệp PEM gồm một hay nhiều chứng thư của tổ chức chứng thực.")
    })
}

/// Delivers what the registry's webhooks are to get.
pub(super) fn open_carrier(settings: &Settings, registry: &Registry) -> Result<Carrier, Failure> {
    let schedule = settings.webhook_schedule.parse();
    Ok(Carrier {
        ledger: registry.ledger.clone(),
        outbound: registry.outbound.clone(),
        sealer: registry.sealer.clone(),
        schedule: schedule.map_err(|error: MalformedSchedule| Failure::internal(error.to_string()))?,
        disable_after: Duration::from_secs(settings.webhook_disable_hours.saturating_mul(3_600)),
    })
}

pub(super) fn open_doorbell(settings: &Settings) -> Result<Doorbell, Failure> {
    if settings.redis_url.is_empty() {
        return Ok(Doorbell::embedded());
    }
    Doorbell::redis(&settings.redis_url, &settings.queue).map_err(wrong_redis)
}

/// Whether there can be a doorbell over the Redis of the settings, if they name one.
pub(super) fn examine_redis(settings: &Settings) -> Result<(), Failure> {
    if settings.redis_url.is_empty() {
        return Ok(());
    }
    Doorbell::examine(&settings.redis_url, &settings.queue).map_err(wrong_redis)
}

/// The address may hold a password; what is said of it may not.
fn wrong_redis(error: QueueError) -> Failure {
    let (message, message_en) = if matches!(error, QueueError::Name(_)) {
        ("Tên hàng đợi chỉ gồm chữ không dấu, số, - và _.", "queue is no name of a queue")
    } else {
        ("Địa chỉ Redis không đúng.", "redis_url is not the address of a Redis server")
    };
    Failure::new(FailureCode::BadParameter, message, message_en).hint("Ví dụ: redis://127.0.0.1:6379/0")
}

pub(super) fn open_press(settings: &Settings, arguments: &[&str]) -> Result<Press, Failure> {
    Ok(Press::new(press_settings(settings, arguments)?))
}

/// How the press of these settings runs its children; `further` are arguments of each.
///
/// # Errors
/// When there is no /proc to find this executable by.
pub fn press_settings(settings: &Settings, further: &[&str]) -> Result<PressSettings, Failure> {
    // By its name it would be another one as soon as an upgrade has replaced the file, or none.
    let executable = PathBuf::from(OWN_EXECUTABLE);
    executable.metadata().map_err(|error| Failure::internal(format!("{OWN_EXECUTABLE}: {error}")))?;
    let mut arguments: Vec<String> = further.iter().map(|argument| (*argument).to_owned()).collect();
    for (flag, path) in
        [("--templates", &settings.templates), ("--fonts", &settings.fonts), ("--limits", &settings.limits)]
    {
        if !path.as_os_str().is_empty() {
            arguments.extend([flag.to_owned(), path.display().to_string()]);
        }
    }
    Ok(PressSettings {
        executable,
        arguments,
        children: settings.renderer_count(),
        deadline: settings.render_deadline(),
        processor: settings.render_deadline() + PROCESSOR_BEYOND_DEADLINE,
        memory_mib: settings.render_memory_mib,
        renders_per_child: settings.renders_per_child,
        replace_above_mib: settings.replace_above_mib,
        demand: settings.demand(),
    })
}

/// What callers may know of the settings.
pub(super) fn published(settings: &Settings, longest_wait: Duration) -> PublishedLimits {
    PublishedLimits {
        body_bytes: settings.max_body_bytes,
        paper_bytes: settings.max_paper_bytes,
        body_deadline_s: settings.body_deadline_s,
        wait_s: longest_wait.as_secs(),
        jobs_waiting: settings.max_waiting,
        jobs_waiting_each: settings.max_waiting_each,
        jobs_on_a_page: LARGEST_PAGE,
        render_s: settings.render_deadline_s,
        idempotency_hours: settings.idempotency_hours,
        keep_requests_days: settings.keep_requests_days,
        keep_documents_days: settings.keep_papers_days,
    }
}
