//! The address for callers: what answers there, what is bounded, and by which protocol.

use std::{sync::Arc, time::Duration};

use actix_web::{App, HttpServer, middleware, web::Data};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::sync::Semaphore;

use super::{
    HTTP_THREADS,
    address::{self, Address},
    connections::Connections,
    parts::published,
    tls::Certificate,
};
use crate::{
    api::{self, ApiLimits, ForwardedBy, Origins, SelfDescription, Streams},
    desk::Desk,
    failure::Failure,
    gate::Gate,
    post::Registry,
    settings::Settings,
    soundings::Soundings,
};

/// The longest a status request waits.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Connections that one thread of the HTTP server holds.
const CONNECTIONS: usize = 512;
/// Files of all connections, of papers that go out, and of the ledger.
const FILES: u64 = 8_192;
/// Uploaded papers that are in memory at a time.
const PAPERS_HELD: usize = 16;

/// What stands behind the doors.
pub(super) struct Behind {
    pub desk: Desk,
    pub gate: Gate,
    pub registry: Registry,
    /// None where metrics have an address of their own.
    pub soundings: Option<Soundings>,
}

/// The server, and the connections that it holds.
pub(super) struct Doors {
    pub server: actix_web::dev::Server,
    pub connections: Connections,
}

/// Opens the address, or takes up the one that is open.
///
/// # Errors
/// When the address cannot be had, or the certificate cannot be used.
pub(super) fn open(settings: &Settings, address: Address, behind: Behind) -> Result<Doors, Failure> {
    let Behind { desk, gate, registry, soundings } = behind;
    let streams = Streams::default();
    make_room_for_files();
    let limits = ApiLimits {
        max_body: settings.max_body_bytes,
        max_paper: settings.max_paper_bytes,
        papers_held: Arc::new(Semaphore::new(PAPERS_HELD)),
        body_deadline: Duration::from_secs(settings.body_deadline_s),
        answer_grace: Duration::from_secs(settings.answer_grace_s),
        longest_wait: LONGEST_WAIT,
        origins: origins(settings),
    };
    let known = SelfDescription::of(desk.workshop(), &published(settings, LONGEST_WAIT));
    let connections = Connections::new(settings.connections_per_address, settings.behind_proxy.clone());
    let counted = connections.clone();
    let server = HttpServer::new(move || {
        let soundings = soundings.clone().map(Data::new);
        App::new()
            .app_data(Data::new(desk.clone()))
            .app_data(Data::new(limits.clone()))
            .app_data(Data::new(known.clone()))
            .app_data(Data::new(gate.clone()))
            .app_data(Data::new(registry.clone()))
            .app_data(Data::new(streams.clone()))
            .configure(|config| {
                if let Some(soundings) = soundings {
                    config.app_data(soundings);
                }
            })
            .wrap(middleware::from_fn(api::portion))
            .wrap(middleware::from_fn(api::part))
            .wrap(middleware::from_fn(api::count))
            .wrap(middleware::from_fn(api::stamp))
            .configure(api::routes)
    })
    .workers(HTTP_THREADS)
    .worker_max_blocking_threads(2)
    .max_connections(CONNECTIONS)
    // An answer goes out in portions; none waits for the word that the one before has come.
    .tcp_nodelay(true)
    .on_connect(move |connection, extensions| counted.count(connection, extensions))
    .client_request_timeout(Duration::from_secs(10))
    .client_disconnect_timeout(Duration::from_secs(2))
    .shutdown_timeout(settings.drain_s)
    .disable_signals();
    let at = address.socket_address();
    let socket = address
        .socket(api::given_up_after(Duration::from_secs(settings.answer_grace_s)))
        .map_err(|error| address::not_opened(at, &error))?;
    let (scheme, bound) = if settings.tls_cert.as_os_str().is_empty() {
        ("http", server.listen(socket))
    } else {
        let certificate = Certificate::read(&settings.tls_cert, &settings.tls_key)?;
        let spoken = certificate.server()?;
        tokio::spawn(certificate.keep_fresh());
        ("https", server.listen_rustls_0_23(socket, spoken))
    };
    let server = bound.map_err(|error| address::not_opened(at, &error))?;
    for address in server.addrs() {
        // On standard error: scripts and tests wait for this line.
        eprintln!("Đang phục vụ tại {scheme}://{address}");
    }
    Ok(Doors { server: server.run(), connections })
}

/// A connection takes two files; shells give a process 1,024, which it may raise to what the system allows.
fn make_room_for_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < FILES.min(hard)
    {
        let _as_it_was = setrlimit(Resource::RLIMIT_NOFILE, FILES.min(hard), hard);
    }
}

/// Behind a proxy without TLS of our own, a caller who goes around the proxy would send its key in the clear.
fn origins(settings: &Settings) -> Origins {
    Origins {
        proxies: settings.behind_proxy.clone(),
        forwarded_by: match settings.forwarded_header.as_str() {
            "forwarded" => ForwardedBy::Forwarded,
            _ => ForwardedBy::XForwardedFor,
        },
        proxies_only: !settings.behind_proxy.are_open() && settings.tls_cert.as_os_str().is_empty(),
    }
}
