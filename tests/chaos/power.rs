//! The power cuts themselves: what is acknowledged under `always` survives them, and under `everysec` something does not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use intake::base::clock::Clock;

use crate::support::{
    power::{Cut, Power},
    redis::{RedisServer, Setup},
};

/// Who write beside each other.
const WRITERS: u64 = 4;
const CUTS: usize = 5;

/// Counts up a key of each writer until the power is cut, some times; what was acknowledged and is gone, and what the cuts took.
fn counted_up(settings: &[(&'static str, &'static str)]) -> Option<(u64, Cut)> {
    let power = Power::new()?;
    let mut redis = RedisServer::with(Setup { settings: settings.to_vec(), power: Some(power) });
    let dice = Clock::machine();
    let (mut lost, mut sum) = (0, Cut::default());
    for _ in 0..CUTS {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let acknowledged = Arc::new(AtomicU64::new(0));
                let (client, last) = (redis::Client::open(redis.url()).unwrap(), acknowledged.clone());
                let writing = thread::spawn(move || {
                    let Ok(mut connection) = client.get_connection() else { return };
                    // A value of some size, so that the file is written anew now and then.
                    let set = |connection: &mut redis::Connection, n: u64| {
                        redis::cmd("SET").arg(format!("at{writer}")).arg(format!("{n:01000}")).query::<()>(connection)
                    };
                    for n in last.load(Ordering::Relaxed) + 1.. {
                        if set(&mut connection, n).is_err() {
                            return;
                        }
                        last.store(n, Ordering::Relaxed);
                    }
                });
                (writing, acknowledged)
            })
            .collect();
        thread::sleep(Duration::from_millis(150 + dice.below(200)));
        let cut = redis.cut_power(&dice);
        (sum.bytes, sum.spared) = (sum.bytes + cut.bytes, sum.spared + cut.spared);
        let acknowledged: Vec<u64> = writers
            .into_iter()
            .map(|(writing, acknowledged)| {
                writing.join().unwrap();
                acknowledged.load(Ordering::Relaxed)
            })
            .collect();
        redis.restart();
        let mut connection = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
        for (writer, acknowledged) in (0..WRITERS).zip(acknowledged) {
            assert!(acknowledged > 0, "nothing was written before the cut");
            let key = format!("at{writer}");
            let kept: Option<String> = redis::cmd("GET").arg(&key).query(&mut connection).unwrap();
            lost += acknowledged.saturating_sub(kept.map_or(0, |kept| kept.parse().unwrap()));
            redis::cmd("DEL").arg(&key).query::<()>(&mut connection).unwrap();
        }
    }
    println!("{settings:?}: {lost} acknowledged writes lost in {CUTS} power cuts, {sum:?}");
    Some((lost, sum))
}

#[test]
fn under_always_a_power_cut_takes_nothing_that_was_acknowledged() {
    if let Some((lost, _)) = counted_up(&[("auto-aof-rewrite-min-size", "64kb")]) {
        assert_eq!(lost, 0);
    }
}

#[test]
fn under_everysec_a_power_cut_takes_something() {
    if let Some((lost, cut)) = counted_up(&[("appendfsync", "everysec")]) {
        assert!(lost > 0 && cut.bytes > 0, "the cuts cut nothing: {cut:?}");
    }
}

#[test]
fn a_list_of_files_that_was_half_written_at_a_power_cut_keeps_nobody_from_starting() {
    let mut redis = RedisServer::start();
    let connection = |redis: &RedisServer| redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
    redis::cmd("SET").arg("key").arg("kept").query::<()>(&mut connection(&redis)).unwrap();
    redis.kill();
    redis.leave_half_a_manifest();
    redis.restart();
    assert_eq!(redis::cmd("GET").arg("key").query::<String>(&mut connection(&redis)).unwrap(), "kept");
}

/// Redis by itself leaves the half of a torn transaction in its file, and carries it out at the start after the next.
#[test]
fn a_transaction_torn_by_a_power_cut_is_never_carried_out_by_half() {
    let write = |redis: &RedisServer, what: &str| {
        let mut connection = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
        let script =
            "redis.call('SET', KEYS[1], ARGV[1]) redis.call('XADD', KEYS[2], '*', 'v', ARGV[1]) redis.call('SET', KEYS[3], ARGV[1])";
        redis::cmd("EVAL").arg(script).arg(3).arg(&["first", "journal", "last"]).arg(what).query::<()>(&mut connection).unwrap();
    };
    // From within the last word of EXEC to within MULTI.
    for n_bytes in [1, 9, 25, 45, 70, 110, 128, 145] {
        let mut redis = RedisServer::start();
        write(&redis, "before");
        write(&redis, "torn");
        redis.kill();
        redis.tear(n_bytes);
        redis.restart();
        write(&redis, "after");
        redis.kill();
        redis.restart();
        let mut connection = redis::Client::open(redis.url()).unwrap().get_connection().unwrap();
        let lines: Vec<(String, Vec<(String, String)>)> =
            redis::cmd("XRANGE").arg("journal").arg("-").arg("+").query(&mut connection).unwrap();
        let lines: Vec<String> = lines.into_iter().flat_map(|(_, fields)| fields).map(|(_, what)| what).collect();
        assert_eq!(lines, ["before", "after"], "{n_bytes} bytes cut off");
    }
}
