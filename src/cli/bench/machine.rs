//! What the machine spent: processor time by process, commands and memory of Redis, bytes of the file.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::Context;
use redis::aio::MultiplexedConnection;

use super::{
    ground::{Ground, Server, StoreKind},
    load::NullProvider,
};

/// Linux counts processor time in hundredths of a second, whatever the kernel's own tick (`USER_HZ`, proc(5)).
const TICK: Duration = Duration::from_millis(10);
/// Keys of one kind that are measured; more would take long and change little.
const SAMPLE: usize = 2_000;

/// What was spent so far.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Processor time of the server.
    pub server: Duration,
    /// Of this process: patients and provider.
    pub generator: Duration,
    /// Of Redis.
    pub redis: Duration,
    /// Commands that clients sent to Redis, by name; a script is one.
    pub commands: BTreeMap<String, u64>,
    /// Messages that the provider took.
    pub n_taken: u64,
    /// Journal lines recorded.
    pub n_recorded: u64,
}

impl Figures {
    /// Takes them.
    ///
    /// # Errors
    /// Where a process or the store does not tell.
    pub async fn take(ground: &Ground, server: &Server, provider: &NullProvider) -> anyhow::Result<Self> {
        let mut figures = Self {
            server: process_time(&server.pid().to_string())?,
            generator: process_time("self")?,
            n_taken: provider.n_taken(),
            ..Self::default()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let n_recorded = server.figure("intake_recorded_total").await.unwrap_or(0.0) as u64;
        figures.n_recorded = n_recorded;
        if let Some(mut redis) = connect(ground).await? {
            let cpu = info(&mut redis, "cpu").await?;
            let seconds = |name: &str| cpu.get(name).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
            figures.redis = Duration::from_secs_f64(seconds("used_cpu_sys") + seconds("used_cpu_user"));
            for (name, line) in info(&mut redis, "commandstats").await? {
                let calls = line.strip_prefix("calls=").and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(0);
                figures.commands.insert(name.trim_start_matches("cmdstat_").to_owned(), calls);
            }
        }
        Ok(figures)
    }

    /// What was spent since then.
    pub fn since(&self, before: &Self) -> Self {
        let commands = self.commands.iter().map(|(name, n)| (name.clone(), n - before.commands.get(name).unwrap_or(&0)));
        Self {
            server: self.server.saturating_sub(before.server),
            generator: self.generator.saturating_sub(before.generator),
            redis: self.redis.saturating_sub(before.redis),
            commands: commands.filter(|(name, n)| *n > 0 && !["info", "config|get"].contains(&name.as_str())).collect(),
            n_taken: self.n_taken - before.n_taken,
            n_recorded: self.n_recorded - before.n_recorded,
        }
    }

    /// Round trips: what clients sent, which is not what scripts did inside. `None` where there is no Redis.
    pub fn round_trips(&self) -> Option<u64> {
        let of_clients = |name: &str| ["evalsha", "eval", "multi", "ping"].contains(&name) || name.starts_with("script");
        (!self.commands.is_empty()).then(|| {
            // Turns read by GET outside of scripts; none of the scripts of a turn does.
            self.commands.iter().filter(|(name, _)| of_clients(name) || name.as_str() == "get").map(|(_, n)| n).sum()
        })
    }
}

fn process_time(pid: &str) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("processor time is read from /proc, which only Linux has")?;
    // The command's name stands in parentheses and may hold spaces: fields are counted from behind it (proc(5): 14 and 15).
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u32 = [11, 12].iter().filter_map(|nth| fields.get(*nth)?.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}

async fn connect(ground: &Ground) -> anyhow::Result<Option<MultiplexedConnection>> {
    let Some(url) = ground.redis_url() else { return Ok(None) };
    Ok(Some(redis::Client::open(url)?.get_multiplexed_async_connection().await?))
}

async fn info(redis: &mut MultiplexedConnection, section: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let text: String = redis::cmd("INFO").arg(section).query_async(redis).await?;
    Ok(text.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// What is kept, in bytes of memory or of the file.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Conversations that have begun.
    pub n_conversations: usize,
    /// One conversation with its key, on average.
    pub conversation_bytes: Option<u64>,
    /// All memory that Redis uses, or the size of the file.
    pub total_bytes: u64,
    /// Memory of Redis by kind of key.
    pub by_kind: BTreeMap<String, u64>,
}

impl Stored {
    /// Measures it.
    ///
    /// # Errors
    /// Where the store does not tell.
    pub async fn take(ground: &Ground, n_conversations: usize) -> anyhow::Result<Self> {
        let mut stored = Self { n_conversations, ..Self::default() };
        if let Some(mut redis) = connect(ground).await? {
            let memory = info(&mut redis, "memory").await?;
            stored.total_bytes = memory.get("used_memory").and_then(|text| text.parse().ok()).unwrap_or(0);
            stored.measure(&mut redis).await?;
        } else if matches!(ground.kind, StoreKind::Sqlite) {
            let size = |name: &str| fs::metadata(ground.dir.join(name)).map_or(0, |file| file.len());
            stored.total_bytes = size("intake.db") + size("intake.db-wal");
        }
        Ok(stored)
    }

    /// Every key once: those of single conversations and messages by sample, the others whole.
    async fn measure(&mut self, redis: &mut MultiplexedConnection) -> anyhow::Result<()> {
        let (mut cursor, mut n_of) = (0_u64, BTreeMap::<String, (u64, u64, u64)>::new());
        loop {
            let mut scan = redis::cmd("SCAN");
            let (next, keys): (u64, Vec<String>) = scan.arg(cursor).arg("COUNT").arg(1_000).query_async(redis).await?;
            let mut pipe = redis::pipe();
            let mut asked = Vec::new();
            for key in keys {
                let kind = key.split(':').nth(2).unwrap_or("other").to_owned();
                let (n, n_asked, _) = n_of.entry(kind.clone()).or_default();
                *n += 1;
                if usize::try_from(*n_asked)? < SAMPLE {
                    *n_asked += 1;
                    pipe.cmd("MEMORY").arg("USAGE").arg(key).arg("SAMPLES").arg(0);
                    asked.push(kind);
                }
            }
            if !asked.is_empty() {
                let sizes: Vec<Option<u64>> = pipe.query_async(redis).await?;
                for (kind, size) in asked.iter().zip(sizes) {
                    if let Some((.., bytes)) = n_of.get_mut(kind) {
                        *bytes += size.unwrap_or(0);
                    }
                }
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        for (kind, (n, n_asked, bytes)) in n_of {
            if kind == "s" {
                self.conversation_bytes = Some(bytes / n_asked.max(1));
            }
            self.by_kind.insert(kind, bytes * n / n_asked.max(1));
        }
        Ok(())
    }
}
