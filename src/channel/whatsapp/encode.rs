//! One message as the Cloud API's JSON. Source of the limits: Meta's OpenAPI document of the Business Messaging API, v23.0.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::WhatsAppChannel;
use crate::{
    base::{Address, Medium, limit},
    channel::{Encoded, SendContext, Unsendable, canonical, console, post},
    render::{
        Outgoing, Shape,
        outgoing::{Button, Row},
    },
};

const BUTTONS: usize = 3;
const BUTTON_TITLE_CHARS: usize = 20;
const BUTTON_ID_CHARS: usize = 256;
const ROWS: usize = 10;
const ROW_TITLE_CHARS: usize = 24;
const ROW_DESCRIPTION_CHARS: usize = 72;
const ROW_ID_CHARS: usize = 200;
const OPEN_CHARS: usize = 20;

impl WhatsAppChannel {
    /// The one request that sends a message: as text, with buttons, as a list, as "share your number", or as a template where the
    /// window is shut. Choices over a limit of buttons and lists are written out under the text.
    ///
    /// # Errors
    /// Where the window is shut and no template serves, the text is longer than 4,096 characters, or the address is none of WhatsApp's.
    pub fn encode(&self, message: &Outgoing, to: &Address, context: &SendContext<'_>) -> Result<Encoded, Unsendable> {
        match to.medium {
            Medium::WhatsApp => {}
            Medium::Sms | Medium::Voice | Medium::Email | Medium::Web => return Err(Unsendable::OtherMedium),
        }
        let id = to.id.reveal();
        let (key, recipient) = if canonical::is_user_id(id) { ("recipient", id.as_str()) } else { ("to", id.trim_start_matches('+')) };
        let (kind, content) = if context.window_shut { self.template(message)? } else { in_window(message)? };
        let body = json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            key: recipient,
            "biz_opaque_callback_data": context.outbox.as_str(),
            "type": kind,
            kind: content,
        });
        let url = format!("{}/{}/messages", self.base_url.trim_end_matches('/'), self.phone_number_id);
        let credential = format!("Bearer {}", self.access_token.reveal());
        Ok(Encoded::Requests(vec![post(&url, "application/json", &credential, body.to_string())?]))
    }

    fn template(&self, message: &Outgoing) -> Result<(&'static str, Value), Unsendable> {
        let name = message.template.as_ref().and_then(|key| self.templates.name(key, &message.language)).ok_or(Unsendable::WindowShut)?;
        Ok(("template", json!({ "name": name, "language": { "code": self.templates.language_code(&message.language) } })))
    }
}

/// The type and content of a message within the window.
fn in_window(message: &Outgoing) -> Result<(&'static str, Value), Unsendable> {
    let body = message.text.reveal();
    if body.trim().is_empty() {
        return Err(Unsendable::Empty);
    }
    let has_short_body = body.chars().count() <= limit::WHATSAPP_INTERACTIVE_CHARS;
    let action = match &message.shape {
        Shape::Buttons(shown) if has_short_body => buttons(shown).map(|action| ("button", action)),
        Shape::List { open, rows } if has_short_body => list(open, rows).map(|action| ("list", action)),
        Shape::AskContact if has_short_body => Some(("request_contact_info", json!({ "name": "request_contact_info" }))),
        Shape::Text | Shape::Buttons(_) | Shape::List { .. } | Shape::AskContact => None,
    };
    if let Some((kind, action)) = action {
        return Ok(("interactive", json!({ "type": kind, "body": { "text": body }, "action": action })));
    }
    let text = console::written_out(message);
    if text.chars().count() > limit::WHATSAPP_TEXT_CHARS {
        return Err(Unsendable::TooLong);
    }
    Ok(("text", json!({ "body": text, "preview_url": false })))
}

/// The buttons, where they keep the limits: up to three, with different ids and titles.
fn buttons(buttons: &[Button]) -> Option<Value> {
    let keep = (1..=BUTTONS).contains(&buttons.len())
        && buttons.iter().all(|b| within(&b.id, BUTTON_ID_CHARS) && within(b.title.reveal(), BUTTON_TITLE_CHARS))
        && differ(buttons.iter().map(|b| b.id.as_str()))
        && differ(buttons.iter().map(|b| b.title.reveal().as_str()));
    let reply = |button: &Button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.title.reveal() } });
    keep.then(|| json!({ "buttons": buttons.iter().map(reply).collect::<Vec<_>>() }))
}

/// The list, where it keeps the limits: up to ten rows, with different ids.
fn list(open: &str, rows: &[Row]) -> Option<Value> {
    let keep = (1..=ROWS).contains(&rows.len())
        && within(open, OPEN_CHARS)
        && rows.iter().all(|row| {
            let description = row.description.reveal();
            within(&row.id, ROW_ID_CHARS)
                && within(row.title.reveal(), ROW_TITLE_CHARS)
                && (description.is_empty() || within(description, ROW_DESCRIPTION_CHARS))
        })
        && differ(rows.iter().map(|row| row.id.as_str()));
    let row = |row: &Row| match row.description.reveal().as_str() {
        "" => json!({ "id": row.id, "title": row.title.reveal() }),
        description => json!({ "id": row.id, "title": row.title.reveal(), "description": description }),
    };
    keep.then(|| json!({ "button": open, "sections": [{ "rows": rows.iter().map(row).collect::<Vec<_>>() }] }))
}

fn within(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most
}

fn differ<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    texts.into_iter().all(|text| seen.insert(text))
}
