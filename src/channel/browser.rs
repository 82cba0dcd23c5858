//! The phone in the browser, of the demo and the simulator: a page that looks like a phone and texts as any number.
//!
//! Its messages are not sent anywhere: they are kept like all others, and the page reads them. What it posts is a form or JSON:
//!
//! ```json
//! { "token": "…", "id": "act_0192…", "from": "+15550100777", "text": "yes" }
//! ```
//!
//! with one of `text`, `tap` and `title`, `card` (`{"name": "Beto", "phones": ["+15550100001"]}`; in a form `card_name` and
//! `card_phone`), `own_number`, `picture` (its caption), `reaction`. The token may stand in the address instead: as `?token=…` or as a
//! part of the path.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Encoded, Happening, Inbound, Outcome, Request, Secret, Transport, Unsendable, canonical, derived_id};
use crate::{
    base::{Address, EventId, Medium, Private},
    engine::{
        Event,
        event::{Card, Content, EventKind, Undeliverable},
    },
    render::Outgoing,
    security::signature,
};

/// Characters of an act's id.
const ID_CHARS: usize = 80;

/// A phone in the browser. One for each medium that it plays: with the capabilities of SMS or of WhatsApp.
#[derive(Clone, Debug)]
pub struct BrowserChannel {
    /// Its name in the configuration.
    pub name: String,
    /// What it plays: [`Medium::Sms`] or [`Medium::WhatsApp`].
    pub medium: Medium,
    /// The token that its page sends along: there is no signature.
    pub token: Secret,
}

impl BrowserChannel {
    /// What the page tells.
    pub fn receive(&self, request: &Request, now: Timestamp) -> Inbound {
        let Some(fields) = fields(request) else { return Inbound::Refused };
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        if !self.admits(request, text("token")) {
            return Inbound::Refused;
        }
        if text("medium").is_some_and(|medium| medium != self.medium.word()) {
            return Inbound::Unreadable("a phone of another medium");
        }
        let Some(address) = text("from").and_then(|from| canonical::address(self.medium, from)) else {
            return Inbound::Unreadable("a message without a sender");
        };
        let given = text("id").filter(|id| !id.is_empty() && id.chars().count() <= ID_CHARS);
        let id = given.map_or_else(|| derived_id("browser", &[&now.as_millisecond().to_be_bytes(), request.body()]), EventId::from);
        let kind = EventKind::Message { channel: self.name.clone(), content: content(&fields) };
        Inbound::Happenings(vec![Happening::Event { address, alias: None, event: Event { id, at: now, kind } }])
    }

    fn admits(&self, request: &Request, in_body: Option<&str>) -> bool {
        let expected = self.token.reveal();
        let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
        let in_query = query.filter(|(name, _)| name == "token").map(|(_, token)| token.into_owned());
        let in_path = request.uri().path().split('/').map(str::to_owned);
        let mut given = in_query.chain(in_path).chain(in_body.map(str::to_owned));
        !expected.is_empty() && given.any(|token| signature::same(expected, &token))
    }

    /// Nothing to perform: the page reads what is kept.
    ///
    /// # Errors
    /// Where the address is of another medium than the one played.
    pub fn encode(&self, message: &Outgoing, to: &Address) -> Result<Encoded, Unsendable> {
        match (to.medium == self.medium, message.text.reveal().trim().is_empty()) {
            (false, _) => Err(Unsendable::OtherMedium),
            (true, true) => Err(Unsendable::Empty),
            (true, false) => Ok(Encoded::Kept),
        }
    }
}

/// No request is ever made for a kept message; an answer to one means that something else was asked.
pub fn outcome(result: Result<&super::Response, Transport>) -> Outcome {
    match result {
        Ok(_) => Outcome::Failed { reason: Undeliverable::Configuration, code: "kept".to_owned() },
        Err(transport) => transport.outcome(),
    }
}

/// The fields of JSON or a form.
fn fields(request: &Request) -> Option<Map<String, Value>> {
    match serde_json::from_slice(request.body()) {
        Ok(Value::Object(fields)) => Some(fields),
        Ok(_) => None,
        Err(_) => Some(
            form_urlencoded::parse(request.body()).map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect(),
        ),
    }
}

