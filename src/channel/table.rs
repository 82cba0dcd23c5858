//! The channels there are. A new provider is one file and one arm here.

use jiff::Timestamp;

use super::{
    BrowserChannel, Encoded, Hook, Inbound, Outcome, Request, Response, SendContext, Transport, TwilioChannel, Unsendable, WhatsAppChannel,
    browser, canonical, twilio, whatsapp,
};
use crate::{
    base::{Address, Medium, capabilities::Capabilities},
    render::Outgoing,
};

/// A configured channel.
#[derive(Clone, Debug)]
pub enum Channel {
    /// Twilio.
    Twilio(TwilioChannel),
    /// Meta's Cloud API.
    WhatsApp(WhatsAppChannel),
    /// The phone in the browser.
    Browser(BrowserChannel),
}

impl Channel {
    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        match self {
            Self::Twilio(channel) => &channel.name,
            Self::WhatsApp(channel) => &channel.name,
            Self::Browser(channel) => &channel.name,
        }
    }

    /// What it carries.
    pub fn medium(&self) -> Medium {
        match self {
            Self::Twilio(channel) => channel.medium(),
            Self::WhatsApp(_) => Medium::WhatsApp,
            Self::Browser(channel) => channel.medium,
        }
    }

    /// What its messages can show.
    pub fn capabilities(&self) -> Capabilities {
        match self {
            Self::Twilio(channel) => match channel.medium() {
                // A card comes as a file that is not fetched.
                Medium::WhatsApp => Capabilities { contact_cards: false, ..Capabilities::whatsapp_text_only() },
                medium @ (Medium::Sms | Medium::Voice | Medium::Email | Medium::Web) => Capabilities::of(medium),
            },
            Self::WhatsApp(_) => Capabilities::of(Medium::WhatsApp),
            Self::Browser(channel) => Capabilities::of(channel.medium),
        }
    }

    /// The address that the API, the desk or an operator means by `to`: the same one that a webhook of this channel would give.
    pub fn address(&self, to: &str) -> Option<Address> {
        canonical::address(self.medium(), to)
    }

    /// What an inbound request tells. `public_url` is what the provider was given as our address; `now` stands in where the provider
    /// tells no time.
    pub fn receive(&self, request: &Request, public_url: &str, now: Timestamp, hook: Hook) -> Inbound {
        match self {
            Self::Twilio(channel) => channel.receive(request, public_url, now, hook),
            Self::WhatsApp(channel) => channel.receive(request, now),
            Self::Browser(channel) => channel.receive(request, now),
        }
    }

    /// A message in the channel's form.
    ///
    /// # Errors
    /// Why it cannot be put into it: none of these passes by trying again.
    pub fn encode(&self, message: &Outgoing, to: &Address, context: &SendContext<'_>) -> Result<Encoded, Unsendable> {
        match self {
            Self::Twilio(channel) => channel.encode(message, to, context),
            Self::WhatsApp(channel) => channel.encode(message, to, context),
            Self::Browser(channel) => channel.encode(message, to),
        }
    }

    /// What came of performing a request of [`Self::encode`].
    pub fn outcome(&self, result: Result<&Response, Transport>) -> Outcome {
        match self {
            Self::Twilio(_) => twilio::outcome::outcome(result),
            Self::WhatsApp(_) => whatsapp::outcome::outcome(result),
            Self::Browser(_) => browser::outcome(result),
        }
    }

    /// What a webhook is answered with once all of it is kept.
    pub fn acknowledgement(&self) -> Response {
        match self {
            Self::Twilio(_) => respond("text/xml; charset=utf-8", "<Response/>"),
            Self::WhatsApp(_) | Self::Browser(_) => respond("text/plain; charset=utf-8", ""),
        }
    }
}

fn respond(content_type: &'static str, body: &'static str) -> Response {
    let mut response = Response::new(bytes::Bytes::from_static(body.as_bytes()));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
