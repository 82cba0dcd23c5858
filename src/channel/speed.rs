//! How fast a channel's sender may send, as its provider bears it, and what a message counts for.
//!
//! Sources: Twilio's rate limits (US and Canada: long code 1 segment a second, toll-free 3, short code 100; numbers elsewhere 10; WhatsApp
//! senders 10 by default), Meta's Cloud API (80 messages a second and number, in and out together; to one person one in 6 s after a burst
//! of 45). What is over Twilio's rates waits in its queue for up to ten hours, where nothing goes before anything: so it waits here.

use super::{Channel, TwilioChannel};
use crate::{
    base::{Medium, segment},
    render::Outgoing,
};

/// Messages a second, in thousandths, and how many more may go at once after a pause: in no second do more than both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// 1,000 is one message a second.
    pub per_1000_s: u32,
    /// Messages.
    pub burst: u32,
}

/// Meta's pair rate: a message in so many ms to one person …
pub const PAIR_GAP_MS: u32 = 6_000;
/// … after so many; Meta allows about 45.
pub const PAIR_BURST: u32 = 40;

impl Speed {
    /// So many a second; the burst an eighth of it, at least 2, so that an answer finds a place beside the daily checks.
    pub const fn per_second(n: u32) -> Self {
        let burst = n / 8;
        Self { per_1000_s: n.saturating_mul(1_000), burst: if burst < 2 { 2 } else { burst } }
    }

    /// What a Twilio sender of this kind may do where nothing is set: `from` is a number, `whatsapp:` and a number, or a short code; none
    /// is a messaging service, whose numbers are not known here.
    pub fn of_twilio(from: Option<&str>) -> Self {
        let Some(from) = from else { return Self::per_second(10) };
        if from.starts_with("whatsapp:") {
            return Self::per_second(10);
        }
        let Some(number) = from.strip_prefix('+') else { return Self { per_1000_s: 90_000, burst: 10 } };
        let toll_free = ["800", "833", "844", "855", "866", "877", "888"];
        match number.strip_prefix('1') {
            Some(rest) if toll_free.iter().any(|code| rest.starts_with(code)) => Self::per_second(3),
            Some(_) => Self::per_second(1),
            None => Self::per_second(10),
        }
    }

    /// What a number of Meta's Cloud API may do where nothing is set: together with its burst just what Meta bears.
    pub const fn of_whatsapp() -> Self {
        Self { per_1000_s: 70_000, burst: 10 }
    }
}

impl Channel {
    /// How fast it may send; `None`: nothing leaves this process.
    pub const fn speed(&self) -> Option<Speed> {
        match self {
            Self::Twilio(channel) => Some(channel.speed),
            Self::WhatsApp(channel) => Some(channel.speed),
            Self::Browser(_) => None,
        }
    }

    /// Who has the limit at the provider: channels that send by the same number share it.
    pub fn sender(&self) -> String {
        match self {
            Self::Twilio(TwilioChannel { account_sid, from, messaging_service_sid, .. }) => {
                let sender = messaging_service_sid.as_ref().or(from.as_ref()).map_or("", String::as_str);
                format!("twilio {account_sid} {sender}")
            }
            Self::WhatsApp(channel) => format!("whatsapp {}", channel.phone_number_id),
            Self::Browser(channel) => format!("browser {}", channel.name),
        }
    }

    /// Whether one person may be sent only so much: Meta's pair rate, also behind Twilio.
    pub fn has_pair_rate(&self) -> bool {
        self.medium() == Medium::WhatsApp && self.speed().is_some()
    }

    /// What a message counts for: an SMS for each of its parts.
    pub fn cost(&self, message: &Outgoing) -> u32 {
        match self.medium() {
            Medium::Sms => u32::try_from(segment::segments(&segment::fold(message.text.reveal())).n_segments).unwrap_or(u32::MAX).max(1),
            Medium::WhatsApp | Medium::Voice | Medium::Email | Medium::Web => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_as_fast_as_its_kind() {
        for (from, per_1000_s, burst) in [
            (Some("+15550100000"), 1_000, 2),
            (Some("+18445550100"), 3_000, 2),
            (Some("555010"), 90_000, 10),
            (Some("+447700900123"), 10_000, 2),
            (Some("whatsapp:+15550100000"), 10_000, 2),
            (None, 10_000, 2),
        ] {
            assert_eq!(Speed::of_twilio(from), Speed { per_1000_s, burst }, "{from:?}");
        }
        assert_eq!(Speed::per_second(100).burst, 12);
    }
}
