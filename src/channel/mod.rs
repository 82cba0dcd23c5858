//! Providers as pure translations: bytes in, events out; messages in, requests out as values. Never performs a request.
//!
//! A channel knows no flow and no network. `receive` is called by `web::hook`, `encode` and `outcome` by `runtime::sender`.

pub mod browser;
pub mod canonical;
pub mod console;
pub mod speed;
pub mod table;
pub mod template;
pub mod twilio;
pub mod whatsapp;

pub use browser::BrowserChannel;
pub use speed::Speed;
pub use table::Channel;
pub use template::Templates;
pub use twilio::TwilioChannel;
pub use whatsapp::WhatsAppChannel;

use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    base::{Address, EventId, Private, id::OutboxId},
    engine::{Event, event::Undeliverable},
};

/// Which of a channel's two paths a request came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// `/in/<channel>`: what they sent.
    Inbound,
    /// `/receipt/<channel>?m=<outbox id>`: a word on a delivery.
    Receipt,
}

/// What came of one inbound request.
#[derive(Debug)]
pub enum Inbound {
    /// The answer to a verification request: send it back as bare text.
    Challenge(String),
    /// What happened, in the order it stood; may be empty. Answer 200 once all of it is kept.
    Happenings(Vec<Happening>),
    /// A wrong or missing signature, or a wrong verify token: answer 403.
    Refused,
    /// Well signed, but not to be understood: journal as a fault, answer 200.
    Unreadable(&'static str),
}

/// One thing that a provider tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// Something for a conversation.
    Event {
        /// Whose.
        address: Address,
        /// Another id of the same person in the same event (WhatsApp's user id beside the number): an alias to be kept.
        alias: Option<Address>,
        /// What.
        event: Event,
    },
    /// A word on the delivery of a message of ours. Not a turn.
    Receipt(Receipt),
    /// Something of no concern here (a group message, a template's status), with the reason for the metric.
    Ignored(&'static str),
}

/// A provider's word on a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The token of ours that it carried back, where it did.
    pub outbox: Option<OutboxId>,
    /// The provider's id of the message.
    pub provider_id: String,
    /// How far it got.
    pub state: Delivery,
    /// When.
    pub at: Timestamp,
}

/// How far a message got. Ordered: receipts only move forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Delivery {
    /// The provider took it.
    Accepted,
    /// The provider passed it on.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was read.
    Read,
    /// It will not arrive, unless it already had.
    Failed(Undeliverable),
}

impl Delivery {
    /// Whether `self` may take the place of `earlier`: only forward; `Failed` is final unless delivery came first.
    pub const fn advances(self, earlier: Self) -> bool {
        const fn rank(delivery: Delivery) -> u8 {
            match delivery {
                Delivery::Accepted => 0,
                Delivery::Sent => 1,
                Delivery::Failed(_) => 2,
                Delivery::Delivered => 3,
                Delivery::Read => 4,
            }
        }
        match earlier {
            Self::Failed(_) => false,
            Self::Accepted | Self::Sent | Self::Delivered | Self::Read => rank(self) > rank(earlier),
        }
    }

    /// Its word, for records, pages and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed(_) => "failed",
        }
    }
}

/// What came of one attempt to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it.
    Accepted {
        /// The provider's id.
        provider_id: String,
    },
    /// Not taken; try again, not before so many seconds where the provider says so.
    Retry {
        /// Seconds, where the provider gave them.
        after_s: Option<u64>,
        /// The provider's code, for the metric: `429`, `63018`.
        code: String,
    },
    /// Not taken, for there were too many: says nothing about this message.
    Throttled {
        /// Who has had too many.
        who: Throttled,
        /// Seconds to wait, where the provider gave them.
        after_s: Option<u64>,
        /// The provider's code, for the metric.
        code: String,
    },
    /// Perhaps taken: wait for a receipt that carries our token before sending again.
    Ambiguous,
    /// It will not be taken.
    Failed {
        /// Why, by kind.
        reason: Undeliverable,
        /// The provider's code.
        code: String,
    },
}

/// Who has had too many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// We: the sender, or its account.
    Sender,
    /// The address that the message was for.
    Pair,
}

/// What encoding needs besides the message.
#[derive(Clone, Debug)]
pub struct SendContext<'a> {
    /// Our id of the message, to be carried back in receipts.
    pub outbox: &'a OutboxId,
    /// Whether the window for free text is shut: the template must be used.
    pub window_shut: bool,
    /// `https://intake.example.org`, what providers can reach.
    pub public_url: &'a str,
}

