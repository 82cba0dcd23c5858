//! `[store]`: where the live state is, and what an acknowledgement waits for.

use std::ops::RangeInclusive;

use super::{
    Replicas, StoreUrl,
    reader::{Notes, Section},
};
use crate::base::Private;

/// Ways of reaching a Redis; a plus serves for a dash.
const REDIS: [&str; 10] = [
    "redis",
    "rediss",
    "redis-cluster",
    "rediss-cluster",
    "redis-sentinel",
    "rediss-sentinel",
    "redis+cluster",
    "rediss+cluster",
    "redis+sentinel",
    "rediss+sentinel",
];
/// Replicas waited for at most.
const MOST_REPLICAS: u8 = 8;
/// How long they are waited for where nothing is said, in ms: some round trips to another zone, and less than a provider waits.
const WITHIN_MS: u16 = 1_000;
/// At least, in ms: a round trip to a replica.
const LEAST_WITHIN_MS: u16 = 10;
/// At most, in ms: a command may take 2 s.
const MOST_WITHIN_MS: u16 = 1_500;

/// `replicas` and `replicas_within_ms`, with the line.
pub(super) fn replicas(section: &mut Section<'_>, notes: &mut Notes) -> Option<(Option<usize>, Replicas)> {
    let line = section.line();
    let n = within(section, "replicas", "1", 0..=u16::from(MOST_REPLICAS), notes);
    let within_ms = within(section, "replicas_within_ms", "1000", LEAST_WITHIN_MS..=MOST_WITHIN_MS, notes).unwrap_or(WITHIN_MS);
    let n = u8::try_from(n?).ok().filter(|n| *n > 0)?;
    Some((line, Replicas { n, within_ms }))
}

fn within(section: &mut Section<'_>, name: &'static str, like: &str, bounds: RangeInclusive<u16>, notes: &mut Notes) -> Option<u16> {
    let key = section.key(name);
    let (line, number) = section.whole(name, like, notes)?;
    let fits = u16::try_from(number).ok().filter(|number| bounds.contains(number));
    if fits.is_none() {
        notes.wrong(Some(line), key, format!("must be a number from {} to {}", bounds.start(), bounds.end()));
    }
    fits
}

/// Only a Redis has replicas.
pub(super) fn replicas_of(replicas: Option<(Option<usize>, Replicas)>, url: &StoreUrl, notes: &mut Notes) {
    match (replicas, url) {
        (None, _) | (Some(_), StoreUrl::Redis(_)) => {}
        (Some((line, _)), StoreUrl::Sqlite(_) | StoreUrl::Memory) => {
            notes.wrong(line, "store.replicas", "is for Redis: other stores have no replicas; leave it out, or set `store.url` to a Redis");
        }
    }
}

/// Where something is kept, with its line.
pub(super) fn url(mut section: Section<'_>, notes: &mut Notes) -> Option<(Option<usize>, StoreUrl)> {
    let key = section.key("url");
    let given = section.text("url", notes);
    section.finish(notes);
    let (line, text) = given.map_or((None, "sqlite:intake.db".to_owned()), |(line, text)| (Some(line), text));
    if text == "memory:" {
        return Some((line, StoreUrl::Memory));
    }
    if text.split_once("://").is_some_and(|(scheme, _)| REDIS.contains(&scheme)) {
        return Some((line, StoreUrl::Redis(Private::new(text))));
    }
    match text.strip_prefix("sqlite:").map(|file| file.trim_start_matches("//")) {
        Some(file) if !file.is_empty() => Some((line, StoreUrl::Sqlite(notes.folder.join(file)))),
        Some(_) | None => {
            notes.wrong(line, key, "is no address of a store; write `sqlite:intake.db`, `redis://127.0.0.1:6379/0`, `redis-cluster://HOST:7000,HOST:7001`, `redis-sentinel://HOST:26379,HOST:26379/NAME` or `memory:`");
            None
        }
    }
}

/// Whether the operator says that nobody else is on the network between here and the store.
pub(super) fn trusted(section: &mut Section<'_>, notes: &mut Notes) -> bool {
    let key = section.key("network");
    match section.text("network", notes) {
        None => false,
        Some((_, text)) if text == "trusted" => true,
        Some((line, _)) => {
            notes.wrong(Some(line), key, "can be `trusted`, or is left out");
            false
        }
    }
}

/// What an operator should think about where a Redis is reached over a network: whoever is on it can read along, or come in.
pub(super) fn bare_redis(url: &str) -> Option<&'static str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let is_near = |host: &str| matches!(host.rsplit_once(':').map_or(host, |(host, _)| host), "127.0.0.1" | "localhost" | "[::1]" | "");
    if host.split(',').all(is_near) {
        return None;
    }
    match (scheme.starts_with("rediss"), user) {
        (true, Some(user)) if user.contains(':') => None,
        (true, _) => Some("reaches Redis without a password; give it a user of its own (docs/security.md)"),
        (false, _) => Some("reaches Redis over a network without TLS; use `rediss://`, or see that nobody else is on that network"),
    }
}

#[cfg(test)]
mod tests {
    use super::bare_redis;

    #[test]
    fn a_redis_across_a_network_wants_tls_and_a_password() {
        for (url, warned) in [
            ("redis://127.0.0.1:6379/0", None),
            ("redis://:secret@localhost/0", None),
            ("redis://[::1]:6379", None),
            ("rediss://intake:secret@redis.example.org:6380/0", None),
            ("rediss://redis.example.org:6380/0", Some("without a password")),
            ("redis://intake:secret@10.0.0.5:6379/0", Some("without TLS")),
            ("redis://redis:6379/0", Some("without TLS")),
            ("redis-cluster://127.0.0.1:7000,127.0.0.1:7001", None),
            ("redis-cluster://u:p@127.0.0.1:7000,10.0.0.5:7001", Some("without TLS")),
            ("rediss-sentinel://u:p@10.0.0.5,10.0.0.6/mine", None),
        ] {
            let told = bare_redis(url);
            assert_eq!(told.is_some(), warned.is_some(), "{url}: {told:?}");
            assert!(warned.is_none_or(|part| told.is_some_and(|told| told.contains(part))), "{url}: {told:?}");
        }
    }
}
