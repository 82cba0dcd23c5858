//! What is looked at when the store is opened: that the database is ours, and what of the servers' settings can lose messages.

use redis::{Cmd, RedisResult};

use super::{
    Redis, keys,
    link::{Lane, Node, Repeat},
    refused, unavailable,
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
        self.check_ours(mark).await?;
        let masters = self.link.masters();
        let mut warnings: Vec<String> = Vec::new();
        for master in &masters {
            // The same word about all of them need not be said of each.
            let name = if masters.len() > 1 { format!(" {}", master.name) } else { String::new() };
            warnings.extend(self.warnings(master, &name).await?);
        }
        Ok(warnings)
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
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default().trim();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < 7) {
            warnings.push(format!("redis{name} is of version `{version}`; intake is made for 7.0 and newer"));
        }
        for (setting, fit, otherwise) in [
            ("maxmemory-policy", ["noeviction"].as_slice(), "redis may drop conversations when memory is short; set `noeviction`"),
            ("appendonly", &["yes"], "what was acknowledged is lost when redis restarts; set `appendonly yes`"),
            ("appendfsync", &["always"], "a power cut loses up to a second or two of acknowledged messages; set `appendfsync always`"),
        ] {
            match setting_of(master, setting).await.as_deref() {
                Some(value) if fit.contains(&value) => {}
                Some(value) => warnings.push(format!("redis{name} has `{setting} {value}`: {otherwise}")),
                None => warnings.push(format!("redis{name} does not tell its `{setting}`; it should be `{}`", fit.join("` or `"))),
            }
        }
        let (seconds, micros): (i64, i64) = master.one(Lane::Looks, &redis::cmd("TIME")).await.map_err(unavailable)?;
        let skew_ms = seconds.saturating_mul(1_000).saturating_add(micros / 1_000).saturating_sub(self.clock.now().as_millisecond());
        if skew_ms.abs() > SKEW_MS {
            warnings.push(format!("redis's clock{name} and this machine's differ by {skew_ms} ms; keep both by NTP"));
        }
        Ok(warnings)
    }
}

/// A setting of a server, where it tells.
async fn setting_of(master: &Node, setting: &str) -> Option<String> {
    let mut ask: Cmd = redis::cmd("CONFIG");
    let kept: RedisResult<Vec<String>> = master.one(Lane::Looks, ask.arg("GET").arg(setting)).await;
    kept.ok()?.pop()
}
