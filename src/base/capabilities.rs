//! What a medium can show and carry. Rendering goes by capability, never by provider.

use serde::{Deserialize, Serialize};

use super::{address::Medium, limit};

/// What a channel can do with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Buttons under a message: how many, and the longest title in characters. `None`: numbers are typed.
    pub buttons: Option<(usize, usize)>,
    /// A list to choose from: rows, characters of a row's title, of its description.
    pub list: Option<(usize, usize, usize)>,
    /// Characters of one text message.
    pub text_max: usize,
    /// Characters of the body of a message with buttons or a list.
    pub interactive_max: usize,
    /// Whether texts are carried as SMS segments (GSM-7 or UCS-2).
    pub segments: bool,
    /// Hours after their last message within which free text may be sent; `None`: always.
    pub window_hours: Option<i64>,
    /// Whether a contact card can be shared.
    pub contact_cards: bool,
}

impl Capabilities {
    /// What a medium offers by itself.
    pub const fn of(medium: Medium) -> Self {
        match medium {
            Medium::Sms => Self {
                buttons: None,
                list: None,
                text_max: limit::SMS_CHARS,
                interactive_max: 0,
                segments: true,
                window_hours: None,
                contact_cards: false,
            },
            Medium::WhatsApp => Self {
                buttons: Some((3, 20)),
                list: Some((10, 24, 72)),
                text_max: limit::WHATSAPP_TEXT_CHARS,
                interactive_max: limit::WHATSAPP_INTERACTIVE_CHARS,
                segments: false,
                window_hours: Some(24),
                contact_cards: true,
            },
            Medium::Voice | Medium::Email | Medium::Web => Self {
                buttons: None,
                list: None,
                text_max: 4_000,
                interactive_max: 0,
                segments: false,
                window_hours: None,
                contact_cards: false,
            },
        }
    }

    /// WhatsApp through Twilio: free text only, since buttons there need registered templates.
    pub const fn whatsapp_text_only() -> Self {
        let mut all = Self::of(Medium::WhatsApp);
        all.buttons = None;
        all.list = None;
        all.text_max = limit::SMS_CHARS;
        all
    }
}
