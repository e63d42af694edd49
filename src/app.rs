//! Wiring: what is opened in which order, how the parts start, and how they stop.

mod address;
mod connections;
mod doors;
pub mod examination;
mod leaving;
mod parts;
mod safety;
mod tls;
mod watching;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use tracing::{info, warn};

use crate::{
    archive::Archive,
    desk::{Desk, SourceReader},
    dispatch::{DispatchSettings, Dispatcher},
    failure::{Failure, FailureCode},
    gate::Gate,
    ledger::{Keep, Ledger, Place},
    metrics,
    post::{self, Carrier},
    press::Press,
    retention,
    settings::Settings,
    soundings::Soundings,
    telemetry,
    timetable::{self, Reader},
    traces,
    worker::{Worker, WorkerSettings},
    workshop_files,
};
use address::Address;
use doors::{Behind, Doors};
use leaving::Leaving;
use parts::{Parts, admission, keep, ledger_place, open, open_carrier, open_doorbell, open_ledger};
pub use parts::{open_books, open_outbound, open_registry, press_settings, restore, take_stock};
pub use safety::setting_faults;

/// How often audit rows are sealed into their chain.
const SEAL_EVERY: Duration = Duration::from_secs(60);
/// After how many of these left-overs of the archive and outdated data are swept, and how old left-overs must be.
const SWEEP_EVERY: u64 = 10;
const SWEEP_AGE: Duration = Duration::from_secs(3600);
/// What the last writes may take once renders have ended.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// What the last spans may take on their way.
const LAST_SPANS: Duration = Duration::from_secs(2);
/// Threads that answer HTTP; they never render.
const HTTP_THREADS: usize = 2;

/// Runs HTTP, dispatch and, unless `work` is off, a worker, until a signal asks to stop. `press_arguments` are further
/// arguments of render children.
///
/// # Errors
/// When a part cannot be opened, the address cannot be had, or the sandbox lacks what is required.
pub fn serve(settings: &Settings, press_arguments: &[&str]) -> Result<(), Failure> {
    let address = Address::find(settings.listen)?;
    let workshop = Arc::new(load_workshop(settings)?);
    let reading = Arc::clone(&workshop);
    telemetry::hush_panics();
    runtime()?.block_on(async {
        safety::refuse_wrong(settings, address.socket_address()).await?;
        deliver_spans(settings)?;
        let parts = open(settings, press_arguments).await?;
        look_at_the_sandbox(&parts.press).await?;
        let registry = open_registry(settings, &parts.ledger)?;
        let desk = Desk::new(
            workshop,
            parts.ledger.clone(),
            parts.archive.clone(),
            parts.doorbell.clone(),
            Arc::clone(&parts.press),
        )
        .admitting(admission(settings)?)
        .calling(registry.outbound.clone());
        let soundings = watched(settings, &parts)?;
        let first_look = safety::look(settings, address.socket_address(), &parts.ledger).await?;
        let gate = Gate::new(parts.ledger.clone(), first_look, settings.requests_per_minute);
        let carrier = open_carrier(settings, &registry)?;
        let reader = SourceReader { workshop: reading, outbound: registry.outbound.clone() };
        let outlives_us = address.outlives_us();
        let behind = Behind { desk: desk.clone(), gate, registry, soundings };
        let Doors { server, connections } = doors::open(settings, address, behind)?;
        let mut staff = Staff::hire(settings, &parts, (carrier, Some(Arc::new(reader))));
        if settings.work {
            staff.put_to_work(settings, &parts);
        }
        let leaving = Leaving {
            desk,
            ledger: parts.ledger.clone(),
            server: server.handle(),
            connections,
            notice: Duration::from_secs(settings.notice_s.min(settings.drain_s)),
        };
        tokio::pin!(server);
        tokio::select! {
            ended = &mut server => {
                ended.map_err(|error| Failure::internal(format!("the HTTP server ended: {error}")))?;
            }
            () = stop_signal() => {
                info!("Stopping: no new work, running renders may finish");
                let left = async {
                    if outlives_us {
                        staff.dismiss().await;
                        leaving.behind_an_open_address().await;
                    } else {
                        tokio::join!(leaving.with_the_address(), staff.dismiss());
                    }
                };
                // The server is driven here too, and has ended a moment before or after `left`.
                let driven = async { let _ended = (&mut server).await; std::future::pending::<()>().await };
                drain(async { tokio::select! { () = left => {}, () = driven => {} } }, settings).await;
            }
        }
        traces::flush(LAST_SPANS).await;
        parts.ledger.close().await;
        Ok(())
    })
}

