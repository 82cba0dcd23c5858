//! What a message of WhatsApp says, by its type.

use serde_json::Value;

use super::receive::{items, text};
use crate::{
    base::{EventId, Medium, Private},
    channel::canonical,
    engine::event::{Card, Content},
};

/// Characters of a provider's word for something that is not known here.
const KIND_CHARS: usize = 40;

/// What a message says: one thing, but for shared cards that hold both the sender's own number and others.
pub fn contents(message: &Value, kind: &str) -> Vec<Content> {
    let part = message.get(kind).unwrap_or(&Value::Null);
    let content = match kind {
        "text" => Some(Content::Text(private(part, "body"))),
        "interactive" => interactive(part),
        "button" => button(part),
        "image" | "video" | "audio" | "document" | "sticker" => {
            Some(Content::Media { kind: kind.to_owned(), reference: private(part, "id"), caption: private(part, "caption") })
        }
        "location" => location(part),
        "contacts" => return contacts(message),
        "reaction" => Some(Content::Reaction { emoji: text(part, "emoji") }),
        "edit" => edit(part),
        "revoke" => text(part, "original_message_id").map(|id| Content::Revoked { original: EventId(id) }),
        "unsupported" => text(part, "type").map(|kind| unsupported(&kind)),
        _ => None,
    };
    vec![content.unwrap_or_else(|| unsupported(kind))]
}

fn unsupported(kind: &str) -> Content {
    let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(KIND_CHARS).collect();
    Content::Unsupported { kind: if kind.is_empty() { "unknown".to_owned() } else { kind } }
}

fn private(part: &Value, name: &str) -> Private<String> {
    Private::new(part.get(name).and_then(Value::as_str).unwrap_or_default().replace('\0', ""))
}

/// A tap on a button or row of ours; the answer to a form or a request to call is told by its name.
fn interactive(part: &Value) -> Option<Content> {
    let kind = text(part, "type").or_else(|| part.as_object()?.keys().next().cloned())?;
    match kind.as_str() {
        "button_reply" | "list_reply" => {
            let reply = part.get(&kind)?;
            Some(Content::Tap { id: text(reply, "id")?, title: private(reply, "title") })
        }
        _ => Some(unsupported(&kind)),
    }
}

/// A tap on a template's quick reply. Where the template gave no payload, Meta sends the words as such: then they are words.
fn button(part: &Value) -> Option<Content> {
    match (text(part, "payload"), text(part, "text")) {
        (Some(payload), Some(words)) if payload == words => Some(Content::Text(Private::new(words))),
        (Some(id), _) => Some(Content::Tap { id, title: private(part, "text") }),
        (None, Some(words)) => Some(Content::Text(Private::new(words))),
        (None, None) => None,
    }
}

fn location(part: &Value) -> Option<Content> {
    let degrees = |name| text(part, name)?.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
    Some(Content::Location { latitude: degrees("latitude")?, longitude: degrees("longitude")? })
}

/// The new words of a message changed: its text, or the caption of its picture.
fn edit(part: &Value) -> Option<Content> {
    let original = EventId(text(part, "original_message_id")?);
    let message = part.get("message")?;
    let kind = text(message, "type").unwrap_or_else(|| "text".to_owned());
    let part = message.get(&kind)?;
    let words = text(part, "body").or_else(|| text(part, "caption"))?;
    Some(Content::Edited { original, text: Private::new(words.replace('\0', "")) })
}

/// Contact cards. One with `origin: contact_request` answers our request and is the sender's own; all others are of other people.
fn contacts(message: &Value) -> Vec<Content> {
    let is_own = |card: &&Value| text(card, "origin").as_deref() == Some("contact_request");
    let (own, others): (Vec<&Value>, Vec<&Value>) = items(message, "contacts").partition(is_own);
    let own_number = own.iter().find_map(|card| phones(card).into_iter().next());
    let mut contents: Vec<Content> = own_number.map(Content::OwnNumber).into_iter().collect();
    if !others.is_empty() {
        contents.push(Content::Cards(others.iter().map(|card| Card { name: name(card), phones: phones(card) }).collect()));
    }
    if contents.is_empty() {
        contents.push(unsupported("contacts"));
    }
    contents
}

/// The name on a card; empty where there is none.
fn name(card: &Value) -> Private<String> {
    let name = card.get("name").unwrap_or(&Value::Null);
    let whole = text(name, "formatted_name").or_else(|| {
        let parts: Vec<String> = ["first_name", "middle_name", "last_name"].iter().filter_map(|part| text(name, part)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    let name = whole.or_else(|| text(card.get("org")?, "company")).unwrap_or_default();
    Private::new(name.replace('\0', "").trim().to_owned())
}

/// The numbers on a card: as written where that has its country, else by WhatsApp's own id for it, which always has.
fn phones(card: &Value) -> Vec<Private<String>> {
    let phone = |phone: &Value| {
        let written = text(phone, "phone");
        let known = || text(phone, "wa_id").and_then(|id| canonical::address(Medium::WhatsApp, &id)).map(|address| address.id);
        match written {
            Some(written) if written.trim_start().starts_with('+') => Some(Private::new(written)),
            written => known().or(written.map(Private::new)),
        }
    };
    items(card, "phones").filter_map(phone).collect()
}
