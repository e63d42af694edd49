//! Two doorbells, one behaviour: within the process, and over a real Redis, which carries ids and may forget them.

use std::{collections::BTreeMap, time::Duration};

use nix::sys::signal::Signal;

use super::{
    open_doors::certificate,
    support::{
        papers,
        programs::{Process, Redis, Service, json, tdkt, until},
    },
};

/// Second rings come soon, so that lost ones cost the test seconds instead of a minute.
const SOON: [&str; 2] = ["--ring-again-s", "2"];

/// The hashes of the papers that a service makes of every sample and example.
fn hashes(service: &Service) -> BTreeMap<String, String> {
    let samples = papers::samples().into_iter().map(|(kind, name, request)| (format!("{kind}/{name}"), request));
    let examples = papers::EXAMPLES.into_iter().map(|name| (name.to_owned(), papers::example(name)));
    let jobs: Vec<_> = samples.chain(examples).map(|(name, request)| (name, service.accept(request))).collect();
    let paper = |(name, id): (String, String)| {
        let job = service.wait_for(&id);
        assert_eq!(job["state"], "succeeded", "{name}: {job:#}");
        let sha256 = tdkt_reports::fingerprint::of(&service.document(&id));
        assert_eq!(job["document"]["sha256"], sha256);
        (name, sha256)
    };
    jobs.into_iter().map(paper).collect()
}

#[test]
fn the_same_request_gives_the_same_bytes_whichever_way_the_bell_rings() {
    let redis = Redis::start();
    let embedded = Service::start(&[]);
    let over_redis = Service::start(&["--redis-url", &redis.address()]);
    let apart = Service::start(&["--redis-url", &redis.address(), "--queue", "apart", "--work", "false"]);
    let _worker = Process::work(apart.data(), &redis, &["--queue", "apart"]);
    let expected = hashes(&embedded);
    assert_eq!(hashes(&over_redis), expected);
    assert_eq!(hashes(&apart), expected);
    assert_eq!(apart.process.presses(), Vec::<u32>::new(), "all renders were the other process's");
}

#[test]
fn redis_holds_ids_and_nothing_of_a_request() {
    let redis = Redis::start();
    let service = Service::start(&["--redis-url", &redis.address(), "--work", "false"]);
    let ids: Vec<String> = (0..16).map(|_| service.accept(papers::sample("simple"))).collect();
    until(Duration::from_secs(10), "every job is rung for", || {
        contents(&redis).matches(r#""job""#).count() == ids.len()
    });
    holds_no_word_of_the_sample(&redis, &ids);
    // While it is worked on and afterwards, too.
    let _worker = Process::work(service.data(), &redis, &[]);
    for id in &ids {
        assert_eq!(service.wait_for(id)["state"], "succeeded");
        holds_no_word_of_the_sample(&redis, &[]);
    }
}

fn holds_no_word_of_the_sample(redis: &Redis, ids: &[String]) {
    let contents = contents(redis);
    for id in ids {
        assert!(contents.contains(&format!(r#"{{"v":1,"job":"{id}"}}"#)), "{id} is not rung for:\n{contents}");
    }
    let request = papers::sample_value("simple");
    let mut words = Vec::new();
    tdkt_reports::vietnamese::visit_strings(&request, &mut |_, text| words.push(text.to_owned()));
    // Short words such as "bloc" or a date may stand in keys of apalis by chance.
    for word in words.iter().filter(|word| word.chars().count() > 10) {
        assert!(!contents.contains(word.as_str()), "{word} stands in Redis");
    }
}

/// Every key and value.
fn contents(redis: &Redis) -> String {
    let keys: Vec<String> = redis.ask(&["KEYS", "*"]);
    let value = |key: &String| -> redis::Value {
        match redis.ask::<String>(&["TYPE", key]).as_str() {
            "string" => redis.ask(&["GET", key]),
            "hash" => redis.ask(&["HGETALL", key]),
            "list" => redis.ask(&["LRANGE", key, "0", "-1"]),
            "set" => redis.ask(&["SMEMBERS", key]),
            "zset" => redis.ask(&["ZRANGE", key, "0", "-1"]),
            "none" => redis::Value::Nil,
            other => panic!("{key} is a {other}"),
        }
    };
    let mut all = String::new();
    for key in &keys {
        all.push_str(&format!("{key}: "));
        write_out(&value(key), &mut all);
        all.push('\n');
    }
    all
}

fn write_out(value: &redis::Value, all: &mut String) {
    match value {
        redis::Value::BulkString(bytes) => all.push_str(&String::from_utf8_lossy(bytes)),
        redis::Value::Array(items) => items.iter().for_each(|item| {
            write_out(item, all);
            all.push(' ');
        }),
        other => all.push_str(&format!("{other:?}")),
    }
}

#[test]
fn a_redis_that_forgets_everything_in_mid_run_loses_no_job() {
    let redis = Redis::start();
    let service = Service::start(&[&["--redis-url", &redis.address(), "--work", "false"], &SOON[..]].concat());
    let ids: Vec<String> = (0..80).map(|_| service.accept(papers::sample("overflow"))).collect();
    let worker = Process::work(service.data(), &redis, &SOON);
    let books = service.books();
    for done in [5, 20, 40] {
        until(Duration::from_secs(60), "the work goes on", || books.counts().get("succeeded") >= Some(&done));
        let _emptied: String = redis.ask(&["FLUSHALL"]);
    }
    for id in &ids {
        assert_eq!(service.wait_for(id)["state"], "succeeded", "{}", worker.said());
    }
    books.each_succeeded_with_one_file(&ids);
}

#[test]
fn a_redis_that_dies_and_comes_back_empty_loses_no_job() {
    let mut redis = Redis::start();
    let service = Service::start(&[&["--redis-url", &redis.address(), "--work", "false"], &SOON[..]].concat());
    let mut ids: Vec<String> = (0..80).map(|_| service.accept(papers::sample("overflow"))).collect();
    let mut worker = Process::work(service.data(), &redis, &SOON);
    let books = service.books();
    until(Duration::from_secs(60), "the work goes on", || books.counts().get("succeeded") >= Some(&10));
    redis.kill();
    // Work is accepted meanwhile, and the processes live.
    ids.push(service.accept(papers::sample("minimal")));
    assert_eq!(service.get("/livez").status(), 200);
    std::thread::sleep(Duration::from_secs(2));
    redis.start_again();
    for id in &ids {
        assert_eq!(service.wait_for(id)["state"], "succeeded", "{}", worker.said());
    }
    books.each_succeeded_with_one_file(&ids);
    worker.signal(Signal::SIGTERM);
    assert!(worker.ended_within(Duration::from_secs(15)).success());
}

#[test]
fn a_redis_that_speaks_tls_is_heard_if_its_certificate_is_trusted_and_not_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    certificate(folder.path(), &cert, &key);
    let redis = Redis::start_with_tls(&cert, &key);
    let address = format!("rediss://127.0.0.1:{}/", redis.port());
    let doorbell = |service: &Service| json(service.get("/readyz"))["checks"]["doorbell"]["status"].clone();

    let stranger = Service::start(&["--redis-url", &address]);
    assert_eq!(doorbell(&stranger), "down", "nobody vouches for the certificate");

    let mut trusting = tdkt();
    trusting.env("SSL_CERT_FILE", &cert);
    let data = folder.path().join("data");
    let service = Service::started(trusting, &data, &["--redis-url", &address]);
    assert_eq!(doorbell(&service), "ok");
    let job = service.wait_for(&service.accept(papers::sample("minimal")));
    assert_eq!(job["state"], "succeeded", "{job:#}");
}
