//! What this process counts and measures, as Prometheus reads it.
//!
//! The rule: labels come from closed lists (kinds, states, codes, routes of this program). Never an id, an organisation,
//! or a word that a caller sent.
//!
//! There is one set in a process, as there is one log. What a process counts begins at nothing with its start; what the
//! ledger knows is read when it is asked for ([`Readings`]).

mod process;
mod webhooks;

use std::{
    array,
    sync::{LazyLock, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use crate::{
    failure::FailureCode,
    recipe::{ENGINE, PROGRAM},
};
pub use webhooks::{FAULTS, OUTCOMES, OutboxReadings, delivery_tried};

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds; from a quick answer to the longest wait of a status request.
const ANSWER_S: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Seconds; from a worker that waited for the ring to a night's backlog.
const QUEUE_S: [f64; 14] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0];
/// Seconds; from a page to a render that meets its deadline.
const RENDER_S: [f64; 12] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Renders begun for a job until its end.
const STARTS: [f64; 5] = [0.0, 1.0, 2.0, 3.0, 5.0];

/// What ended render children that gave no answer, in the words of [`child_died`].
pub const DEATHS: [&str; 8] = ["deadline", "processor", "memory", "stack", "size", "garbled", "forbidden", "crashed"];
/// What an order to a render child was for.
pub const ORDERS: [&str; 2] = ["render", "examine"];
/// Ends of jobs.
const ENDS: [&str; 4] = ["succeeded", "failed", "dead", "cancelled"];
/// Methods that have a label of their own.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

type Labels<const N: usize> = [(&'static str, String); N];
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

struct Meters {
    registry: Registry,
    accepted: Family<Labels<1>, Counter>,
    ended: Family<Labels<2>, Counter>,
    starts: Histograms<1>,
    queue_wait: Histograms<1>,
    render: Histograms<1>,
    orders: Family<Labels<1>, Counter>,
    deaths: Family<Labels<1>, Counter>,
    children: Counter,
    leases_expired: Counter,
    rings: Counter,
    failed_passes: Counter,
    answers: Family<Labels<3>, Counter>,
    answer_time: Histograms<2>,
    problems: Family<Labels<1>, Counter>,
    spans_lost: Counter,
    tries: webhooks::Tries,
}

static METERS: LazyLock<Meters> = LazyLock::new(Meters::new);

impl Meters {
    fn new() -> Self {
        let mut registry = Registry::default();
        let build: Family<Labels<2>, Gauge> = Family::default();
        let version = PROGRAM.rsplit(' ').next().unwrap_or(PROGRAM);
        build.get_or_create(&[("version", version.to_owned()), ("engine", ENGINE.to_owned())]).set(1);
        enter(&mut registry, "tdkt_build_info", "Program and engine; always 1", build);
        let it = &mut registry;
        let meters = Self {
            accepted: enter(it, "tdkt_jobs_accepted", "Jobs stored by this process", Family::default()),
            ended: enter(it, "tdkt_jobs_ended", "Jobs that this process brought to an end", Family::default()),
            starts: enter(it, "tdkt_job_starts", "Renders begun for a job until its end", family(|| bounds(&STARTS))),
            queue_wait: enter(
                it,
                "tdkt_job_queue_wait_seconds",
                "From the moment a job was due (accepted, or its pause over) to its lease",
                family(|| bounds(&QUEUE_S)),
            ),
            render: enter(
                it,
                "tdkt_job_render_seconds",
                "From the order to the render child's answer or end, without the wait in the queue",
                family(|| bounds(&RENDER_S)),
            ),
            orders: enter(it, "tdkt_press_orders", "Orders handed to render children", Family::default()),
            deaths: enter(it, "tdkt_press_child_deaths", "Render children that gave no answer", Family::default()),
            children: enter(it, "tdkt_press_children_started", "Render children started", Counter::default()),
            leases_expired: enter(it, "tdkt_leases_expired", "Leases taken back from lost workers", Counter::default()),
            rings: enter(it, "tdkt_rings", "Rings sent to workers", Counter::default()),
            failed_passes: enter(
                it,
                "tdkt_dispatch_passes_failed",
                "Passes of the dispatcher that ledger or doorbell did not let end",
                Counter::default(),
            ),
            answers: enter(it, "tdkt_http_requests", "Requests answered", Family::default()),
            answer_time: enter(
                it,
                "tdkt_http_request_seconds",
                "From a request's head to its answer's head; long polls wait on purpose",
                family(|| bounds(&ANSWER_S)),
            ),
            problems: enter(it, "tdkt_http_problems", "Requests answered with a problem", Family::default()),
            spans_lost: enter(it, "tdkt_spans_lost", "Spans that no collector took", Counter::default()),
            tries: webhooks::Tries::enter(it),
            registry,
        };
        meters.begin();
        meters
    }

    /// What is known beforehand begins at 0, so that the first event is a rise.
    fn begin(&self) {
        for death in DEATHS {
            drop(self.deaths.get_or_create(&[("reason", death.to_owned())]));
        }
        for order in ORDERS {
            drop(self.orders.get_or_create(&[("work", order.to_owned())]));
        }
        for code in FailureCode::ALL {
            drop(self.problems.get_or_create(&[("code", code.as_str().to_owned())]));
        }
        for state in ENDS {
            drop(self.starts.get_or_create(&[("state", state.to_owned())]));
        }
    }
}

fn enter<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn family<const N: usize>(make: fn() -> Histogram) -> Histograms<N> {
    Family::new_with_constructor(make)
}

fn bounds(bounds: &[f64]) -> Histogram {
    Histogram::new(bounds.iter().copied())
}

/// Lets every kind's counts begin at 0.
pub fn expect_kinds<'a>(kinds: impl IntoIterator<Item = &'a str>) {
    for kind in kinds {
        let kind = ("kind", kind.to_owned());
        drop(METERS.accepted.get_or_create(array::from_ref(&kind)));
        for state in ENDS {
            drop(METERS.ended.get_or_create(&[kind.clone(), ("state", state.to_owned())]));
        }
        drop(METERS.queue_wait.get_or_create(array::from_ref(&kind)));
        drop(METERS.render.get_or_create(&[kind]));
    }
}

/// A job was stored.
pub fn job_accepted(kind: &str) {
    METERS.accepted.get_or_create(&[("kind", kind.to_owned())]).inc();
}

/// A job came to this end after so many starts.
pub fn job_ended(kind: &str, state: &'static str, starts: u32) {
    METERS.ended.get_or_create(&[("kind", kind.to_owned()), ("state", state.to_owned())]).inc();
    METERS.starts.get_or_create(&[("state", state.to_owned())]).observe(f64::from(starts));
}

/// A job was leased after this wait.
pub fn job_waited(kind: &str, wait: Duration) {
    METERS.queue_wait.get_or_create(&[("kind", kind.to_owned())]).observe(wait.as_secs_f64());
}

/// A job's render ended, whatever came of it.
pub fn job_rendered(kind: &str, took: Duration) {
    METERS.render.get_or_create(&[("kind", kind.to_owned())]).observe(took.as_secs_f64());
}

/// A render child got an order, one of [`ORDERS`].
pub fn order_given(work: &'static str) {
    METERS.orders.get_or_create(&[("work", work.to_owned())]).inc();
}

/// A render child was started.
pub fn child_started() {
    METERS.children.inc();
}

/// A render child gave no answer, for one of [`DEATHS`].
pub fn child_died(reason: &'static str) {
    METERS.deaths.get_or_create(&[("reason", reason.to_owned())]).inc();
}

/// Leases ran out.
pub fn leases_expired(leases: u64) {
    METERS.leases_expired.inc_by(leases);
}

/// Rings went out.
pub fn rang(rings: u64) {
    METERS.rings.inc_by(rings);
}

/// A pass of the dispatcher failed.
pub fn pass_failed() {
    METERS.failed_passes.inc();
}

/// A method as labels, logs and spans have it: a caller may write anything there.
pub fn method(word: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == word).unwrap_or("other")
}

/// A request was answered. `route` is the address as the program declares it, not as the caller wrote it.
pub fn answered(method: &str, route: Option<&str>, status: u16, took: Duration) {
    let method = self::method(method);
    let route = route.map_or_else(|| "none".to_owned(), template);
    let time = [("method", method.to_owned()), ("route", route.clone())];
    METERS.answer_time.get_or_create(&time).observe(took.as_secs_f64());
    let [method, route] = time;
    METERS.answers.get_or_create(&[method, route, ("status", status.to_string())]).inc();
}

/// A request was answered with this problem.
pub fn problem(code: FailureCode) {
    METERS.problems.get_or_create(&[("code", code.as_str().to_owned())]).inc();
}

/// Spans were dropped.
pub fn spans_lost(spans: u64) {
    METERS.spans_lost.inc_by(spans);
}

/// An address as declared, its placeholders without their patterns: `/v1/jobs/{id:[^/:]+}:requeue` is
/// `/v1/jobs/{id}:requeue`.
pub fn template(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let (mut depth, mut in_pattern) = (0_u32, false);
    for c in pattern.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 1 => in_pattern = true,
            _ => {}
        }
        in_pattern &= depth > 0;
        if !in_pattern {
            plain.push(c);
        }
    }
    plain
}

