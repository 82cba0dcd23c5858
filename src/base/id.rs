//! Typed ids.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

id!(
    /// What makes an event one event: a provider's message id, a form's act id, a caller's `Idempotency-Key`, or one derived
    /// from what caused it (`wake:<due ms>`). The same id again is the same event.
    EventId
);
id!(
    /// One provider message in the outbox: a hash of conversation, event id and position, so that a turn run again gives the same ids.
    OutboxId
);
id!(
    /// A conversation, as the API and the desk name it: the keyed hash of its address, 32 hex digits. Says nothing of the address.
    ConversationId
);
id!(
    /// A desk user, by login name.
    TracerId
);
id!(
    /// The content hash of a flow's revision, 64 hex digits.
    RevisionId
);

/// A person of one conversation's roster: 0 is `you`, who texts. Numbers are never used again within a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonNumber(pub u16);

impl PersonNumber {
    /// Who texts.
    pub const YOU: Self = Self(0);
}

impl ConversationId {
    /// The id that stands in an address; `None` where the text is no id of ours, and may be anything.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))).then(|| Self(text.to_owned()))
    }
}

impl OutboxId {
    /// The id of the `n`th message that an event brought to a conversation: `<conversation>.<16 hex digits>`.
    pub fn derive(conversation: &ConversationId, event: &EventId, n: usize) -> Self {
        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(conversation.as_str().as_bytes());
        hash.update([0]);
        hash.update(event.as_str().as_bytes());
        hash.update([0]);
        hash.update(n.to_string().as_bytes());
        let digest = hex::encode(hash.finalize());
        Self(format!("{}.{}", conversation, digest.get(..16).unwrap_or_default()))
    }

    /// The conversation it belongs to; `None` where the text is no id of ours.
    pub fn conversation(&self) -> Option<ConversationId> {
        let (conversation, rest) = self.0.split_once('.')?;
        let hex = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_hexdigit());
        (hex(conversation, 32) && hex(rest, 16)).then(|| ConversationId(conversation.to_owned()))
    }
}
