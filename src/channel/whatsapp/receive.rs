//! Meta's webhooks: a signed delivery in, what happened out, message by message and status by status.
//!
//! A delivery is a batch: entries with changes with messages and statuses, of several people, in any order, some of them twice, some for
//! another number of ours. Nothing is demanded of a message but a sender; what is not known is told as `Unsupported`, not dropped.

use jiff::Timestamp;
use serde_json::Value;

use super::{WhatsAppChannel, codes, content};
use crate::{
    base::{Address, EventId, Medium},
    channel::{Delivery, Happening, Inbound, Meaning, Receipt, Request, canonical, derived_id, nth_id, our_token},
    engine::{Event, event::EventKind},
    security::signature,
};

/// Above this a number of a timestamp counts milliseconds: as seconds it would be in the year 5138.
const SECONDS_END: i64 = 100_000_000_000;

impl WhatsAppChannel {
    /// What a webhook tells: the challenge of the verification by GET, or a signed delivery.
    pub fn receive(&self, request: &Request, now: Timestamp) -> Inbound {
        if request.method() == http::Method::GET {
            return self.verify(request.uri().query().unwrap_or_default());
        }
        if !signature::meta(&self.app_secrets, request.headers(), request.body()) {
            return Inbound::Refused;
        }
        let Ok(delivery) = serde_json::from_slice::<Value>(request.body()) else {
            return Inbound::Unreadable("a delivery that is not JSON");
        };
        if delivery.get("object").and_then(Value::as_str) != Some("whatsapp_business_account") {
            return Inbound::Happenings(vec![Happening::Ignored("a delivery about another object")]);
        }
        let changes = items(&delivery, "entry").flat_map(|entry| items(entry, "changes"));
        Inbound::Happenings(changes.flat_map(|change| self.change(change, now)).collect())
    }

    fn verify(&self, query: &str) -> Inbound {
        let (mut mode, mut token, mut challenge) = (String::new(), String::new(), String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "hub.mode" => mode = value.into_owned(),
                "hub.verify_token" => token = value.into_owned(),
                "hub.challenge" => challenge = value.into_owned(),
                _ => {}
            }
        }
        let expected = self.verify_token.reveal();
        let holds = !expected.is_empty() && signature::same(expected, &token);
        if mode == "subscribe" && holds { Inbound::Challenge(challenge) } else { Inbound::Refused }
    }

    fn change(&self, change: &Value, now: Timestamp) -> Vec<Happening> {
        // Some bodies come without the name of the field; only messages do.
        let reason = match text(change, "field").as_deref() {
            None | Some("messages") => None,
            Some("account_update") => Some("an account's update"),
            Some("message_template_status_update") => Some("a template's status"),
            Some("phone_number_quality_update") => Some("a number's quality"),
            Some("user_preferences") => Some("a person's preferences"),
            Some("calls") => Some("a call"),
            Some("smb_message_echoes") => Some("an echo of a message"),
            Some(_) => Some("a change of another kind"),
        };
        if let Some(reason) = reason {
            return vec![Happening::Ignored(reason)];
        }
        let Some(value) = change.get("value") else { return vec![Happening::Ignored("a change without a value")] };
        if value.get("metadata").and_then(|metadata| text(metadata, "phone_number_id")).is_some_and(|id| id != self.phone_number_id) {
            return vec![Happening::Ignored("for another number")];
        }
        let messages = items(value, "messages").flat_map(|message| self.message(value, message, now));
        let statuses = items(value, "statuses").map(|status| receipt(status, now));
        let mut happenings: Vec<Happening> = messages.chain(statuses).collect();
        if happenings.is_empty() {
            happenings.push(Happening::Ignored("a change without messages"));
        }
        happenings
    }

    fn message(&self, value: &Value, message: &Value, now: Timestamp) -> Vec<Happening> {
        if text(message, "group_id").is_some() {
            return vec![Happening::Ignored("a group's message")];
        }
        let kind = text(message, "type").unwrap_or_default();
        match kind.as_str() {
            "system" if message.pointer("/system/type").and_then(Value::as_str) == Some("user_changed_number") => {
                return vec![Happening::Ignored("a changed number")];
            }
            "system" => return vec![Happening::Ignored("a message of the system")],
            "request_welcome" => return vec![Happening::Ignored("a chat that was opened")],
            _ => {}
        }
        let Some((address, alias)) = who(value, message) else { return vec![Happening::Ignored("a message without a sender")] };
        let id = text(message, "id")
            .map_or_else(|| derived_id("whatsapp", &[address.id.reveal().as_bytes(), message.to_string().as_bytes()]), EventId::from);
        let at = timestamp(message, now);
        let contents = content::contents(message, &kind).into_iter().enumerate();
        contents
            .map(|(n, content)| Happening::Event {
                address: address.clone(),
                alias: alias.clone(),
                event: Event { id: nth_id(&id, n), at, kind: EventKind::Message { channel: self.name.clone(), content } },
            })
            .collect()
    }
}

