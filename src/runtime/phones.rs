//! The phones in the browser: what was shown on each, so that a page opened again shows it too. For trying out only.
//!
//! A phone is found by a token that nobody guesses; what leads from the token to the number is sealed in the store, and so is what the
//! phone shows. Kept for a week.

use serde::{Deserialize, Serialize};

use super::service::Service;
use crate::{
    base::{Address, Private, id::ConversationId, limit},
    engine::{
        Event,
        event::{Card, Content},
    },
    render::{Outgoing, Shape},
    store::{OutboxItem, StoreError},
};

/// Messages that a phone shows: older ones scroll away for good.
const SHOWN: usize = 60;
const KEPT_S: u64 = 7 * 24 * 3_600;
const LIST: &str = "phone-list";
const TOKEN: &str = "phone-token";

/// A phone that a token opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// The channel it plays.
    pub channel: String,
    /// Whose phone it is.
    pub address: Address,
}

/// One message on a phone's screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bubble {
    /// The outbox id, or the id of what they sent: shown once.
    pub id: String,
    /// Whether it is theirs.
    pub mine: bool,
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// The words.
    pub text: Private<String>,
    /// What stands under the words.
    pub shape: Shape,
}

/// The phones of a service.
#[derive(Clone, Copy, Debug)]
pub struct Phones;

impl Phones {
    /// Opens a phone: the token that leads to it.
    ///
    /// # Errors
    /// As the store's.
    pub async fn open(self, service: &Service, phone: &Phone) -> Result<String, StoreError> {
        let token = crate::security::token::new(service.clock()).into_inner();
        service.store().put_small(TOKEN, &token, &encode(phone)?, KEPT_S).await?;
        Ok(token)
    }

    /// The phone of a token.
    ///
    /// # Errors
    /// As the store's.
    pub async fn of(self, service: &Service, token: &str) -> Result<Option<Phone>, StoreError> {
        Ok(service.store().small(TOKEN, token).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// What a phone shows, oldest first.
    ///
    /// # Errors
    /// As the store's.
    pub async fn shown(self, service: &Service, id: &ConversationId) -> Result<Vec<Bubble>, StoreError> {
        Ok(service.store().small(LIST, id.as_str()).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Shows a message of ours.
    ///
    /// # Errors
    /// As the store's.
    pub async fn show(self, service: &Service, item: &OutboxItem, message: &Outgoing) -> Result<(), StoreError> {
        let Some(id) = item.id.conversation() else { return Ok(()) };
        let bubble = Bubble {
            id: item.id.to_string(),
            mine: false,
            at_ms: service.clock().now().as_millisecond(),
            text: message.text.clone(),
            shape: message.shape.clone(),
        };
        self.add(service, &id, bubble).await
    }

    /// Shows what they sent.
    ///
    /// # Errors
    /// As the store's.
    pub async fn typed(self, service: &Service, id: &ConversationId, event: &Event, content: &Content) -> Result<(), StoreError> {
        let text = match content {
            Content::Text(text) | Content::Edited { text, .. } | Content::OptOut { text, .. } => text.reveal().clone(),
            Content::Tap { title, .. } => title.reveal().clone(),
            Content::Cards(cards) => {
                let one = |card: &Card| {
                    let phones: Vec<&str> = card.phones.iter().map(|phone| phone.reveal().as_str()).collect();
                    format!("👤 {} {}", card.name.reveal(), phones.join(", "))
                };
                cards.iter().map(one).collect::<Vec<_>>().join("\n")
            }
            Content::OwnNumber(number) => format!("📞 {}", number.reveal()),
            Content::Location { .. } => "📍".to_owned(),
            Content::Media { caption, .. } => format!("📷 {}", caption.reveal()),
            Content::Reaction { emoji } => emoji.clone().unwrap_or_default(),
            Content::Revoked { .. } => "🚫".to_owned(),
            Content::Unsupported { .. } => "❔".to_owned(),
        };
        let bubble =
            Bubble { id: event.id.to_string(), mine: true, at_ms: event.at.as_millisecond(), text: text.into(), shape: Shape::Text };
        self.add(service, id, bubble).await
    }

    /// Empties a phone's screen.
    ///
    /// # Errors
    /// As the store's.
    pub async fn forget(self, service: &Service, id: &ConversationId) -> Result<(), StoreError> {
        service.store().drop_small(LIST, id.as_str()).await
    }

    /// Adds to a phone's screen; what is there already is not added again.
    ///
    /// # Errors
    /// As the store's.
    pub async fn add(self, service: &Service, id: &ConversationId, bubble: Bubble) -> Result<(), StoreError> {
        let _lane = service.lanes().enter(&ConversationId(format!("phone-{id}"))).await;
        let mut shown = self.shown(service, id).await?;
        if shown.iter().any(|other| other.id == bubble.id) {
            return Ok(());
        }
        shown.push(bubble);
        let mut bytes = encode(&shown)?;
        while shown.len() > SHOWN || bytes.len() > limit::STORED_VALUE_BYTES / 2 {
            shown.remove(0);
            bytes = encode(&shown)?;
        }
        service.store().put_small(LIST, id.as_str(), &bytes, KEPT_S).await?;
        service.hints().recorded();
        Ok(())
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| StoreError::Corrupt("a phone".to_owned()))
}
