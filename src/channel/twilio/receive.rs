//! Twilio's webhooks: a signed form in, what happened out. Parameters come and go without notice, so none is demanded but `From`.

use jiff::Timestamp;

use super::{TwilioChannel, codes};
use crate::{
    base::{Address, EventId, Medium, Private},
    channel::{Delivery, Happening, Hook, Inbound, Meaning, Receipt, Request, canonical, derived_id, nth_id, our_token},
    engine::{
        Event,
        event::{Content, EventKind},
    },
    security::signature::{self, TwilioBody},
};

/// Pictures and sounds of one message: Twilio carries ten.
pub(super) const MEDIA: usize = 10;
/// Characters from which a text may be a whole message in base64, as some carriers pass on one of several parts.
const BASE64_CHARS: usize = 60;

impl TwilioChannel {
    /// What a webhook tells, once its signature holds. `public_url` is what is configured at Twilio, never the `Host` header.
    pub fn receive(&self, request: &Request, public_url: &str, now: Timestamp, hook: Hook) -> Inbound {
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let url = format!("{}{path}", public_url.trim_end_matches('/'));
        let is_form = request
            .headers()
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
        let query = pairs(request.uri().query().unwrap_or_default().as_bytes());
        let form = if is_form { pairs(request.body()) } else { Vec::new() };
        let body = if is_form || request.body().is_empty() { TwilioBody::Form(&form) } else { TwilioBody::Raw(request.body()) };
        if !signature::twilio(&self.auth_tokens, &url, request.headers(), body) {
            return Inbound::Refused;
        }
        // A webhook may be configured as GET: then its parameters stand in the address, which is signed.
        let fields = Fields(if form.is_empty() { &query } else { &form });
        let of_ours = query.iter().find(|(name, _)| name == "m").and_then(|(_, value)| our_token(value));
        match (hook, fields.get("MessageStatus").or_else(|| fields.get("SmsStatus"))) {
            (Hook::Receipt, Some(status)) => receipt(&fields, status, of_ours, now),
            (Hook::Receipt, None) => Inbound::Unreadable("a receipt without a status"),
            // One address for both, as some set it up.
            (Hook::Inbound, Some(status)) if !matches!(status, "received" | "receiving") => receipt(&fields, status, of_ours, now),
            (Hook::Inbound, Some(_) | None) => self.message(&fields, now),
        }
    }

    /// A message, by the time it came.
    pub(super) fn message(&self, fields: &Fields<'_>, now: Timestamp) -> Inbound {
        let Some(from) = fields.get("From") else { return Inbound::Unreadable("a message without a sender") };
        let by_whatsapp = [from, fields.get("To").unwrap_or_default()].iter().any(|id| id.starts_with("whatsapp:"))
            || fields.get("ChannelPrefix") == Some("whatsapp")
            || fields.get("WaId").is_some();
        let medium = if by_whatsapp { Medium::WhatsApp } else { self.medium() };
        let Some((address, alias)) = who(fields, medium, from) else {
            return Inbound::Happenings(vec![Happening::Ignored("a sender of another medium")]);
        };
        let id = fields.message_id().map_or_else(|| fields.derived_id(), EventId::from);
        let contents = contents(fields);
        let events = contents.into_iter().enumerate().map(|(n, content)| Happening::Event {
            address: address.clone(),
            alias: alias.clone(),
            event: Event { id: nth_id(&id, n), at: now, kind: EventKind::Message { channel: self.name.clone(), content } },
        });
        Inbound::Happenings(events.collect())
    }
}

/// The sender's address and other id: a number goes before WhatsApp's user id.
fn who(fields: &Fields<'_>, medium: Medium, from: &str) -> Option<(Address, Option<Address>)> {
    let first = canonical::address(medium, from)?;
    if medium != Medium::WhatsApp {
        return Some((first, None));
    }
    let others = ["WaId", "ExternalUserId"].into_iter().filter_map(|name| fields.get(name)).filter_map(|id| canonical::address(medium, id));
    let (users, numbers): (Vec<_>, Vec<_>) =
        std::iter::once(first).chain(others).partition(|address| canonical::is_user_id(address.id.reveal()));
    let mut ids = numbers.into_iter().take(1).chain(users.into_iter().take(1));
    Some((ids.next()?, ids.next()))
}