fn content(fields: &Map<String, Value>) -> Content {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let private = |name: &str| Private::from(text(name).unwrap_or_default());
    if let Some(id) = text("tap").filter(|id| !id.is_empty()) {
        return Content::Tap { id: id.to_owned(), title: private("title") };
    }
    if let Some(card) = fields.get("card").and_then(Value::as_object) {
        let phones =
            card.get("phones").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(Private::from).collect();
        return Content::Cards(vec![Card { name: card.get("name").and_then(Value::as_str).unwrap_or_default().into(), phones }]);
    }
    if text("card_name").is_some() || text("card_phone").is_some() {
        let phones = text("card_phone").filter(|phone| !phone.trim().is_empty()).map(Private::from).into_iter().collect();
        return Content::Cards(vec![Card { name: private("card_name"), phones }]);
    }
    if text("own_number").is_some() {
        return Content::OwnNumber(private("own_number"));
    }
    if text("picture").is_some() {
        return Content::Media { kind: "image".to_owned(), reference: Private::from("browser"), caption: private("picture") };
    }
    if let Some(emoji) = text("reaction") {
        return Content::Reaction { emoji: (!emoji.is_empty()).then(|| emoji.to_owned()) };
    }
    Content::Text(private("text"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::base::Language;

    fn phone() -> BrowserChannel {
        BrowserChannel { name: "phone".to_owned(), medium: Medium::Sms, token: "let-me-in".into() }
    }

    fn sent(path: &str, body: &str) -> Inbound {
        let request = http::Request::post(path).body(Bytes::from(body.to_owned())).unwrap();
        phone().receive(&request, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_page_sends_what_a_phone_can() {
        let card = |name: &str, phones: &[&str]| {
            Content::Cards(vec![Card { name: name.into(), phones: phones.iter().map(|phone| Private::from(*phone)).collect() }])
        };
        for (body, expected) in [
            (r#"{"token":"let-me-in","from":"+15550100777","text":"yes","id":"act_1"}"#, Content::Text("yes".into())),
            ("token=let-me-in&from=%2B15550100777&id=act_1&text=yes+please", Content::Text("yes please".into())),
            ("token=let-me-in&from=15550100777&id=act_1&tap=s%3Ayes&title=Yes", Content::Tap { id: "s:yes".into(), title: "Yes".into() }),
            ("token=let-me-in&from=15550100777&id=act_1&card_name=Beto&card_phone=%2B15550100001", card("Beto", &["+15550100001"])),
            (r#"{"token":"let-me-in","from":"15550100777","id":"act_1","card":{"name":"Grandma","phones":[]}}"#, card("Grandma", &[])),
            ("token=let-me-in&from=15550100777&id=act_1&own_number=%2B1555", Content::OwnNumber("+1555".into())),
            ("token=let-me-in&from=15550100777&id=act_1&reaction=", Content::Reaction { emoji: None }),
            ("token=let-me-in&from=15550100777&id=act_1", Content::Text("".into())),
        ] {
            let Inbound::Happenings(happenings) = sent("/in/phone", body) else { panic!("{body}") };
            let event = Event {
                id: EventId::from("act_1"),
                at: Timestamp::UNIX_EPOCH,
                kind: EventKind::Message { channel: "phone".to_owned(), content: expected },
            };
            assert_eq!(happenings, [Happening::Event { address: Address::new(Medium::Sms, "+15550100777"), alias: None, event }], "{body}");
        }
    }

    #[test]
    fn without_its_token_nothing_is_heard() {
        let admitted = |path, body| !matches!(sent(path, body), Inbound::Refused);
        assert!(admitted("/in/phone?token=let-me-in", "from=1&text=a"));
        assert!(admitted("/phone/let-me-in/send", "from=1&text=a"));
        assert!(!admitted("/in/phone", "from=1&text=a"));
        assert!(!admitted("/in/phone?token=let-me-out", "from=1&text=a&token="));
        assert!(!admitted("/in/phone", "[]"));
        assert!(matches!(sent("/in/phone", "token=let-me-in&text=a"), Inbound::Unreadable(_)));
        assert!(matches!(sent("/in/phone", "token=let-me-in&from=1&medium=whatsapp"), Inbound::Unreadable(_)));
    }

    #[test]
    fn its_messages_are_kept_for_the_page() {
        let message = Outgoing { text: "Hi".into(), shape: crate::render::Shape::Text, language: Language::english(), template: None };
        assert!(matches!(phone().encode(&message, &Address::new(Medium::Sms, "+1")), Ok(Encoded::Kept)));
        assert!(matches!(phone().encode(&message, &Address::new(Medium::WhatsApp, "+1")), Err(Unsendable::OtherMedium)));
    }
}
