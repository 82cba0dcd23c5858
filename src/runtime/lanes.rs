//! One turn at a time for each conversation, within this process.
//!
//! Between processes the conditional commit decides; queueing here only saves it from failing. Turns of one conversation run in the order
//! they came; a lane exists only while somebody is in it or waits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};

use crate::base::{id::ConversationId, limit};

type Map = Arc<Mutex<HashMap<ConversationId, Arc<Turnstile<()>>>>>;

/// The lanes of all conversations.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes(Map);

/// A place in a lane: the next one goes when it is dropped.
#[derive(Debug)]
pub(super) struct Lane {
    lanes: Map,
    id: ConversationId,
    place: Option<OwnedMutexGuard<()>>,
}

impl Lanes {
    /// Waits for the lane of a conversation; `None` where as many wait there as may.
    pub async fn enter(&self, id: &ConversationId) -> Option<Lane> {
        let turnstile = {
            let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.entry(id.clone()).or_default().clone()
        };
        // The map holds one, this call another, and so does everybody before it.
        if Arc::strong_count(&turnstile) > limit::LANE_TURNS + 2 {
            return None;
        }
        // Made before waiting, so that a caller who gives up waiting tidies up too.
        let mut lane = Lane { lanes: self.0.clone(), id: id.clone(), place: None };
        lane.place = Some(turnstile.lock_owned().await);
        Some(lane)
    }

    #[cfg(test)]
    fn n_lanes(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Lane {
    /// Whose it is.
    pub fn id(&self) -> &ConversationId {
        &self.id
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        drop(self.place.take());
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the map holds it: nobody is in it, and nobody can come to wait while the map is locked.
        if lanes.get(&self.id).is_some_and(|turnstile| Arc::strong_count(turnstile) == 1) {
            lanes.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_in_order_and_nothing_is_left_behind() {
        let lanes = Lanes::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let id = ConversationId::from("a");
        let first = lanes.enter(&id).await;
        let mut waiting = Vec::new();
        for n in 0..3 {
            let (lanes, order, id) = (lanes.clone(), order.clone(), id.clone());
            waiting.push(tokio::spawn(async move {
                let _lane = lanes.enter(&id).await;
                order.lock().unwrap().push(n);
            }));
            tokio::task::yield_now().await;
        }
        let _other = lanes.enter(&ConversationId::from("b")).await;
        assert!(order.lock().unwrap().is_empty(), "somebody overtook the first");
        drop(first);
        for one in waiting {
            one.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
        assert_eq!(lanes.n_lanes(), 1, "the lane of `a` is still there");
    }

    #[tokio::test]
    async fn so_many_may_wait_and_no_more() {
        let lanes = Lanes::default();
        let id = ConversationId::from("a");
        let first = lanes.enter(&id).await;
        let waiting: Vec<_> = (0..limit::LANE_TURNS)
            .map(|_| {
                let (lanes, id) = (lanes.clone(), id.clone());
                tokio::spawn(async move { lanes.enter(&id).await.is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(lanes.enter(&id).await.is_none());
        drop(first);
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert!(lanes.enter(&id).await.is_some(), "there is room again");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_no_lane_behind() {
        let lanes = Lanes::default();
        let id = ConversationId::from("a");
        let first = lanes.enter(&id).await;
        let waiting = tokio::spawn({
            let (lanes, id) = (lanes.clone(), id.clone());
            async move { drop(lanes.enter(&id).await) }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        let _ = waiting.await;
        drop(first);
        assert_eq!(lanes.n_lanes(), 0);
    }
}
