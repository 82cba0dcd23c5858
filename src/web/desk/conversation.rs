//! One conversation: transcript, answers beside what was typed, what is missing, people, and what a tracer may do now.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    act::is_mine,
    pages::Page,
    refused,
    signed::{LIVE, Signed},
    view::View,
    words,
};
use crate::{
    base::{
        Private,
        id::{ConversationId, RevisionId},
        limit,
    },
    engine::{Conversation, Refusal},
    flow::{self, Revision},
    records::{ConversationPage, RecordsError, User},
    runtime::Service,
    security::role::{Permission, Role},
};

/// How long a page waits for the record to have what the live store has.
const CATCH_UP: Duration = Duration::from_millis(800);

/// Which part of the transcript.
#[derive(Debug, Deserialize)]
pub struct Before {
    before: Option<i64>,
}

/// What must be said about an act that was refused.
pub(super) struct Said<'a> {
    pub refusal: &'a Refusal,
    /// Words that were not sent: given back.
    pub unsent: Private<String>,
}

/// `GET /desk/{conversation}`
pub async fn show(
    State(service): State<Service>,
    signed: Signed,
    Path(id): Path<String>,
    Query(before): Query<Before>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = signed.may(&service, Permission::ReadConversation).await {
        return refusal;
    }
    let Some(id) = ConversationId::parse(&id) else { return refused::no_id(&service, &signed).await };
    if let Err(error) = audit(&service, &signed, &id, headers.contains_key(LIVE)).await {
        return refused::unavailable(&service, &signed, &error).await;
    }
    page(&service, &signed, &id, before.before, None).await
}

/// Every view is audited; a page that looks again by itself, where there was anything new to see.
async fn audit(service: &Service, signed: &Signed, id: &ConversationId, live: bool) -> Result<(), RecordsError> {
    if live
        && let Some(standing) = service.records().standing(id).await?
        && service.records().has_viewed(signed.login.as_str(), id, standing.changed_at).await?
    {
        return Ok(());
    }
    signed.audit(service, "viewed", Some(id), "").await
}

/// The page; `said` makes it read-only and says why an act was refused.
pub(super) async fn page(service: &Service, signed: &Signed, id: &ConversationId, before: Option<i64>, said: Option<Said<'_>>) -> Response {
    let live = match service.store().living(id).await {
        Ok(Some(loaded)) => loaded.conversation,
        Ok(None) => return refused::unknown(service, signed, id).await,
        Err(error) => return refused::unavailable(service, signed, &error).await,
    };
    let read = async {
        let behind = !caught_up(service, id, live.n_turns).await?;
        let record = service.records().conversation(id, before).await?;
        Ok::<_, RecordsError>((behind, record, words::names(service).await?, service.records().users().await?))
    };
    let (behind, record, names, users) = match read.await {
        Ok(read) => read,
        Err(error) => return refused::unavailable(service, signed, &error).await,
    };
    let mut revisions = Revisions::default();
    for pinned in pinned(&live, record.as_ref()) {
        revisions.add(service, &pinned).await;
    }
    let colleagues: Vec<&User> = users.iter().filter(|user| is_colleague(user) && user.login != signed.login).collect();
    let view = View {
        service,
        signed,
        id,
        live: &live,
        record: record.as_ref(),
        names: &names,
        revisions: &revisions,
        colleagues: &colleagues,
        mine: is_mine(&live.holder, signed),
        behind,
        now: service.clock().now(),
        zone: super::pages::zone(service),
    };
    let (status, problem) = match &said {
        Some(said) => {
            let escalations = record.as_ref().map_or(&[][..], |record| &record.escalations);
            let (status, text) = refused::why(said.refusal, &live, escalations, &names, service);
            (status, Some((text, said.unsent.clone())))
        }
        None => (StatusCode::OK, None),
    };
    let title = view.name();
    let data = view.data(problem);
    Page { template: "conversation", title, data }.for_user(service, signed, status).await
}

/// Waits a little for the record to have every turn that the live store has; whether it has.
async fn caught_up(service: &Service, id: &ConversationId, n_turns: u64) -> Result<bool, RecordsError> {
    let mut feed = service.hints().feed();
    let wait = async {
        loop {
            feed.mark_unchanged();
            if service.records().standing(id).await?.is_some_and(|standing| standing.n_turn >= n_turns) {
                return Ok(true);
            }
            // Another node may do the recording: look again by and by.
            let _ = timeout(Duration::from_millis(100), feed.changed()).await;
        }
    };
    timeout(CATCH_UP, wait).await.unwrap_or(Ok(false))
}

/// Revisions that the page needs to put answers into words.
fn pinned(live: &Conversation, record: Option<&ConversationPage>) -> Vec<RevisionId> {
    let of_live = live.sessions.iter().map(|session| session.revision.clone());
    let of_record =
        record.into_iter().flat_map(|record| record.sessions.iter().take(8)).map(|session| RevisionId(session.revision.clone()));
    of_live.chain(of_record).collect()
}

/// Compiled revisions by hash.
#[derive(Debug, Default)]
pub(super) struct Revisions(BTreeMap<RevisionId, Arc<Revision>>);

impl Revisions {
    async fn add(&mut self, service: &Service, id: &RevisionId) {
        if self.0.contains_key(id) {
            return;
        }
        let shelved = service.shelf().library.revision(id).cloned();
        let revision = match shelved {
            Some(revision) => Some(revision),
            None => match service.store().revision(id).await {
                Ok(Some(bundle)) => flow::library::compile(&bundle).revision,
                // Without it answers are shown by their keys.
                Ok(None) | Err(_) => None,
            },
        };
        if let Some(revision) = revision {
            self.0.insert(id.clone(), revision);
        }
    }

    pub fn get(&self, id: &RevisionId) -> Option<&Revision> {
        self.0.get(id).map(Arc::as_ref)
    }
}

/// Whether conversations can be given to a user.
pub(super) fn is_colleague(user: &User) -> bool {
    user.disabled_at.is_none() && Role::from_word(&user.role).is_some_and(|role| role.may(Permission::WorkConversation))
}

/// Characters of one reply, by the channel that it goes out by.
pub(super) fn reply_chars(service: &Service, conversation: &Conversation) -> usize {
    service.channel(&conversation.channel).map_or(limit::SMS_CHARS, |channel| channel.capabilities().text_max)
}
