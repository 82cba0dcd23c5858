//! What is looked at when the store is opened: that the database is ours, and what of the servers' settings can lose messages.

use std::sync::Arc;

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind};

use super::{
    Redis, keys,
    link::{Lane, Node, Repeat},
    place::Place,
    refused, unavailable,
    writes::mark,
};
use crate::store::contract::StoreError;

/// Difference to Redis's clock that is worth a warning, in ms.
const SKEW_MS: i64 = 2_000;

impl Redis {
    /// Checks the database and all masters, and gives warnings.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] where the password, the layout or the index key is wrong.
    pub(super) async fn check(&self, mark: &str) -> Result<Vec<String>, StoreError> {
        self.link.everywhere(&redis::cmd("PING")).await.map_err(refused)?;
        let masters = self.link.masters();
        let mut warnings: Vec<String> = Vec::new();
        for master in &masters {
            let name = if masters.len() > 1 { format!(" {}", master.name) } else { String::new() };
            warnings.extend(self.warnings(master, &name).await?);
        }
        self.check_ours(mark).await?;
        self.check_waiting(&masters).await?;
        Ok(warnings)
    }

    /// Tries once what every commit will do, on each master.
    async fn check_waiting(&self, masters: &[Arc<Node>]) -> Result<(), StoreError> {
        if self.link.replicas().is_none() {
            return Ok(());
        }
        for master in masters {
            let own = (0..keys::N_SHARDS).map(|shard| keys::Shard(shard).journal());
            let own = own.into_iter().find(|key| self.link.master_of(key).is_some_and(|owner| Arc::ptr_eq(&owner, master)));
            let Some(key) = own else { continue };
            match master.kept(&key, &mark(&key)).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => {
                    return Err(StoreError::Configuration(
                        "`store.replicas` needs a user who may `WAIT`; docs/security.md has the rights that suffice".to_owned(),
                    ));
                }
                // Too few replicas now are warned about; they may come back.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// What is to be said about a master's replicas.
    async fn warning_of_replicas(&self, master: &Node, name: &str) -> Option<String> {
        let info: RedisResult<String> = master.one(Lane::Looks, redis::cmd("INFO").arg("replication")).await;
        let n_replicas = info.ok().as_deref().and_then(n_replicas_of);
        match (self.link.replicas().map(|replicas| u64::from(replicas.n)), n_replicas) {
            (None, Some(1..)) => Some(format!(
                "redis{name} has replicas, but nothing waits for them: a failover may lose acknowledged messages; set `store.replicas = 1`"
            )),
            (Some(_), None) => Some(format!("redis{name} does not tell how many replicas it has; `store.replicas` needs them")),
            (Some(asked), Some(n)) if n < asked => Some(format!(
                "redis{name} has {n} replicas in step and `store.replicas` is {asked}: nothing is acknowledged until there are enough"
            )),
            (None | Some(_), Some(_)) | (None, None) => None,
        }
    }

    async fn check_ours(&self, mark: &str) -> Result<(), StoreError> {
        for (name, value, otherwise) in [
            ("layout", keys::LAYOUT, "it was laid out by another version of intake"),
            ("index key", mark, "it was written with another index key: give the key file that belongs to it"),
        ] {
            let mut pipe = redis::pipe();
            pipe.hset_nx(keys::META, name, value).hget(keys::META, name);
            let kept: RedisResult<(i64, String)> = self.link.few(Lane::Looks, keys::META, pipe, Repeat::Once).await;
            if kept.map_err(unavailable)?.1 != value {
                return Err(StoreError::Configuration(format!("this Redis database cannot be used: {otherwise}")));
            }
        }
        Ok(())
    }

    /// What an operator should know about a server. One that does not tell (`CONFIG` is often forbidden) is told so.
    async fn warnings(&self, master: &Node, name: &str) -> Result<Vec<String>, StoreError> {
        let mut warnings = Vec::new();
        let info: String = master.one(Lane::Looks, redis::cmd("INFO").arg("server")).await.unwrap_or_default();
        if matches!(self.link.place(), Place::One(_)) && info.contains("redis_mode:cluster") {
            let what = "this Redis is a node of a cluster: write `redis-cluster://` with some of its nodes as the store's URL";
            return Err(StoreError::Configuration(what.to_owned()));
        }
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default().trim();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < 7) {
            warnings.push(format!("redis{name} is of version `{version}`; intake is made for 7.0 and newer"));
        }
        for (setting, fit, otherwise) in [
            ("maxmemory-policy", ["noeviction"].as_slice(), "redis may drop conversations when memory is short; set `noeviction`"),
            ("appendonly", &["yes"], "what was acknowledged is lost when redis restarts; set `appendonly yes`"),
            ("appendfsync", &["always"], "a power cut loses up to a second or two of acknowledged messages; set `appendfsync always`"),
            (
                "aof-load-truncated",
                &["no"],
                "after a power cut redis may leave half a transaction in its file and carry it out at a later start; set `aof-load-truncated no` and start it by `deploy/redis-start`",
            ),
        ] {
            match setting_of(master, setting).await.as_deref() {
                Some(value) if fit.contains(&value) => {}
                Some(value) => warnings.push(format!("redis{name} has `{setting} {value}`: {otherwise}")),
                None => warnings.push(format!("redis{name} does not tell its `{setting}`; it should be `{}`", fit.join("` or `"))),
            }
        }
        warnings.extend(self.warning_of_replicas(master, name).await);
        let (seconds, micros): (i64, i64) = master.one(Lane::Looks, &redis::cmd("TIME")).await.map_err(unavailable)?;
        let skew_ms = seconds.saturating_mul(1_000).saturating_add(micros / 1_000).saturating_sub(self.clock.now().as_millisecond());
        if skew_ms.abs() > SKEW_MS {
            warnings.push(format!("redis's clock{name} and this machine's differ by {skew_ms} ms; keep both by NTP"));
        }
        Ok(warnings)
    }
}

/// Replicas that are in step, of `INFO replication`.
fn n_replicas_of(info: &str) -> Option<u64> {
    let is_in_step = |line: &&str| line.starts_with("slave") && line.contains("state=online");
    info.contains("role:").then(|| u64::try_from(info.lines().filter(is_in_step).count()).unwrap_or(0))
}

/// A setting of a server, where it tells.
async fn setting_of(master: &Node, setting: &str) -> Option<String> {
    let mut ask: Cmd = redis::cmd("CONFIG");
    let kept: RedisResult<Vec<String>> = master.one(Lane::Looks, ask.arg("GET").arg(setting)).await;
    kept.ok()?.pop()
}
