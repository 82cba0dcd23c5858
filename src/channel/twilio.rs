//! SMS and WhatsApp through Twilio: a form in, a form out. Source: Twilio's Messaging API and its OpenAPI document (v2010).

pub mod codes;
mod encode;
pub mod list;
pub mod outcome;
mod receive;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Secret, Speed, Templates, Unsendable};
use crate::base::Medium;

/// A number, or a pool of numbers, at Twilio.
#[derive(Clone, Debug)]
pub struct TwilioChannel {
    /// Its name in the configuration: the last part of its webhook's path.
    pub name: String,
    /// `AC…`
    pub account_sid: String,
    /// The primary auth token first: sends with it. All of them are accepted in signatures, while one takes another's place.
    pub auth_tokens: Vec<Secret>,
    /// `+15550100000` for SMS, `whatsapp:+15550100000` for WhatsApp. At least one of `from` and `messaging_service_sid` is given.
    pub from: Option<String>,
    /// `MG…`: Twilio picks the number.
    pub messaging_service_sid: Option<String>,
    /// `https://api.twilio.com`, without a slash at the end.
    pub base_url: String,
    /// `HX…` by key, for WhatsApp when the window is shut.
    pub templates: Templates,
    /// How fast it may send.
    pub speed: Speed,
    /// How often its list of messages is looked through for lost ones, in seconds; 0: never.
    pub reconcile_s: u32,
}

impl TwilioChannel {
    /// WhatsApp where `from` says so, else SMS.
    pub fn medium(&self) -> Medium {
        match &self.from {
            Some(from) if from.starts_with("whatsapp:") => Medium::WhatsApp,
            Some(_) | None => Medium::Sms,
        }
    }

    /// `Basic …`
    fn credential(&self) -> Result<String, Unsendable> {
        let token = self.auth_tokens.first().ok_or(Unsendable::Configuration)?;
        Ok(format!("Basic {}", STANDARD.encode(format!("{}:{}", self.account_sid, token.reveal()))))
    }
}
