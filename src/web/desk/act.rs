//! A tracer's act: the form becomes an event, the engine decides, the page says what came of it.

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{
    conversation::{self, Said},
    pages::message,
    refused,
    signed::{self, Signed},
};
use crate::{
    base::{
        EventId, Private,
        id::{ConversationId, TracerId},
        limit,
    },
    engine::{
        Event, EventKind, Holder, Refusal,
        event::{DeskAct, DeskOutcome, HandBack},
    },
    runtime::{Service, Target, TurnError, Turned},
    security::role::Permission,
};

/// Characters of an act's id.
const ACT_CHARS: usize = 64;
/// Minutes for which a conversation can be put aside.
const PARK_MINUTES: std::ops::RangeInclusive<i64> = 1..=14 * 24 * 60;

/// What the forms of a conversation's page post; each fills in its own part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Acting {
    #[serde(rename = "do")]
    what: String,
    csrf: String,
    /// The id of the act, made with the form: a double click is one act.
    act: String,
    /// The epoch the page showed.
    epoch: u64,
    text: Private<String>,
    step: String,
    at: String,
    outcome: String,
    until: String,
    to: String,
    task: String,
}

/// `POST /desk/{conversation}`
pub async fn act(
    State(service): State<Service>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Acting>,
) -> Response {
    let Some(id) = ConversationId::parse(&id) else { return refused::no_id(&service, &signed).await };
    if !signed::is_same_origin(&headers) || !signed.has_sent(&form.csrf) {
        let text = "The page was too old, or came from elsewhere. Nothing was done. Open the conversation again.";
        return message("Not done", text, Some((&format!("/desk/{id}"), "Open it again")))
            .for_user(&service, &signed, StatusCode::FORBIDDEN)
            .await;
    }
    if let Err(refusal) = signed.may(&service, Permission::WorkConversation).await {
        return refusal;
    }
    let act = match read(&service, &signed, &id, &form).await {
        Ok(act) => act,
        Err(Unread::NotAllowed(response)) => return *response,
        Err(Unread::Wrong(text)) => {
            return message("Not done", text, Some((&format!("/desk/{id}"), "Back")))
                .for_user(&service, &signed, StatusCode::UNPROCESSABLE_ENTITY)
                .await;
        }
    };
    let word = audit_word(&act);
    if let Err(error) = signed.audit(&service, word, Some(&id), "").await {
        return refused::unavailable(&service, &signed, &error).await;
    }
    // A task is done once, whoever says so.
    let (event_id, back) = match &act {
        DeskAct::TaskDone(task) => (format!("task-done:{task}"), "/desk".to_owned()),
        _ => (format!("desk:{}:{}", signed.login, form.act), format!("/desk/{id}")),
    };
    let event = Event {
        id: EventId(event_id),
        at: service.clock().now(),
        kind: EventKind::Desk { tracer: signed.login.clone(), first_name: signed.first_name.reveal().clone(), epoch: form.epoch, act },
    };
    match service.turn(Target::Conversation(id.clone()), event).await {
        Ok(Turned::Done | Turned::Repeated) => Redirect::to(&back).into_response(),
        Ok(Turned::Refused(refusal)) => not_done(&service, &signed, &id, &refusal, form.text).await,
        Err(TurnError::Unknown(id)) => refused::unknown(&service, &signed, &id).await,
        Err(error) => refused::unavailable(&service, &signed, &error).await,
    }
}

/// The conversation as it stands, read-only, with why the act was refused and the words that were not sent.
async fn not_done(service: &Service, signed: &Signed, id: &ConversationId, refusal: &Refusal, text: Private<String>) -> Response {
    if let Err(error) = signed.audit(service, "act refused", Some(id), "").await {
        return refused::unavailable(service, signed, &error).await;
    }
    conversation::page(service, signed, id, None, Some(Said { refusal, unsent: text })).await
}