/// Why a message cannot be put into this channel's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsendable {
    /// The window is shut and no template is configured for it.
    WindowShut,
    /// Over a limit of the provider.
    TooLong,
    /// Nothing to say.
    Empty,
    /// The address is of a medium that this channel does not carry.
    OtherMedium,
    /// The channel's settings give no valid request: its `base_url` or a token holds what cannot stand there.
    Configuration,
}

/// What a provider's error code means for the message it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It passes: try again later.
    Passing,
    /// Too many: slower, and again later.
    TooMany(Throttled),
    /// It stays.
    Lasting(Undeliverable),
}

impl Meaning {
    /// Why a message that a provider has given up on is undeliverable. It tried again by itself where that was of use.
    pub const fn undeliverable(self) -> Undeliverable {
        match self {
            Self::Passing | Self::TooMany(_) => Undeliverable::GaveUp,
            Self::Lasting(reason) => reason,
        }
    }

    /// What an answer means by its HTTP status alone. A gateway's 502 and 504 say nothing of what happened behind it: `None`.
    pub const fn of_status(status: u16) -> Option<Self> {
        match status {
            408 | 502 | 504 => None,
            429 => Some(Self::TooMany(Throttled::Sender)),
            500..=599 => Some(Self::Passing),
            413 => Some(Self::Lasting(Undeliverable::Content)),
            300..=399 | 401 | 403 | 404 | 405 => Some(Self::Lasting(Undeliverable::Configuration)),
            _ => Some(Self::Lasting(Undeliverable::GaveUp)),
        }
    }

    /// The outcome of an attempt that was refused with this meaning.
    pub fn outcome(self, code: String, after_s: Option<u64>) -> Outcome {
        match self {
            Self::Passing => Outcome::Retry { after_s, code },
            Self::TooMany(who) => Outcome::Throttled { who, after_s, code },
            Self::Lasting(reason) => Outcome::Failed { reason, code },
        }
    }
}

impl Transport {
    /// The outcome of an attempt without a response.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::NotSent => Outcome::Retry { after_s: None, code: "no connection".to_owned() },
            Self::NoAnswer => Outcome::Ambiguous,
        }
    }
}

/// A provider's code as it is logged and kept: its number where it can be one, else the HTTP status. Codes have five to seven digits;
/// what is longer may be the telephone number that was sent, said back.
fn code_text(code: Option<u64>, status: u16) -> String {
    const LONGEST: u64 = 9_999_999;
    code.filter(|code| *code <= LONGEST).map_or_else(|| format!("http {status}"), |code| code.to_string())
}

/// Seconds that a provider asks to wait (`Retry-After`), at most an hour; a date in it is not read.
fn retry_after_s(response: &Response) -> Option<u64> {
    let seconds = response.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse::<u64>().ok()?;
    Some(seconds.min(3_600))
}

/// A request that posts something, with a credential.
fn post(url: &str, content_type: &'static str, authorization: &str, body: String) -> Result<Request, Unsendable> {
    authorized(http::Request::post(url).header(http::header::CONTENT_TYPE, content_type), authorization, body)
}

/// A request to a provider that carries a credential.
fn authorized(request: http::request::Builder, authorization: &str, body: String) -> Result<Request, Unsendable> {
    let mut credential = http::HeaderValue::from_str(authorization).map_err(|_| Unsendable::Configuration)?;
    credential.set_sensitive(true);
    request.header(http::header::AUTHORIZATION, credential).body(Bytes::from(body)).map_err(|_| Unsendable::Configuration)
}

/// An event id for what came without one: a hash of what it is, so that the same again is the same.
fn derived_id(prefix: &str, parts: &[&[u8]]) -> EventId {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hex::encode(hash.finalize());
    EventId(format!("{prefix}:{}", digest.get(..32).unwrap_or_default()))
}

/// The id of the `n`th event that one message brought: the first has the message's own.
fn nth_id(id: &EventId, n: usize) -> EventId {
    if n == 0 { id.clone() } else { EventId(format!("{id}/{n}")) }
}

/// A token of ours that a provider carried back, where it is one.
fn our_token(text: &str) -> Option<OutboxId> {
    let id = OutboxId::from(text);
    id.conversation().is_some().then_some(id)
}

/// A message in the form of its channel.
#[derive(Debug)]
pub enum Encoded {
    /// To be performed in this order; the outcome of the last one is the message's.
    Requests(Vec<Request>),
    /// Nothing to perform: what the store keeps is what the page reads. It is delivered by being kept.
    Kept,
}

/// An HTTP request as a value.
pub type Request = http::Request<Bytes>;
/// An HTTP response as a value.
pub type Response = http::Response<Bytes>;

/// What happened to a request that brought no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// No connection was made: nothing was sent.
    NotSent,
    /// Sent, but no answer came in time.
    NoAnswer,
}

/// A secret of a provider: shows nothing.
pub type Secret = Private<String>;
