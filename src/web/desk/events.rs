//! What changed, as server-sent events: ids of the record's feed, so that a page that was away is told what it missed.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::timeout,
};

use super::signed::Signed;
use crate::{records::FeedRow, runtime::Service, security::role::Permission};

/// Between two looks where no hint comes: another node may have recorded.
const LOOK: Duration = Duration::from_secs(2);
/// Looks between two questions whether the session still holds.
const LOOKS_OF_SESSION: u32 = 15;
/// Rows read at once.
const ROWS: usize = 200;

/// Where a page that was just loaded stands.
#[derive(Debug, Deserialize)]
pub struct After {
    after: Option<u64>,
}

struct Watching {
    service: Service,
    signed: Signed,
    after: u64,
    waiting: VecDeque<Event>,
    feed: watch::Receiver<u64>,
    n_looks: u32,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /desk/events`: `changed` with `<conversation> <parts>`, `reload` where a page must be read anew, `ended` with the session.
pub async fn stream(State(service): State<Service>, signed: Signed, headers: HeaderMap, Query(after): Query<After>) -> Response {
    if !signed.role.may(Permission::SeeQueue) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(place) = service.stream() else { return too_many_streams() };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let after = match last.or(after.after) {
        Some(after) => after,
        None => service.records().feed_newest().await.unwrap_or(0),
    };
    let feed = service.hints().feed();
    let watching = Watching { service, signed, after, waiting: VecDeque::new(), feed, n_looks: 0, ended: false, _place: place };
    let events =
        stream::unfold(watching, |mut watching| async move { watching.next().await.map(|event| (Ok::<_, Infallible>(event), watching)) });
    Sse::new(events).keep_alive(KeepAlive::new()).into_response()
}

/// Every open page that watches is a stream: the page asks again by itself.
fn too_many_streams() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]).into_response()
}

impl Watching {
    async fn next(&mut self) -> Option<Event> {
        let stop = self.service.stop().clone();
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            self.n_looks += 1;
            if self.n_looks.is_multiple_of(LOOKS_OF_SESSION) && !self.signed.still_holds(&self.service).await {
                self.ended = true;
                return Some(Event::default().event("ended").data(""));
            }
            self.feed.mark_unchanged();
            match self.service.records().feed_after(self.after, ROWS).await {
                Ok(Some(rows)) if rows.is_empty() => {}
                Ok(Some(rows)) => {
                    self.after = rows.last().map_or(self.after, |row| row.id);
                    self.waiting.extend(rows.iter().map(event));
                    continue;
                }
                Ok(None) => {
                    self.after = self.service.records().feed_newest().await.unwrap_or(self.after);
                    return Some(Event::default().event("reload").id(self.after.to_string()).data(""));
                }
                // The next look may be luckier; the page stays as it is.
                Err(_) => {}
            }
            if stop.is_asked() {
                return None;
            }
            tokio::select! {
                _ = timeout(LOOK, self.feed.changed()) => {}
                () = stop.asked() => {}
            }
        }
    }
}

fn event(row: &FeedRow) -> Event {
    let conversation = row.conversation.as_ref().map_or("-", |id| id.as_str());
    Event::default().event("changed").id(row.id.to_string()).data(format!("{conversation} {}", row.parts.replace(' ', ",")))
}
