//! Leases on shards: which node looks after which.
//!
//! A lease is `own = "<fence>:<node>"` with a time to live. The fence is random, not counted: a Redis that comes back older than it
//! was can never give the same fence to two nodes. Every node holds at most its share, `256 / nodes` rounded up, and gives up what is
//! above it, so that a node that comes finds shards free within one round.

use std::sync::atomic::Ordering;

use redis::Cmd;

use super::{
    Redis,
    keys::{self, N_SHARDS, Shard},
    link::{Lane, Repeat},
    scripts::{self, Call, there},
    unavailable,
};
use crate::store::{
    back::fresh_fence,
    contract::{Held, StoreError},
};

impl Redis {
    /// Renews this node's leases, takes free ones up to its share, gives up what is above it. Three round trips. Shards whose master
    /// is away are left as they are.
    pub async fn hold(&self, node: &str, lease_ms: u64) -> Result<Held, StoreError> {
        self.link.find_anyway().await;
        let share = usize::from(N_SHARDS.div_ceil(self.count_nodes(node, lease_ms).await?));
        let owners = self.owners().await?;

        let mut mine = Vec::new();
        let mut free = Vec::new();
        for (shard, owner) in (0..N_SHARDS).zip(&owners) {
            match owner.as_ref().map(|owner| owner.as_deref().map(read_owner)) {
                Some(None) => free.push(shard),
                Some(Some(Some((fence, holder)))) if holder == node => mine.push((shard, fence)),
                Some(Some(_)) | None => {}
            }
        }
        let kept = mine.len().min(share);
        let calls: Vec<(String, Vec<String>)> = mine
            .iter()
            .enumerate()
            .map(|(n, (shard, fence))| {
                let ms = if n < kept { lease_ms } else { 0 };
                (Shard(*shard).owner(), vec![owner(*fence, node), ms.to_string()])
            })
            .collect();
        let renewed = scripts::run_many(&self.scripts.lease, &calls, &self.link, Lane::Looks).await?;
        let mut held: Vec<(u16, u64)> =
            mine.iter().zip(renewed).take(kept).filter(|(_, renewed)| *renewed == Some(1)).map(|(lease, _)| *lease).collect();

        held.extend(self.take(node, lease_ms, free, share.saturating_sub(kept)).await?);
        held.sort_unstable();
        Ok(Held { shards: held })
    }

    /// How many nodes live, this one among them; what was counted last where that key's master is away.
    async fn count_nodes(&self, node: &str, lease_ms: u64) -> Result<u16, StoreError> {
        let call = Call::new(&self.scripts.nodes, &[keys::NODES.to_owned()]).arg(node).arg(lease_ms);
        match call.run::<i64>(&self.link, Lane::Looks).await {
            Ok(n_nodes) => {
                let n_nodes = u16::try_from(n_nodes).unwrap_or(1).max(1);
                self.n_nodes.store(n_nodes, Ordering::Relaxed);
                Ok(n_nodes)
            }
            Err(error) => match self.n_nodes.load(Ordering::Relaxed) {
                0 => Err(error),
                n_nodes => Ok(n_nodes),
            },
        }
    }

    /// Takes up to so many free shards; nodes begin at different places, so that they seldom want the same.
    async fn take(&self, node: &str, lease_ms: u64, mut free: Vec<u16>, wanted: usize) -> Result<Vec<(u16, u64)>, StoreError> {
        if free.is_empty() || wanted == 0 {
            return Ok(Vec::new());
        }
        let start = node.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        let n_free = free.len();
        free.rotate_left(start % n_free);
        free.truncate(wanted);
        let mut commands = Vec::with_capacity(free.len());
        let mut tried = Vec::with_capacity(free.len());
        for shard in free {
            let fence = fresh_fence(&self.clock);
            let mut set = redis::cmd("SET");
            set.arg(Shard(shard).owner()).arg(owner(fence, node)).arg("NX").arg("PX").arg(lease_ms.max(1));
            commands.push((Shard(shard).owner(), set));
            tried.push((shard, fence));
        }
        let taken: Vec<Option<Option<String>>> = there(self.link.many(Lane::Looks, &commands).await)?;
        Ok(tried.into_iter().zip(taken).filter(|(_, taken)| taken.as_ref().is_some_and(Option::is_some)).map(|(lease, _)| lease).collect())
    }

    /// Gives up all leases of a node, and forgets it.
    pub async fn let_go(&self, node: &str) -> Result<(), StoreError> {
        let owners = self.owners().await?;
        let calls: Vec<(String, Vec<String>)> = (0..N_SHARDS)
            .zip(owners)
            .filter_map(|(shard, owner)| {
                let owner = owner.flatten().filter(|owner| read_owner(owner).is_some_and(|(_, holder)| holder == node))?;
                Some((Shard(shard).owner(), vec![owner, "0".to_owned()]))
            })
            .collect();
        scripts::run_many(&self.scripts.lease, &calls, &self.link, Lane::Looks).await?;
        let mut forget = redis::cmd("ZREM");
        forget.arg(keys::NODES).arg(node);
        let _: i64 = self.link.one(Lane::Looks, keys::NODES, &forget, Repeat::Once).await.map_err(unavailable)?;
        Ok(())
    }

    /// Who holds each shard, where that can be read.
    async fn owners(&self) -> Result<Vec<Option<Option<String>>>, StoreError> {
        let commands: Vec<(String, Cmd)> =
            (0..N_SHARDS).map(|shard| Shard(shard).owner()).map(|key| (key.clone(), Cmd::get(key))).collect();
        there(self.link.many(Lane::Looks, &commands).await)
    }
}

fn owner(fence: u64, node: &str) -> String {
    format!("{fence}:{node}")
}

fn read_owner(text: &str) -> Option<(u64, &str)> {
    let (fence, node) = text.split_once(':')?;
    Some((fence.parse().ok()?, node))
}
