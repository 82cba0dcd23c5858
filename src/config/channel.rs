//! `[[channel]]`: one way of talking, with what its provider needs.

use std::collections::BTreeMap;

use super::Secret;
use crate::base::Medium;

/// A channel as configured.
#[derive(Clone, Debug)]
pub struct ChannelSettings {
    /// `sms`: its webhook is `/in/sms`, its receipts come to `/receipt/sms`.
    pub name: String,
    /// Who carries it.
    pub provider: Provider,
}

/// Who carries a channel, and what they need.
#[derive(Clone, Debug)]
pub enum Provider {
    /// `twilio`: text messages, or WhatsApp where `from` begins with `whatsapp:`.
    Twilio {
        /// What it carries.
        medium: Medium,
        /// `AC…`
        account_sid: String,
        /// What requests are signed with; the first one is also what we log in with. Two while it is being changed.
        auth_tokens: Vec<Secret>,
        /// `+15550100000`, or `MG…` for a messaging service.
        from: String,
        /// `https://api.twilio.com`
        base_url: String,
        /// Template key to content id (`HX…`), for WhatsApp.
        templates: BTreeMap<String, String>,
    },
    /// `whatsapp`: the Cloud API of Meta.
    WhatsApp {
        /// The number's id at Meta.
        phone_number_id: String,
        /// What webhooks are signed with. Two while it is being changed.
        app_secrets: Vec<Secret>,
        /// What Meta shows when it first calls.
        verify_token: Secret,
        /// What we log in with.
        access_token: Secret,
        /// `https://graph.facebook.com/v23.0`
        base_url: String,
        /// Template key to its name at Meta.
        templates: BTreeMap<String, String>,
    },
    /// `browser`: the phone page of the demo; never for patients.
    Browser {
        /// What it looks like.
        medium: Medium,
    },
}

impl Provider {
    /// Its word in the file.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Twilio { .. } => "twilio",
            Self::WhatsApp { .. } => "whatsapp",
            Self::Browser { .. } => "browser",
        }
    }

    /// What it carries.
    pub const fn medium(&self) -> Medium {
        match self {
            Self::Twilio { medium, .. } | Self::Browser { medium } => *medium,
            Self::WhatsApp { .. } => Medium::WhatsApp,
        }
    }
}