/// What is looked at when it is asked for. `None`: it did not answer, and nothing is said of it.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// Jobs in each state, of the whole ledger.
    pub jobs: Option<Vec<(&'static str, u64)>>,
    /// How long the oldest waiting job has waited.
    pub oldest_waiting: Option<Duration>,
    /// Rings that are out.
    pub rings_out: Option<u64>,
    /// Bytes that are free for papers, and that have to stay free.
    pub archive_free: Option<u64>,
    pub archive_kept_free: Option<u64>,
    /// Whether the archive answers, full or not.
    pub archive_answers: bool,
    /// Render children at work, and waiting.
    pub children: (u64, u64),
    pub outbox: Option<OutboxReadings>,
}

impl Readings {
    fn register(&self, registry: &mut Registry) {
        let up: Family<Labels<1>, Gauge> = Family::default();
        let parts = [
            ("ledger", self.jobs.is_some()),
            ("doorbell", self.rings_out.is_some()),
            ("archive", self.archive_answers),
        ];
        for (part, is_up) in parts {
            up.get_or_create(&[("part", part.to_owned())]).set(i64::from(is_up));
        }
        registry.register("tdkt_part_up", "Whether the part answered just now", up);
        if let Some(jobs) = &self.jobs {
            let states: Family<Labels<1>, Gauge> = Family::default();
            for (state, count) in jobs {
                states.get_or_create(&[("state", (*state).to_owned())]).set(whole(*count));
            }
            registry.register("tdkt_jobs", "Jobs in each state, of the whole ledger; dead is the dead letter", states);
            let oldest = self.oldest_waiting.unwrap_or_default().as_secs_f64();
            read(registry, "tdkt_job_oldest_waiting_seconds", "Age of the oldest waiting job; 0 if none waits", oldest);
        }
        if let Some(outbox) = &self.outbox {
            outbox.register(registry);
        }
        if let Some(rings) = self.rings_out {
            read(registry, "tdkt_doorbell_rings_out", "Rings that nobody has answered to the end", rings as f64);
        }
        if let Some(free) = self.archive_free {
            read(registry, "tdkt_archive_free_bytes", "Free on the disk of the papers", free as f64);
        }
        if let Some(kept) = self.archive_kept_free {
            let help = "Below so many free bytes nothing is stored";
            read(registry, "tdkt_archive_kept_free_bytes", help, kept as f64);
        }
        let children: Family<Labels<1>, Gauge> = Family::default();
        for (state, count) in [("busy", self.children.0), ("idle", self.children.1)] {
            children.get_or_create(&[("state", state.to_owned())]).set(whole(count));
        }
        registry.register("tdkt_press_children", "Render children of this process", children);
    }
}