/// Runs a worker and a dispatcher, without HTTP, until a signal asks to stop.
///
/// # Errors
/// When a part cannot be opened, or no Redis address is given: an in-process doorbell rings in no other process.
pub fn work(settings: &Settings) -> Result<(), Failure> {
    if settings.redis_url.is_empty() {
        return Err(Failure::new(
            FailureCode::BadParameter,
            "Lệnh work cần địa chỉ Redis.",
            "work needs --redis-url: without Redis jobs are worked on inside serve",
        )
        .hint("Thêm --redis-url redis://127.0.0.1:6379/0 cho cả serve và work."));
    }
    // A broken template folder is better found now than by the first job.
    load_workshop(settings)?;
    telemetry::hush_panics();
    runtime()?.block_on(async {
        deliver_spans(settings)?;
        let parts = open(settings, &[]).await?;
        look_at_the_sandbox(&parts.press).await?;
        watched(settings, &parts)?;
        let carrier = open_carrier(settings, &open_registry(settings, &parts.ledger)?)?;
        let mut staff = Staff::hire(settings, &parts, (carrier, None));
        staff.put_to_work(settings, &parts);
        info!("Working; ctrl-c to stop");
        stop_signal().await;
        info!("Stopping: no new work, running renders may finish");
        drain(staff.dismiss(), settings).await;
        traces::flush(LAST_SPANS).await;
        parts.ledger.close().await;
        Ok(())
    })
}

/// For `doctor`: opens the ledger and counts its jobs. One that is not there yet is not made by looking for it.
pub async fn examine_ledger(settings: &Settings) -> Result<String, String> {
    let place = ledger_place(settings).map_err(|failure| failure.message_en)?;
    if let Place::File(file) = &place
        && !file.exists()
    {
        return Ok(format!("{place}: chưa có, sẽ được tạo khi dịch vụ bắt đầu chạy"));
    }
    let ledger = open_ledger(settings).await.map_err(|failure| failure.message_en)?;
    ledger.ping().await.map_err(|error| error.to_string())?;
    let counts = ledger.counts().await.map_err(|error| error.to_string())?;
    let waiting = counts.of(crate::job::JobState::Accepted);
    let faults = ledger.unsafe_settings().await.map_err(|error| error.to_string())?;
    ledger.close().await;
    if !faults.is_empty() {
        return Err(format!("thiết lập có thể làm mất việc đã nhận: {}", faults.join("; ")));
    }
    Ok(format!("{place}, {waiting} việc đang chờ"))
}

/// For `doctor`: asks the doorbell.
pub async fn examine_doorbell(settings: &Settings) -> Result<String, String> {
    let doorbell = open_doorbell(settings).map_err(|failure| failure.message_en)?;
    doorbell.ping().await.map_err(|error| error.to_string())?;
    Ok(if settings.redis_url.is_empty() { "trong tiến trình".to_owned() } else { "Redis trả lời".to_owned() })
}

/// Says what shuts render children in. Without what is required nothing starts.
async fn look_at_the_sandbox(press: &Press) -> Result<(), Failure> {
    match press.sandbox().await {
        Ok(sandbox) if sandbox.is_complete() => info!("Render children are shut in by Landlock and seccomp"),
        Ok(sandbox) => warn!(?sandbox, "Render children are shut in only in part; `doctor` says what is missing"),
        Err(verdict) => {
            let cause = Failure::from(verdict).message_en;
            let failure =
                Failure::new(FailureCode::MissingSandbox, "Tiến trình kết xuất không khởi động được an toàn.", cause);
            return Err(failure.hint(
                "Chạy `tdkt-reports doctor`; nếu nhân hệ điều hành thiếu Landlock hoặc seccomp thì đặt sandbox = \"best\".",
            ));
        }
    }
    Ok(())
}

fn deliver_spans(settings: &Settings) -> Result<(), Failure> {
    telemetry::deliver_spans(settings).map_err(|error| Failure::internal(format!("no way to the collector: {error}")))
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(HTTP_THREADS).enable_all().build();
    runtime.map_err(|error| Failure::internal(format!("no runtime: {error}")))
}

fn load_workshop(settings: &Settings) -> Result<crate::rendering::Workshop, Failure> {
    let unusable = |fault: String| {
        Failure::new(FailureCode::TemplateFault, "Không dùng được thư mục mẫu hoặc phông chữ.", fault)
            .hint("Chạy `tdkt-reports doctor` để xem chi tiết.")
    };
    let workshop = workshop_files::load(settings).map_err(|error| unusable(error.to_string()))?;
    workshop.catalog().examine().map_err(|error| unusable(format!("template folder:\n{error}")))?;
    metrics::expect_kinds(workshop.catalog().kinds().map(|kind| kind.manifest.kind.as_str()));
    Ok(workshop)
}

