//! WhatsApp by Meta's Cloud API: JSON in, JSON out. Source: Meta's OpenAPI document of the Business Messaging API (v23.0).

pub mod codes;
mod content;
mod encode;
pub mod outcome;
mod receive;

use super::{Secret, Speed, Templates};

/// A number on the WhatsApp Business Platform.
#[derive(Clone, Debug)]
pub struct WhatsAppChannel {
    /// Its name in the configuration: the last part of its webhook's path.
    pub name: String,
    /// `106540352242922`: events of other numbers in the same delivery are left alone.
    pub phone_number_id: String,
    /// The app's secret; several while one takes another's place.
    pub app_secrets: Vec<Secret>,
    /// What Meta repeats when the webhook is set up.
    pub verify_token: Secret,
    /// The bearer token for sending.
    pub access_token: Secret,
    /// `https://graph.facebook.com/v23.0`, without a slash at the end.
    pub base_url: String,
    /// Template names by key, for when the window is shut.
    pub templates: Templates,
    /// How fast it may send.
    pub speed: Speed,
}