fn read(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Everything, in the OpenMetrics text format.
pub fn text(readings: &Readings) -> String {
    let mut now = Registry::default();
    readings.register(&mut now);
    process::register(&mut now);
    let mut text = String::new();
    // A string takes whatever is written to it.
    let _written = encode_registry(&mut text, &METERS.registry)
        .and_then(|()| encode_registry(&mut text, &now))
        .and_then(|()| encode_eof(&mut text));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_said_without_the_patterns_of_its_placeholders() {
        assert_eq!(template("/v1/jobs/{id:[^/:]+}:requeue"), "/v1/jobs/{id}:requeue");
        assert_eq!(template("/v1/kinds/{kind}/samples/{name:a{2}b}"), "/v1/kinds/{kind}/samples/{name}");
        assert_eq!(template("/livez"), "/livez");
    }

    #[test]
    fn what_has_not_happened_yet_is_counted_as_nothing() {
        expect_kinds(["a-kind-of-this-test"]);
        let text = text(&Readings::default());
        for line in [
            "tdkt_jobs_accepted_total{kind=\"a-kind-of-this-test\"} 0",
            "tdkt_jobs_ended_total{kind=\"a-kind-of-this-test\",state=\"dead\"} 0",
            "tdkt_press_child_deaths_total{reason=\"forbidden\"}",
            "tdkt_part_up{part=\"ledger\"} 0",
            "tdkt_webhook_faults_total{reason=\"certificate\"} 0",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let silent = ["tdkt_jobs{", "tdkt_webhooks{", "tdkt_webhook_oldest_waiting_seconds"];
        assert!(!silent.iter().any(|name| text.contains(name)), "what did not answer is not said to be 0");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_method_nobody_knows_and_an_address_nobody_declared_make_no_labels_of_their_own() {
        answered("CHÀO", None, 404, Duration::from_millis(3));
        let text = text(&Readings::default());
        assert!(text.contains("tdkt_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1"), "{text}");
        assert!(!text.contains("CHÀO"));
    }

    #[test]
    fn readings_are_those_of_the_moment() {
        let jobs = Some(vec![("accepted", 3), ("dead", 1)]);
        let oldest_waiting = Some(Duration::from_millis(1_500));
        let said = text(&Readings { jobs, oldest_waiting, rings_out: Some(2), ..Readings::default() });
        for line in
            ["tdkt_jobs{state=\"dead\"} 1", "tdkt_job_oldest_waiting_seconds 1.5", "tdkt_doorbell_rings_out 2.0"]
        {
            assert!(said.contains(line), "{line}\n{said}");
        }
        assert!(!text(&Readings::default()).contains("tdkt_job_oldest_waiting_seconds"));
    }
}