/// The sender's address and other id: the number before the user id. The `contacts` of the batch complete what the message leaves
/// out; they are matched by id, for in a batch their order says nothing.
fn who(value: &Value, message: &Value) -> Option<(Address, Option<Address>)> {
    let (mut number, mut user) = (text(message, "from"), text(message, "from_user_id"));
    if let Some(id) = number.take_if(|id| canonical::is_user_id(id)) {
        user.get_or_insert(id);
    }
    let contact = items(value, "contacts").find(|contact| {
        let same = |ours: &Option<String>, name: &str| ours.is_some() && text(contact, name) == *ours;
        same(&number, "wa_id") || same(&user, "user_id")
    });
    if let Some(contact) = contact {
        number = number.or_else(|| text(contact, "wa_id"));
        user = user.or_else(|| text(contact, "user_id"));
    }
    let ids = [number, user].into_iter().flatten();
    let mut addresses = ids.filter_map(|id| canonical::address(Medium::WhatsApp, &id));
    Some((addresses.next()?, addresses.next()))
}

fn receipt(status: &Value, now: Timestamp) -> Happening {
    if text(status, "group_id").is_some() {
        return Happening::Ignored("a group's status");
    }
    let state = match text(status, "status").as_deref() {
        Some("accepted") => Delivery::Accepted,
        Some("sent") => Delivery::Sent,
        Some("delivered") => Delivery::Delivered,
        Some("read" | "played") => Delivery::Read,
        Some("failed") => {
            let code = status.pointer("/errors/0/code").and_then(Value::as_i64);
            Delivery::Failed(code.and_then(codes::meaning).unwrap_or(Meaning::Passing).undeliverable())
        }
        Some("deleted") => return Happening::Ignored("a deleted message of ours"),
        Some(_) | None => return Happening::Ignored("a status that is not known"),
    };
    let outbox = text(status, "biz_opaque_callback_data").and_then(|token| our_token(&token));
    match text(status, "id") {
        Some(provider_id) => Happening::Receipt(Receipt { outbox, provider_id, state, at: timestamp(status, now) }),
        None => Happening::Ignored("a status without a message id"),
    }
}

/// When something happened; `now` where that is not given, not to be read, or in the future.
fn timestamp(value: &Value, now: Timestamp) -> Timestamp {
    let number = text(value, "timestamp").and_then(|number| number.parse::<i64>().ok()).filter(|number| *number > 0);
    let at =
        number.and_then(
            |number| {
                if number < SECONDS_END { Timestamp::from_second(number).ok() } else { Timestamp::from_millisecond(number).ok() }
            },
        );
    at.filter(|at| *at <= now).unwrap_or(now)
}

/// The items of a list; none where it is missing or something else.
pub(super) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A text or number that is not blank, as text.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
