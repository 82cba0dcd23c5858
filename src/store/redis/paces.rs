//! How fast senders may send, over all nodes: one script by Redis's clock (`pace.lua`).

use super::{Redis, keys, link::Lane, scripts::Call};
use crate::store::{
    contract::StoreError,
    pace::{Grant, Pace, Want},
};

impl Redis {
    /// Grants what may leave now, in order. One round trip.
    pub async fn grant(&self, sender: &str, pace: Pace, wants: &[Want]) -> Result<Vec<Grant>, StoreError> {
        let mut keys = vec![keys::pace(sender)];
        if pace.pair.is_some() {
            keys.extend(wants.iter().map(|want| keys::pair(sender, &want.conversation)));
        }
        let mut call = self.pace_call(&keys, pace).arg("grant");
        for want in wants {
            call = call.arg(want.cost.max(1)).arg(want.reserve);
        }
        let answers: Vec<i64> = call.run(&self.link, Lane::Looks).await?;
        let grant = |ms: i64| {
            let wait_ms = u32::try_from(ms.unsigned_abs()).unwrap_or(u32::MAX);
            match ms {
                0 => Grant::Now,
                1.. => Grant::SenderAfter(wait_ms),
                _ => Grant::PairAfter(wait_ms),
            }
        };
        Ok(answers.into_iter().map(grant).collect())
    }

    /// Halves a sender's rate, and holds it back for a while.
    pub async fn slow(&self, sender: &str, pace: Pace, pause_ms: i64) -> Result<(), StoreError> {
        let keys = [keys::pace(sender)];
        let call = self.pace_call(&keys, pace).arg("slow").arg(pause_ms.max(0));
        call.run::<Vec<i64>>(&self.link, Lane::Looks).await.map(|_| ())
    }

    fn pace_call(&self, keys: &[String], pace: Pace) -> Call<'_> {
        let (gap_ms, pair_burst) = pace.pair.map_or((0, 1), |pair| (pair.gap_ms, pair.burst.max(1)));
        Call::new(&self.scripts.pace, keys).arg(pace.per_1000_s.max(1)).arg(pace.burst.max(1)).arg(gap_ms).arg(pair_burst)
    }
}
