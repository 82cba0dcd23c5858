//! Nothing private leaves by a side door: a whole story full of canaries is told to a process, on both stores, and no canary stands in
//! any line of its log, its traces, its figures, what strangers are shown, any address, or the bytes that are kept.

mod bugs;
mod canaries;
mod collector;
mod story;

use std::fs;

use canaries::Canaries;
use collector::Collector;
use story::{Process, Seen};

use crate::{running::Place, support::redis::RedisServer};

/// Tells the story; what was found in logs, figures, pages, addresses and files.
async fn told(place: &Place) -> (Seen, Canaries, Vec<String>) {
    let collector = Collector::start().await;
    let process = Process::start(place, &collector.url).await;
    let mut seen = story::tell(place, &process.caller).await;
    // Whoever waits for the process must not hold up the collector, which takes its last traces.
    tokio::task::spawn_blocking(|| process.stop()).await.unwrap();
    seen.traces = collector.kept();
    let canaries = Canaries::new(&seen.tokens);
    let mut found = Vec::new();
    let mut look = |where_: &str, bytes: &[u8]| found.extend(canaries.found_in(where_, bytes));
    for name in ["log.out", "log.err"] {
        look(name, &fs::read(place.path().join(name)).unwrap());
    }
    look("/metrics", seen.metrics.as_bytes());
    look("a trace", &seen.traces);
    for (what, shown) in &seen.strangers {
        look(&format!("the answer to `{what}`"), shown.as_bytes());
    }
    for entry in fs::read_dir(place.path()).unwrap().map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file()) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("intake.db") {
            look(&name, &fs::read(entry.path()).unwrap());
        }
    }
    let secret_urls = Canaries::new(&seen.tokens[..seen.tokens.len() - 1]); // the phone of the demo is found by its token
    for url in &seen.urls {
        found.extend(secret_urls.found_in("an address", url.as_bytes()));
    }
    (seen, canaries, found)
}

/// That the story was a story: what is looked for was there to be found.
fn was_told(place: &Place, seen: &Seen) {
    let log = fs::read_to_string(place.path().join("log.err")).unwrap();
    for line in ["a webhook could not be understood", "cannot be delivered", "refused at the desk"] {
        assert!(log.contains(line), "`{line}` is not in the log:\n{log}");
    }
    let of_libraries =
        log.lines().filter(|line| [" INFO ", " DEBUG ", "TRACE "].iter().any(|level| line.contains(level)) && !line.contains(" intake::"));
    assert_eq!(of_libraries.collect::<Vec<_>>(), Vec::<&str>::new(), "libraries write warnings only");
    let traced = log.lines().filter(|line| line.contains("could not be understood") && line.contains("request{trace="));
    assert!(traced.count() > 3, "lines of a request carry its trace id:\n{log}");
    let traces = String::from_utf8_lossy(&seen.traces);
    for span in ["request", "turn", "decide", "commit", "send", "/in/{channel}", "service.name"] {
        assert!(traces.contains(span), "no span tells of `{span}`, in {} bytes", traces.len());
    }
    for figure in ["intake_webhooks_total", "intake_sends_total", "intake_turns_total", "intake_escalations_open"] {
        assert!(seen.metrics.contains(figure), "{figure}: {}", seen.metrics);
    }
    assert!(seen.urls.iter().any(|url| url.contains("/Messages.json")) && seen.urls.len() > 50, "{:?}", seen.urls);
}

#[tokio::test]
async fn no_canary_leaves_the_embedded_store_nor_its_process() {
    let place = Place::new("sqlite:intake.db").await;
    let (seen, _, found) = told(&place).await;
    was_told(&place, &seen);
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
    let size = fs::metadata(place.path().join("intake.db")).unwrap().len();
    assert!(size > 50_000, "the file holds what was said: {size} bytes");
}

#[tokio::test]
async fn no_canary_stands_in_redis_nor_leaves_its_process() {
    let redis = RedisServer::start();
    let place = Place::new(&redis.url()).await;
    let (seen, canaries, mut found) = told(&place).await;
    was_told(&place, &seen);
    let n_bytes = dump(&redis.url(), |key, bytes| found.extend(canaries.found_in(key, bytes))).await;
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
    assert!(n_bytes > 20_000, "redis holds what was said: {n_bytes} bytes");
}

/// Every key of a Redis with all that stands under it; how many bytes that were.
pub async fn dump(url: &str, mut look: impl FnMut(&str, &[u8])) -> usize {
    let mut redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    let mut n_bytes = 0;
    for key in keys {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut redis).await.unwrap();
        let mut read = match kind.as_str() {
            "string" => redis::cmd("GET"),
            "hash" => redis::cmd("HGETALL"),
            "list" => redis::cmd("LRANGE"),
            "zset" => redis::cmd("ZRANGE"),
            "stream" => redis::cmd("XRANGE"),
            other => panic!("a key of a kind that is not looked into: {other}"),
        };
        read.arg(&key);
        match kind.as_str() {
            "list" | "zset" => drop(read.arg(0).arg(-1)),
            "stream" => drop(read.arg("-").arg("+")),
            _ => {}
        }
        let value: redis::Value = read.query_async(&mut redis).await.unwrap();
        let mut bytes = key.clone();
        flatten(&value, &mut bytes);
        n_bytes += bytes.len();
        look(&format!("redis key {}", String::from_utf8_lossy(&key)), &bytes);
    }
    n_bytes
}

fn flatten(value: &redis::Value, bytes: &mut Vec<u8>) {
    bytes.push(b'\n');
    match value {
        redis::Value::BulkString(part) => bytes.extend_from_slice(part),
        redis::Value::SimpleString(part) => bytes.extend_from_slice(part.as_bytes()),
        redis::Value::Array(parts) => parts.iter().for_each(|part| flatten(part, bytes)),
        other => bytes.extend_from_slice(format!("{other:?}").as_bytes()),
    }
}
