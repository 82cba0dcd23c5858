//! One message as it will be shown on a phone: neutral to the provider, shaped by capability.

use serde::{Deserialize, Serialize};

use crate::base::{Language, Private};

/// One message to one address: one entry of the outbox, one request to a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The whole text; with numbered choices written out where the shape has no buttons or rows.
    pub text: Private<String>,
    /// What stands under the text.
    pub shape: Shape,
    /// The language of the words.
    pub language: Language,
    /// The key of the channel's `templates` that may be sent instead when the window is shut.
    pub template: Option<String>,
}

/// What stands under the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// Nothing.
    Text,
    /// Up to three buttons.
    Buttons(Vec<Button>),
    /// A list that opens.
    List {
        /// The word on the button that opens it.
        open: String,
        /// Its rows, at most ten.
        rows: Vec<Row>,
    },
    /// "Share your number" (WhatsApp `request_contact_info`).
    AskContact,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What a tap sends back: session, asking and key.
    pub id: String,
    /// At most 20 characters.
    pub title: Private<String>,
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What a tap sends back.
    pub id: String,
    /// At most 24 characters.
    pub title: Private<String>,
    /// At most 72 characters: the whole label where the title had to be cut; may be empty.
    pub description: Private<String>,
}