enum Unread {
    NotAllowed(Box<Response>),
    Wrong(&'static str),
}

async fn read(service: &Service, signed: &Signed, id: &ConversationId, form: &Acting) -> Result<DeskAct, Unread> {
    if form.what == "task-done" {
        let known = form.task.len() <= ACT_CHARS && form.task.starts_with("task_");
        return if known { Ok(DeskAct::TaskDone(form.task.clone())) } else { Err(Unread::Wrong("There is no such task.")) };
    }
    let id_fits = form.act.strip_prefix("act_").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !id_fits || form.act.len() > ACT_CHARS {
        return Err(Unread::Wrong("The form was not whole. Open the conversation again."));
    }
    let words = |most: usize| -> Result<Private<String>, Unread> {
        let text = form.text.reveal().trim();
        if text.is_empty() {
            Err(Unread::Wrong("There were no words."))
        } else if text.chars().count() > most {
            Err(Unread::Wrong("Your words are too long: nothing was sent or kept. Say it in two."))
        } else {
            Ok(Private::from(text))
        }
    };
    Ok(match form.what.as_str() {
        "claim" => DeskAct::Claim,
        "release" => DeskAct::Release,
        "reopen" => DeskAct::Reopen,
        "reply" => DeskAct::Reply(words(reply_chars(service, id).await)?),
        "note" => DeskAct::Note(words(limit::NOTE_CHARS)?),
        "answer" => DeskAct::Answer { step: form.step.clone(), said: words(limit::FILLED_IN_CHARS)? },
        "hand-back" => DeskAct::HandBack(match form.at.as_str() {
            "" => HandBack::AsPlanned,
            ".end" => HandBack::ToTheEnd,
            step => HandBack::AtStep(step.to_owned()),
        }),
        "resolve" => match DeskOutcome::ALL.into_iter().find(|(_, word)| *word == form.outcome) {
            Some((outcome, _)) => DeskAct::Resolve(outcome),
            None => return Err(Unread::Wrong("Choose an outcome.")),
        },
        "park" => match form.until.as_str() {
            "" => DeskAct::Park(None),
            minutes => match minutes.parse::<i64>().ok().filter(|minutes| PARK_MINUTES.contains(minutes)) {
                Some(minutes) => DeskAct::Park(service.clock().now().checked_add(SignedDuration::from_mins(minutes)).ok()),
                None => return Err(Unread::Wrong("Choose until when.")),
            },
        },
        "take-over" => {
            signed.may(service, Permission::AssignWork).await.map_err(|refusal| Unread::NotAllowed(Box::new(refusal)))?;
            DeskAct::Transfer(signed.login.clone())
        }
        "transfer" => {
            signed.may(service, Permission::AssignWork).await.map_err(|refusal| Unread::NotAllowed(Box::new(refusal)))?;
            let to = TracerId(form.to.clone());
            match service.records().user(&to).await {
                Ok(Some(user)) if conversation::is_colleague(&user) => DeskAct::Transfer(to),
                Ok(_) | Err(_) => return Err(Unread::Wrong("Choose a colleague.")),
            }
        }
        _ => return Err(Unread::Wrong("The form was not whole. Open the conversation again.")),
    })
}

/// Characters of one reply, by the channel that it goes out by.
async fn reply_chars(service: &Service, id: &ConversationId) -> usize {
    match service.store().living(id).await {
        Ok(Some(loaded)) => conversation::reply_chars(service, &loaded.conversation),
        Ok(None) | Err(_) => limit::SMS_CHARS,
    }
}

const fn audit_word(act: &DeskAct) -> &'static str {
    match act {
        DeskAct::Claim => "claims",
        DeskAct::Release => "releases",
        DeskAct::Transfer(_) => "transfers",
        DeskAct::Reply(_) => "replies",
        DeskAct::Answer { .. } => "fills in an answer",
        DeskAct::HandBack(_) => "hands back",
        DeskAct::Resolve(_) => "resolves",
        DeskAct::Park(_) => "puts aside",
        DeskAct::Reopen => "reopens",
        DeskAct::Note(_) => "notes",
        DeskAct::TaskDone(_) => "task done",
    }
}

/// Whether a holder is this tracer.
pub(super) fn is_mine(holder: &Holder, signed: &Signed) -> bool {
    *holder == Holder::Tracer(signed.login.clone())
}
