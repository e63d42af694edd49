use super::{
    super::{QueueError, Redis, read, written},
    server::Server,
    *,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// `RPUSH active`, as apalis's own promotion does.
fn put_in_line(server: &Server, id: &str) {
    let _length: u64 = server.ask(&["RPUSH", &Server::key("active"), id]);
}

#[test]
fn a_ring_reads_back_and_nothing_else_does() {
    let job = JobId::fresh();
    assert_eq!(String::from_utf8(written(job)).unwrap(), format!(r#"{{"v":1,"job":"{job}"}}"#));
    assert_eq!(read(&written(job)), Some(job));
    let other_version = format!(r#"{{"v":2,"job":"{job}"}}"#);
    for garbage in ["", "null", "\u{0}", r#"{"v":1}"#, r#"{"v":1,"job":"x"}"#, &other_version] {
        assert_eq!(read(garbage.as_bytes()), None, "{garbage}");
    }
}

/// What each setting prevents stands in `redis.rs`; its defaults are other, and differ between code and documents.
#[test]
fn apalis_is_set_as_the_house_needs_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let Ok(Doorbell::Redis(bell)) = Doorbell::redis("redis://127.0.0.1/", Redis::QUEUE) else { panic!() };
    let set = format!("{bell:?}");
    for setting in [
        "batch_size: 1,",
        "heartbeat_interval: 5s",
        "missed_heartbeats: 6",
        "lock_tasks: true",
        "persist_results: true",
        "emit_events: false",
        "idempotency_ttl: None",
    ] {
        assert!(set.contains(setting), "{setting} is not in {set}");
    }
    assert!(Redis::QUEUE.contains("{tdkt}"), "one slot of a cluster");
}

#[test]
fn a_name_that_apalis_would_cut_and_an_address_that_is_none_are_refused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    for name in ["", "a:b", "a b"] {
        assert!(matches!(Doorbell::redis("redis://127.0.0.1/", name), Err(QueueError::Name(_))), "{name}");
    }
    assert!(matches!(Doorbell::redis("http://x", Redis::QUEUE), Err(QueueError::Address(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_redis_is_an_error_soon_and_not_a_wait() {
    let mut server = Server::start();
    server.kill();
    let bell = server.bell();
    let started = Instant::now();
    assert!(bell.ping().await.is_err());
    assert!(bell.ring(&jobs(1), 1).await.is_err());
    assert!(bell.depth().await.is_err());
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_rung_once_under_one_number_and_again_under_the_next() {
    let server = Server::start();
    let (bell, rung) = (server.bell(), jobs(3));
    bell.ring(&rung, 7).await.unwrap();
    bell.ring(&rung, 7).await.unwrap();
    assert_eq!(bell.depth().await.unwrap(), 3);
    bell.ring(&rung[..1], 8).await.unwrap();
    assert_eq!(bell.depth().await.unwrap(), 4);
    let listener = Listener::start(&bell);
    let started = Instant::now();
    while bell.depth().await.unwrap() > 0 {
        assert!(started.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answers = listener.stop().await;
    assert_eq!(rung.iter().map(|job| answers[job]).collect::<Vec<_>>(), [2, 1, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_in_redis_does_not_stop_the_worker() {
    let server = Server::start();
    let bell = server.bell();
    let listener = Listener::start(&bell);
    let data = Server::key("data");
    for round in 0..3 {
        // A ring whose bytes are no ring.
        for (number, bytes) in ["not json", "\u{0}\u{1}", r#"{"v":9,"job":"x"}"#, "[[[[["].into_iter().enumerate() {
            let id = format!("garbage-{round}:{number}");
            let _set: u64 = server.ask(&["HSET", &data, &id, bytes]);
            let fields = ["attempts", "0", "max_attempts", "25", "status", "Pending"];
            let _set: u64 = server.ask(&[&["HSET", &Server::key(&format!("meta:{id}"))], &fields[..]].concat());
            put_in_line(&server, &id);
        }
        // A ring without bytes, one without fields, one with fields that are none.
        put_in_line(&server, &format!("no-bytes-{round}:1"));
        let _set: u64 = server.ask(&["HSET", &data, &format!("no-fields-{round}:1"), "x"]);
        put_in_line(&server, &format!("no-fields-{round}:1"));
        let odd = format!("odd-fields-{round}:1");
        let _set: u64 = server.ask(&["HSET", &data, &odd, "x"]);
        let _set: u64 = server.ask(&["HSET", &Server::key(&format!("meta:{odd}")), "attempts", "many"]);
        put_in_line(&server, &odd);

        let rung = jobs(20);
        bell.ring(&rung, round).await.unwrap();
        listener.has_answered(&rung, PATIENCE).await;
    }
    listener.stop().await;
    assert_eq!(bell.depth().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_apalis_cannot_parse_do_not_wedge_the_queue() {
    let server = Server::start();
    let bell = server.bell();
    let listener = Listener::start(&bell);
    let _set: u64 = server.ask(&["HSET", &Server::key("data"), "bad:1", "x"]);
    let fields = ["attempts", "many", "max_attempts", "25", "status", "Nonsense"];
    let _set: u64 = server.ask(&[&["HSET", &Server::key("meta:bad:1")], &fields[..]].concat());
    put_in_line(&server, "bad:1");
    let rung = jobs(20);
    bell.ring(&rung, 1).await.unwrap();
    listener.has_answered(&rung, PATIENCE).await;
    listener.stop().await;
    assert_eq!(bell.depth().await.unwrap(), 0);
    assert!(!server.ask::<bool>(&["HEXISTS", &Server::key("data"), "bad:1"]), "it would end the next worker too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_thousand_foreign_rings_do_not_wedge_the_queue() {
    let server = Server::start();
    let bell = server.bell();
    bell.ring(&jobs(9_000), 1).await.unwrap();
    let listener = Listener::start(&bell);
    let rung = jobs(20);
    tokio::time::sleep(Duration::from_secs(1)).await;
    bell.ring(&rung, 2).await.unwrap();
    listener.has_answered(&rung, Duration::from_secs(60)).await;
    listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_supervisor_survives_a_restart_of_redis_and_running_handlers_do_not_notice() {
    let mut server = Server::start();
    let bell = server.bell();
    let (stop, stopped) = watch::channel(false);
    let ended: Arc<Mutex<Vec<JobId>>> = Arc::default();
    let worker = tokio::spawn({
        let (bell, ended) = (bell.clone(), Arc::clone(&ended));
        async move {
            let handler = move |job| {
                let ended = Arc::clone(&ended);
                async move {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    ended.lock().unwrap().push(job);
                }
            };
            bell.answer("test", 2, handler, stopped).await;
        }
    });
    let first = jobs(1);
    bell.ring(&first, 1).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    server.kill();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(*ended.lock().unwrap(), first);
    server.start_again();

    let second = jobs(1);
    let back = Instant::now();
    while bell.ring(&second, 2).await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    while !ended.lock().unwrap().contains(&second[0]) {
        assert!(back.elapsed() < Duration::from_secs(15), "the worker is not back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("answered {:?} after Redis was back (2 s of it in the handler)", back.elapsed());
    stop.send_replace(true);
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_stops_though_redis_is_gone() {
    let mut server = Server::start();
    let listener = Listener::start(&server.bell());
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.kill();
    tokio::time::sleep(Duration::from_millis(500)).await;
    listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_rings_leave_nothing_in_redis() {
    let server = Server::start();
    let bell = server.bell();
    let Doorbell::Redis(inner) = &bell else { panic!("not Redis") };
    let rung = jobs(1_200);
    bell.ring(&rung, 1_000).await.unwrap();
    let listener = Listener::start(&bell);
    listener.has_answered(&rung, PATIENCE).await;
    listener.stop().await;
    let in_flight: Vec<String> = server.ask(&["KEYS", &format!("{}*", Server::key("inflight"))]);
    assert!(in_flight.is_empty(), "{in_flight:?}");
    assert_eq!(server.ask::<u64>(&["SCARD", &Server::key("done")]), 1_200);

    inner.clean(Duration::from_secs(3_600)).await.unwrap();
    let left: Vec<String> = server.ask(&["KEYS", "*"]);
    assert_eq!(left, ["core:apalis:queues:list"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_ring_is_removed_and_a_young_one_stays() {
    let server = Server::start();
    let bell = server.bell();
    let Doorbell::Redis(inner) = &bell else { panic!("not Redis") };
    let now = chrono::Utc::now().timestamp_millis();
    bell.ring(&jobs(3), now - 7_200_000).await.unwrap();
    bell.ring(&jobs(2), now).await.unwrap();
    inner.clean(Duration::from_secs(3_600)).await.unwrap();
    assert_eq!(bell.depth().await.unwrap(), 2);
    assert_eq!(server.ask::<u64>(&["HLEN", &Server::key("data")]), 2);
}