/// What they sent: one thing, or one for each picture.
fn contents(fields: &Fields<'_>) -> Vec<Content> {
    let body = fields.clean("Body");
    let body = || Private::new(body.clone());
    let titled = |name: &str| Private::new(fields.get(name).map_or_else(|| fields.clean("Body"), without_nul));
    let number = |name: &str| fields.get(name).and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
    if let Some(word) = fields.get("OptOutType") {
        return vec![Content::OptOut { word: word.to_ascii_uppercase(), text: body() }];
    }
    for (id, title) in [("ButtonPayload", "ButtonText"), ("ListId", "ListTitle")] {
        if let Some(id) = fields.get(id) {
            return vec![Content::Tap { id: id.to_owned(), title: titled(title) }];
        }
    }
    if let (Some(latitude), Some(longitude)) = (number("Latitude"), number("Longitude")) {
        return vec![Content::Location { latitude, longitude }];
    }
    let media: Vec<Content> = (0..MEDIA)
        .map_while(|n| Some((n, fields.get(&format!("MediaUrl{n}"))?)))
        .map(|(n, url)| Content::Media {
            kind: media_kind(fields.get(&format!("MediaContentType{n}")).unwrap_or_default()).to_owned(),
            reference: Private::from(url),
            caption: if n == 0 { body() } else { Private::default() },
        })
        .collect();
    if media.is_empty() { vec![Content::Text(body())] } else { media }
}

fn media_kind(content_type: &str) -> &'static str {
    match content_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        Some(_) | None => "document",
    }
}

fn receipt(fields: &Fields<'_>, status: &str, outbox: Option<crate::base::id::OutboxId>, now: Timestamp) -> Inbound {
    let state = match status {
        "accepted" | "scheduled" | "queued" | "sending" => Delivery::Accepted,
        "sent" => Delivery::Sent,
        "delivered" | "partially_delivered" => Delivery::Delivered,
        "read" => Delivery::Read,
        "failed" | "undelivered" | "canceled" => {
            let code = fields.get("ErrorCode").and_then(|code| code.parse::<u64>().ok());
            Delivery::Failed(code.and_then(codes::meaning).unwrap_or(Meaning::Passing).undeliverable())
        }
        _ => return Inbound::Happenings(vec![Happening::Ignored("a status that is not known")]),
    };
    match fields.message_id() {
        Some(id) => Inbound::Happenings(vec![Happening::Receipt(Receipt { outbox, provider_id: id.to_owned(), state, at: now })]),
        None => Inbound::Unreadable("a receipt without a message id"),
    }
}

/// The parameters of a webhook.
pub(super) struct Fields<'a>(pub &'a [(String, String)]);

impl Fields<'_> {
    /// The first value of a name that is not blank.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.trim().is_empty()).map(|(_, value)| value.as_str())
    }

    fn message_id(&self) -> Option<&str> {
        self.get("MessageSid").or_else(|| self.get("SmsSid")).or_else(|| self.get("SmsMessageSid"))
    }

    fn derived_id(&self) -> EventId {
        let parts: Vec<&[u8]> = self.0.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
        derived_id("twilio", &parts)
    }

    /// The words of a field, without NUL bytes and out of base64; empty where it is missing.
    fn clean(&self, name: &str) -> String {
        let text = without_nul(self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str()));
        out_of_base64(&text).unwrap_or(text)
    }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// The words of a text that is plainly base64 of words: long, of whole groups, without a space, and with spaces once decoded.
fn out_of_base64(text: &str) -> Option<String> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    if text.len() < BASE64_CHARS || !text.len().is_multiple_of(4) {
        return None;
    }
    let words = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let are_words = words.contains(' ') && !words.chars().any(|c| c.is_control() && !c.is_whitespace());
    are_words.then_some(words)
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}