/// What runs beside the doors: dispatch, the archive's sweeper, and a worker if there is to be one.
struct Staff {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    worker: Option<Arc<Worker>>,
}

impl Staff {
    fn hire(settings: &Settings, parts: &Parts, (carrier, reader): (Carrier, Option<Arc<dyn Reader>>)) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let dispatch_settings = DispatchSettings {
            ring_again_after: Duration::from_secs(settings.ring_again_s.max(1)),
            ..DispatchSettings::default()
        };
        let dispatcher = Dispatcher::new(parts.ledger.clone(), parts.doorbell.clone(), dispatch_settings);
        tasks.spawn({
            let stopping = stopping.clone();
            async move { dispatcher.run(stopping).await }
        });
        let keep_events = Duration::from_secs(settings.keep_events_days.saturating_mul(86_400));
        tasks.spawn(post::number(parts.ledger.clone(), keep_events, stopping.clone()));
        tasks.spawn(carrier.run(stopping.clone()));
        tasks.spawn(timetable::keep(parts.ledger.clone(), stopping.clone()));
        if let Some(reader) = reader {
            tasks.spawn(timetable::keep_sources(parts.ledger.clone(), reader, stopping.clone()));
        }
        tasks.spawn(sweep(parts.archive.clone(), parts.ledger.clone(), keep(settings), stopping));
        Self { stop, tasks, worker: None }
    }

    fn put_to_work(&mut self, settings: &Settings, parts: &Parts) {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let name = format!("worker-{}-{}", host.trim(), std::process::id());
        let worker_settings = WorkerSettings { drain: Duration::from_secs(settings.drain_s), ..Default::default() };
        let (ledger, archive, press) = (parts.ledger.clone(), parts.archive.clone(), Arc::clone(&parts.press));
        let worker = Arc::new(Worker::new(ledger, archive, press, &name, worker_settings));
        self.worker = Some(Arc::clone(&worker));
        let (doorbell, stopping, concurrency) =
            (parts.doorbell.clone(), self.stop.subscribe(), settings.renderer_count());
        self.tasks.spawn(async move {
            let handler = move |job| {
                let worker = Arc::clone(&worker);
                async move { worker.answer(job).await }
            };
            doorbell.answer("tdkt", concurrency, handler, stopping).await;
        });
    }

    /// Takes no new work, lets running renders finish within the worker's limit, gives the rest back.
    async fn dismiss(&mut self) {
        if let Some(worker) = &self.worker {
            worker.stop();
        }
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn sweep(archive: Archive, ledger: Ledger, keep: Keep, mut stopping: watch::Receiver<bool>) {
    for minute in 1_u64.. {
        tokio::select! {
            () = tokio::time::sleep(SEAL_EVERY) => {}
            _ = stopping.changed() => return,
        }
        if let Err(error) = ledger.seal_audit().await {
            warn!("The audit could not be sealed: {error}");
        }
        if !minute.is_multiple_of(SWEEP_EVERY) {
            continue;
        }
        let referenced = |sha256: String| {
            let ledger = ledger.clone();
            // In doubt a file stays.
            async move { ledger.artifact_is_referenced(&sha256).await.unwrap_or(true) }
        };
        if let Err(error) = archive.sweep(SWEEP_AGE, referenced).await {
            warn!("The archive could not be swept: {error}");
        }
        if let Err(error) = retention::sweep(&ledger, &archive, keep).await {
            warn!("Data whose time is over could not all be erased: {error}");
        }
    }
}

/// Opens the address for metrics if there is to be one; gives back what is to be answered elsewhere.
fn watched(settings: &Settings, parts: &Parts) -> Result<Option<Soundings>, Failure> {
    let soundings = watching::soundings(parts);
    match settings.metrics_address() {
        Some(address) => watching::open(address, soundings).map(|()| None),
        None => Ok(Some(soundings)),
    }
}

async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        warn!("Signals cannot be received; only a kill stops this process");
        return std::future::pending().await;
    };
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
}

/// Waits for the stop to be complete: a little longer than renders and open requests may take; a second signal ends it.
async fn drain(stopped: impl Future<Output = ()>, settings: &Settings) {
    let limit = Duration::from_secs(settings.drain_s) + LAST_WRITES;
    tokio::select! {
        () = stopped => {}
        () = tokio::time::sleep(limit) => warn!("Renders that still run are given up; their jobs are taken up again"),
        () = stop_signal() => warn!("Stopped at once; jobs that still run are taken up again"),
    }
}
